"""What a person can do about an error of the machine, in the words of the question it leads to."""

from __future__ import annotations

import errno


def explained(error: Exception) -> str:
    """What went wrong, and what to do where that is known; the first line makes the title."""
    text = str(error) or type(error).__name__
    full = isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)
    if full or "No space left on device" in text or "Disk quota exceeded" in text:
        return (
            "the disk is full; free some space (`maestro clean` shows what is safe), then answer\n"
            + text
        )
    return text
