"""What goes to the terminal: cells that differ from what it shows, in as few bytes as they take.

Textual repaints whole regions and says every colour again for every piece of text. Under growing
logs and over slow lines that is most of what Maestro would cost, so the last picture is remembered.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from time import monotonic
from typing import Any, Generic, TypeVar

from rich.color import ColorSystem
from rich.console import Console, RenderableType
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual._compositor import ChopsUpdate, CompositorUpdate, LayoutUpdate
from textual.app import App
from textual.geometry import Region
from textual.screen import Screen
from textual.strip import Strip
from textual.widget import Widget

from maestro_tui.ui.composing import Part, rows_at, rows_of_dirty

Result = TypeVar("Result")
_RESET = "\x1b[0m"
_WINDOW_S = 0.5  # over which the bytes written are averaged
_KEY_S = 0.25  # for so long a key waits for its picture
_MANY = 4096  # styles remembered
_Codes = tuple[str, str, str]
_PLAIN: _Codes = ("", "39", "49")


class Pen:
    """Writes text in styles, saying only what changes from one piece to the next."""

    def __init__(self, system: ColorSystem | None) -> None:
        self.system = system
        self._known: dict[Style, _Codes] = {}
        self._now: _Codes = _PLAIN

    def write(self, segments: Sequence[Segment]) -> str:
        """The segments' text with what changes the colours between them."""
        out = []
        for text, style, _ in segments:
            if style is None:
                out.append(self._turn(_PLAIN) + text)
            elif style.link:
                out.append(self.lift() + style.render(text, color_system=self.system))
            else:
                codes = self._known.get(style) or self._learn(style)
                out.append(text if codes == self._now else self._turn(codes) + text)
        return "".join(out)

    def lift(self) -> str:
        """Back to the terminal's own colours."""
        return self._turn(_PLAIN)

    def _turn(self, codes: _Codes) -> str:
        """From the style in use to another one."""
        now, self._now = self._now, codes
        if codes == now:
            return ""
        if codes == _PLAIN:
            return _RESET
        if codes[0] != now[0]:
            said = [c for c in codes if c and c not in ("39", "49")]
            return f"\x1b[{';'.join(['0', *said])}m"
        return f"\x1b[{';'.join(c for c, old in zip(codes[1:], now[1:], strict=True) if c != old)}m"

    def _learn(self, style: Style) -> _Codes:
        """Attributes, foreground and background of a style, as the terminal is told them."""
        if len(self._known) > _MANY:
            self._known.clear()
        codes = _PLAIN
        if self.system is not None:
            plain = style.without_color
            front, back = style.color, style.bgcolor
            codes = (
                plain._make_ansi_codes(self.system),
                ";".join(front.downgrade(self.system).get_ansi_codes()) if front else "39",
                ";".join(back.downgrade(self.system).get_ansi_codes(False)) if back else "49",
            )
        self._known[style] = codes
        return codes


def difference(old: Strip, new: Strip) -> tuple[int, int] | None:
    """The first and the last changed cell (exclusive) of strips of one length; None for equal."""
    before, after = old._segments, new._segments
    if old is new or before == after:
        return None
    start = _alike(before, after, backwards=False)
    end = new.cell_length - _alike(before[::-1], after[::-1], backwards=True)
    return (start, end) if start < end else (0, new.cell_length)


def _alike(before: list[Segment], after: list[Segment], *, backwards: bool) -> int:
    """Cells both begin with."""
    cells = 0
    for a, b in zip(before, after, strict=False):
        if a == b:
            cells += b.cell_length
        elif a.style == b.style and a.text.isascii() and b.text.isascii():
            pairs = zip(a.text[::-1], b.text[::-1], strict=False) if backwards else None
            for x, y in pairs or zip(a.text, b.text, strict=False):
                if x != y:
                    break
                cells += 1
            break
        else:
            break
    return cells


class Picture:
    """What the terminal shows, as far as it was painted from here."""

    def __init__(self) -> None:
        self._rows: dict[int, dict[int, Strip]] = {}
        self._pen = Pen(None)
        self._written: list[tuple[float, int]] = []

    def forget(self) -> None:
        """Somebody else drew on the terminal: nothing is known of it."""
        self._rows.clear()

    def written(self, data: str) -> None:
        """Remember how much went out."""
        now = monotonic()
        self._written = [w for w in self._written if now - w[0] < _WINDOW_S]
        self._written.append((now, len(data)))

    @property
    def last_bytes(self) -> int:
        """How much a picture took lately, at most."""
        now = monotonic()
        return max((size for at, size in self._written if now - at < _WINDOW_S), default=0)

    def paint(self, parts: Iterator[Part], console: Console, whole: bool) -> str:
        """The bytes that bring the terminal to these parts: row, column and strip of each."""
        if whole:
            self._rows.clear()
        if self._pen.system is not (system := console._color_system):
            self._pen = Pen(system)
        out, at = [], (-1, -1)
        for y, x, strip in parts:
            changed = self._remember(y, x, strip)
            if changed is None:
                continue
            start, end = changed
            piece = strip if end - start == strip.cell_length else strip.crop(start, end)
            if at != (y, x + start):
                out.append(f"\x1b[{y + 1};{x + start + 1}H")
            out.append(self._pen.write(piece._segments))
            at = (y, x + end)
        if out:
            out.append(self._pen.lift())
        data = "".join(out)
        self.written(data)
        return data

    def _remember(self, y: int, x: int, strip: Strip) -> tuple[int, int] | None:
        row = self._rows.setdefault(y, {})
        width = strip.cell_length
        old = row.get(x)
        if old is not None and old.cell_length == width:
            row[x] = strip
            return difference(old, strip)
        for place in [p for p, s in row.items() if p < x + width and p + s.cell_length > x]:
            del row[place]
        row[x] = strip
        return (0, width) if width else None


