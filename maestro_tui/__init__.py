"""Maestro: a written plan in, merged and tested code out."""

__version__ = "0.1.0"
