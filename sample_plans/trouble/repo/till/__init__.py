"""The parts of a small till."""
