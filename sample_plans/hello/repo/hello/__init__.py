"""Friendly words."""
