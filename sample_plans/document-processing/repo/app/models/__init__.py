"""Models: dataclasses that know their table, stored through ``Repository``."""