class _Delta(CompositorUpdate):
    """An update of Textual's, reduced to what it changes once it is really written."""

    def __init__(self, update: ChopsUpdate | LayoutUpdate, picture: Picture) -> None:
        self._update, self._picture = update, picture

    def __rich_console__(self, console: Console, options: Any) -> Any:
        return self._update.__rich_console__(console, options)

    def render_segments(self, console: Console) -> str:
        """What to write."""
        update = self._update
        if isinstance(update, LayoutUpdate):
            return self._picture.paint(_rows_of(update), console, True)
        return self._picture.paint(_parts_of(update), console, False)


class _Rows(CompositorUpdate):
    """Rows of widgets, rendered without asking those behind them."""

    def __init__(self, rows: list[Part], picture: Picture) -> None:
        self._parts, self._picture = rows, picture

    def __rich_console__(self, console: Console, options: Any) -> Any:
        return (segment for _, _, strip in self._parts for segment in strip)

    def render_segments(self, console: Console) -> str:
        """What to write."""
        return self._picture.paint(iter(self._parts), console, False)


def _rows_of(update: LayoutUpdate) -> Iterator[Part]:
    for y, line in enumerate(update.strips, update.region.y):
        x = update.region.x
        for strip in line:
            if strip is not None:
                yield y, x, strip
                x += strip.cell_length


def _parts_of(update: ChopsUpdate) -> Iterator[Part]:
    """Whole pieces, also where less is asked for: then they can be compared the next time."""
    done: set[tuple[int, int]] = set()
    for y, x1, x2 in update.spans:
        for end, (x, strip) in zip(update.chop_ends[y], update.chops[y].items(), strict=False):
            if strip is None or x >= x2 or end <= x1 or (y, x) in done:
                continue
            done.add((y, x))
            yield y, x, strip


class PaintsChanges(App[Result], Generic[Result]):
    """A program that writes only what changes, and answers a key before anything else."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.picture = Picture()
        self._key_at = 0.0
        super().__init__(*args, **kwargs)

    def _display(self, screen: Screen[Any], renderable: RenderableType | None) -> None:
        if isinstance(renderable, (ChopsUpdate, LayoutUpdate)):
            renderable = _Delta(renderable, self.picture)
        super()._display(screen, renderable)

    def _on_mount(self, event: events.Mount) -> None:
        # Whoever had the terminal meanwhile has drawn on it.
        self.app_resume_signal.subscribe(self, lambda _: self.picture.forget())

    async def on_event(self, event: events.Event) -> None:
        """Remember that a key waits for its picture."""
        if isinstance(event, events.Key):
            self._key_at = monotonic()
        elif isinstance(event, events.Resize):  # also after the program was stopped by the shell
            self.picture.forget()
        await super().on_event(event)

    def key_waits(self) -> bool:
        """Whether a key came whose picture may not have been painted yet; asked for once."""
        waits = monotonic() - self._key_at < _KEY_S
        self._key_at = 0.0
        return waits

    @property
    def key_pending(self) -> bool:
        """The same, without taking it."""
        return monotonic() - self._key_at < _KEY_S


class PaintsAtOnce(Screen[Result], Generic[Result]):
    """A screen that paints after a key without waiting for the next sixtieth of a second."""

    async def _on_idle(self, event: events.Idle) -> None:
        app = self.app
        if (
            self._dirty_widgets
            and not self._layout_required
            and isinstance(app, PaintsChanges)
            and app.key_waits()
        ):
            self._on_timer_update()

    def paint(self, widget: Widget, region: Region) -> bool:
        """Paint a part of a widget now, if that is all there is to do and it can be seen."""
        app, compositor = self.app, self._compositor
        if (
            not isinstance(app, PaintsChanges)
            or self is not app.screen
            or app.is_inline
            or app._batch_count
            or self._layout_required
            or self._repaint_required
        ):
            return False
        found = compositor.visible_widgets.get(widget)
        if found is None:
            return False
        place, clip = found
        rows = rows_at(compositor, region.translate(place.offset).intersection(clip))
        if rows is None:
            return False
        app._display(self, _Rows(rows, app.picture))
        return True

    def _compositor_refresh(self) -> None:
        app, compositor = self.app, self._compositor
        if isinstance(app, PaintsChanges) and self is app.screen and not app.is_inline:
            rows = rows_of_dirty(compositor)
            if rows is not None:
                compositor._dirty_regions.clear()
                app._display(self, _Rows(rows, app.picture))
                self._dirty_widgets.clear()
                return
        super()._compositor_refresh()
