"""Recognises the fenced rehearsal script inside a Markdown plan."""

from __future__ import annotations


def is_rehearsal(info: str) -> bool:
    """Whether a fence's info string is ``toml rehearsal``."""
    return info.lower().split()[:2] == ["toml", "rehearsal"]
