"""What a person can do about an error of the machine, in the words of the question it leads to."""

from __future__ import annotations

import errno
import re
import shutil
from pathlib import Path

FULL = "the disk is full; free some space (`maestro clean` shows what is safe), then answer\n"
LITTLE = 64 << 10  # bytes free of which nothing can be done
_WRITES = re.compile(r"\b(?:writ|creat|lock)", re.I)
_PLACES = re.compile(r"'(/[^'\n]+)'")


def explained(error: Exception) -> str:
    """What went wrong, and what to do where that is known; the first line makes the title."""
    text = str(error) or type(error).__name__
    full = isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)
    if full or "No space left on device" in text or "Disk quota exceeded" in text:
        return FULL + text
    if _WRITES.search(text) and any(_is_full(Path(p)) for p in _PLACES.findall(text)):
        return FULL + text  # git does not always say why it could not write
    return text


def _is_full(path: Path) -> bool:
    while not path.is_dir():
        path = path.parent
    try:
        return shutil.disk_usage(path).free < LITTLE
    except OSError:
        return False
