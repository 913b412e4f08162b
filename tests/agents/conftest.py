"""Attempts for the tests, ended with them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.agents.scratch import Attempt, attempts


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Callable[..., Attempt]]:
    """Makes an attempt's folder; every process of it is gone after the test."""
    with attempts(tmp_path) as maker:
        yield maker
