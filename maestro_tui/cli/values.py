"""Values of the command line's options, each refused in words when it is out of bounds."""

from __future__ import annotations

import argparse

MAX_SECONDS = 366 * 86400.0


def positive(text: str) -> int:
    """A whole number, one or more."""
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError("must be 1 or more")
    return value


def speed(text: str) -> float:
    """How many times as fast a replay goes."""
    value = float(text)
    if not 1 <= value <= 100:  # false for "nan", too
        raise argparse.ArgumentTypeError("must be from 1 to 100")
    return value


def count(text: str) -> int:
    """A whole number, zero or more."""
    value = int(text)
    if value < 0:
        raise argparse.ArgumentTypeError("must be 0 or more")
    return value


def dollars(text: str) -> float:
    """An amount of money."""
    value = float(text.removeprefix("$"))
    if not 0 <= value <= 1e7:  # false for "nan", too
        raise argparse.ArgumentTypeError("must be 0 (no limit) or more")
    return value


def seconds(text: str) -> float:
    """A duration."""
    value = float(text)
    if not 0 <= value <= MAX_SECONDS:  # false for "nan", too
        raise argparse.ArgumentTypeError("must be 0 or more, and no more than a year")
    return value
