"""What the terminal shows, so that only what differs from it has to be written."""

from __future__ import annotations

from collections.abc import Iterable
from time import monotonic

from rich.color import ColorSystem
from textual.strip import Strip

from maestro_tui.ui.pen import Pen, runs

Part = tuple[int, int, Strip]  # row, column, what is there
_WINDOW_S = 0.5  # over which the bytes written are looked at


class Picture:
    """The last picture, as far as it was painted from here."""

    def __init__(self) -> None:
        self._rows: dict[int, dict[int, Strip]] = {}
        self._pen = Pen(None)
        self._written: list[tuple[float, int]] = []

    def forget(self) -> None:
        """Somebody else drew on the terminal: nothing is known of it."""
        self._rows.clear()

    @property
    def last_bytes(self) -> int:
        """How much a picture took lately, at most."""
        now = monotonic()
        return max((size for at, size in self._written if now - at < _WINDOW_S), default=0)

    def paint(self, parts: Iterable[Part], system: ColorSystem | None, *, whole: bool) -> str:
        """The bytes that bring the terminal to these parts; ``whole``: to nothing but them."""
        if whole:
            self.forget()
        if self._pen.system is not system:
            self._pen = Pen(system)
        write = self._pen.write
        out = []
        row, at = -1, -1  # where the cursor stands
        for y, x, strip in parts:
            old = self._replace(y, x, strip)
            if old is strip or not strip.cell_length:
                continue
            new = list(strip)
            changed = [(0, strip.cell_length, new)] if old is None else runs(list(old), new)
            for start, end, run in changed:
                if row != y:
                    out.append(f"\x1b[{y + 1};{x + start + 1}H")
                elif at < x + start:
                    out.append(f"\x1b[{x + start - at}C")
                elif at > x + start:
                    out.append(f"\x1b[{x + start + 1}G")
                out.append(write(run))
                row, at = y, x + end
        if out:
            out.append(self._pen.lift())
        data = "".join(out)
        self._note(len(data))
        return data

    def _replace(self, y: int, x: int, strip: Strip) -> Strip | None:
        """Keep what is there from now on; what was there, where that was just as wide."""
        row, width = self._rows.setdefault(y, {}), strip.cell_length
        old = row.get(x)
        if old is None or old.cell_length != width:
            old = None
            for place in [p for p, s in row.items() if p < x + width and p + s.cell_length > x]:
                del row[place]
        row[x] = strip
        return old

    def _note(self, size: int) -> None:
        """Remember how much went out."""
        now = monotonic()
        self._written = [w for w in self._written if now - w[0] < _WINDOW_S]
        self._written.append((now, size))
