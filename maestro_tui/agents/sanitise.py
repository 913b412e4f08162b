"""Makes text of agents fit for a terminal: nothing in it may move a cursor or set a title."""

from __future__ import annotations

import re

# CSI; OSC, DCS, SOS, PM and APC strings (ended by BEL or ST, or cut off at the end of the line, so
# that an unclosed one hides no later lines); two-byte escapes; the 8-bit forms of the same; then
# whatever control bytes are left, bidirectional overrides, and halves of surrogate pairs, which
# no database and no terminal takes.
_UNSAFE = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]?"
    r"|(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x9c\n]*(?:\x07|\x1b\\|\x9c)?"
    r"|\x1b[ -/]*[0-~]?"
    r"|[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069\ufeff]"
    r"|[\u2028\u2029]|[\ud800-\udfff]"
)
_INSTEAD = {"\u2028": "\n", "\u2029": "\n"}


def sanitise(text: str) -> str:
    """The text without control sequences; tabs and line feeds stay."""
    if text.isprintable():  # the usual line, told by one scan in C
        return text
    return _UNSAFE.sub(lambda found: _INSTEAD.get(found[0], ""), text)


def one_line(raw: bytes, limit: int) -> str:
    """The end state of a raw log line: what a progress bar's last redraw left, without controls."""
    shown = raw.rstrip(b"\r\n \t").rpartition(b"\r")[2][: 4 * limit + 4096]
    return sanitise(shown.decode("utf-8", "replace")).strip()[:limit]
