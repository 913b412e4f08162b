"""A first sign of life: the alternate screen with one line, while the program is still loading.

Written without any library, because the libraries are what takes the time. The screen that follows
enters the alternate screen too, so nothing flickers; an error on the way leaves it again.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

_ENTER = "\x1b[?1049h\x1b[2J\x1b[H\x1b[?25l"
_LEAVE = "\x1b[?25h\x1b[?1049l"


@contextmanager
def splash(text: str) -> Iterator[None]:
    """Show ``text`` until the screen is drawn over it; give the terminal back on an exception."""
    if os.environ.get("TERM", "dumb") == "dumb" or "TEXTUAL_DRIVER" in os.environ:
        yield
        return
    shown = "".join(c if c.isprintable() else "?" for c in text)
    sys.stdout.write(f"{_ENTER} Maestro  {shown}")
    sys.stdout.flush()
    try:
        yield
    except BaseException:
        sys.stdout.write(_LEAVE)
        sys.stdout.flush()
        raise
