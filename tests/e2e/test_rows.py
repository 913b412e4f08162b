"""Every promise about waves and state has a test by keyboard and one without a screen."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest

from tests.e2e.rows import ROWS

TESTS = Path(__file__).parents[1]


@cache
def names_in(file: str) -> frozenset[str]:
    return frozenset(re.findall(r"^(?:async )?def (test_\w+)", (TESTS / file).read_text(), re.M))


@pytest.mark.parametrize("row", ROWS)
def test_it_is_shown_both_ways(row: str) -> None:
    about, keyboard, headless = ROWS[row]
    assert about
    assert keyboard, f"{row} has no test by keyboard"
    assert headless, f"{row} has no test without a screen"
    assert all(name.startswith("e2e/") for name in keyboard)
    for name in (*keyboard, *headless):
        file, _, test = name.partition("::")
        assert test in names_in(file), f"{row}: there is no {name}"
