"""Words and numbers for narrow places.

Text of plans and agents passes through :func:`one_line` or :func:`lines` before it is shown, so
that it can neither move the cursor nor be read as markup (callers hand on ``Text``, never ``str``).
"""

from __future__ import annotations

import re

from rich.cells import cell_len, set_cell_size

from maestro_tui.agents.sanitise import sanitise

ELLIPSIS = "…"
# Characters terminals disagree about: joiners, selectors and skin tones, which change the width of
# others, and the letters flags are made of.
_UNSURE = re.compile(
    "[\u00ad\u115f\u1160\u180b-\u180e\u200b-\u200d\u2060-\u2064\u3164\ufe00-\ufe0f\uffa0"
    "\U0001f3fb-\U0001f3ff\U000e0000-\U000e0fff]"
)
_FLAGS = re.compile("[\U0001f1e6-\U0001f1ff]")
# More marks on one letter than any script needs run over the lines above and below.
_MARKS = "[\u0300-\u036f\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff]"
_PILED = re.compile(f"({_MARKS}{{3}}){_MARKS}+")


def settled(text: str) -> str:
    """The text without what some terminals draw wider or narrower than others."""
    if text.isascii():
        return text
    text = _FLAGS.sub(lambda flag: chr(ord(flag[0]) - 0x1F1E6 + ord("A")), _UNSURE.sub("", text))
    text = _PILED.sub(r"\1", text)
    # A mark without a letter would sit on whatever is drawn to the left of the line.
    return "◌" + text if text and cell_len(text[0]) == 0 and text[0] >= " " else text


def one_line(text: str) -> str:
    """Untrusted text as one harmless line."""
    return settled(" ".join(sanitise(text).split()))


def lines(text: str) -> list[str]:
    """Untrusted text as harmless lines; tabs become spaces."""
    return [settled(line.rstrip()) for line in sanitise(text).expandtabs(4).split("\n")]


def clip(text: str, width: int) -> str:
    """Cut to that many cells, with an ellipsis where something is missing."""
    if width <= 0:
        return ""
    if cell_len(text) <= width:
        return text
    return set_cell_size(text, width - 1).rstrip() + ELLIPSIS


def fit(text: str, width: int) -> str:
    """Exactly that many cells: cut or padded."""
    cut = clip(text, width)
    return cut + " " * max(0, width - cell_len(cut))


def duration(seconds: float) -> str:
    """A length of time in at most seven characters: 42s, 3m07s, 1h04m, 2d03h."""
    whole = max(0, int(seconds))
    if whole < 60:
        return f"{whole}s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes}m{rest:02}s"
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return f"{hours}h{minutes:02}m"
    return f"{hours // 24}d{hours % 24:02}h"


def tenths(seconds: float) -> str:
    """A time that may be short: 0.3 s below ten seconds, then as everywhere."""
    return f"{seconds:.1f} s" if seconds < 9.95 else duration(seconds)


def clock(seconds: float) -> str:
    """A running clock: 0:42, 12:07, 1:04:07."""
    minutes, rest = divmod(max(0, int(seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def count(number: float) -> str:
    """A large number in a few characters: 950, 20.1k, 3.4M."""
    if number < 1000:
        return str(int(number))
    if number < 999_950:
        return f"{number / 1000:.1f}k"
    return f"{number / 1_000_000:.1f}M"


def money(dollars: float) -> str:
    """Dollars, with cents where they matter."""
    return f"${dollars:.2f}" if dollars < 1000 else f"${dollars:,.0f}"


def plural(number: int, noun: str) -> str:
    """1 task, 2 tasks."""
    return f"{number} {noun}" + ("" if number == 1 else "s")


def bar(done: int, total: int, width: int) -> str:
    """A progress bar made of full and empty cells; full only when everything is done."""
    if total <= 0 or width <= 0:
        return " " * max(0, width)
    full = min(width, done * width // total)
    return "━" * full + "─" * (width - full)
