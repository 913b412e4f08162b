"""Screens in tests: no animations, so that what is seen does not depend on the moment."""

from __future__ import annotations

import time

import pytest
import textual.constants

textual.constants.TEXTUAL_ANIMATIONS = "none"


@pytest.fixture(autouse=True)
def _plain_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """The user's own environment must not change the pictures."""
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("EDITOR", "true")
    monkeypatch.delenv("VISUAL", raising=False)
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
