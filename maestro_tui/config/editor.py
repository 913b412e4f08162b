"""What the user edits texts with."""

from __future__ import annotations

import os
import shlex


def editor_command() -> list[str]:
    """$VISUAL, $EDITOR, else vi, as an argument list; one that cannot be read counts as unset."""
    for name in ("VISUAL", "EDITOR"):
        try:
            words = shlex.split(os.environ.get(name, ""))
        except ValueError:
            words = []
        if words:
            return words
    return ["vi"]
