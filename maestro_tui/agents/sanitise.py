"""Makes text of agents fit for a terminal: nothing in it may move a cursor or set a title."""

from __future__ import annotations

import re

# CSI, OSC / DCS / SOS / PM / APC strings (ended by BEL or ST, or cut off), two-byte escapes; the
# 8-bit forms of the same; then whatever control bytes are left, and bidirectional overrides.
_UNSAFE = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]?"
    r"|(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)?"
    r"|\x1b[ -/]*[0-~]?"
    r"|[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]"
)
_SUSPECT = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")


def sanitise(text: str) -> str:
    """The text without control sequences; tabs and line feeds stay."""
    if _SUSPECT.search(text) is None:
        return text
    return _UNSAFE.sub("", text)
