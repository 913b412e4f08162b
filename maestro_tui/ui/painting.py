"""Paints only what changed, answers a key before anything else, and waits for a slow terminal.

The one module that reaches into Textual: what it uses there is listed in ``WANTED``, and where a
Textual has it not, everything is painted by Textual itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from time import monotonic
from typing import Any, Generic, TypeVar

from rich.console import COLOR_SYSTEMS, RenderableType
from rich.control import Control
from textual import events
from textual._compositor import ChopsUpdate, Compositor, CompositorUpdate, LayoutUpdate
from textual.app import App
from textual.driver import Driver
from textual.drivers.linux_driver import LinuxDriver
from textual.geometry import Region
from textual.screen import Screen
from textual.widget import Widget

from maestro_tui.ui.composing import rows_of
from maestro_tui.ui.picture import Part, Picture
from maestro_tui.ui.terminal_driver import TerminalDriver

Result = TypeVar("Result")
_KEY_S = 0.25  # for so long a key waits for its picture
_SYNC, _SYNCED = "\x1b[?2026h", "\x1b[?2026l"  # what lies between is shown at once
# What is used of Textual that it does not promise, by the attribute's place.
WANTED: dict[type, tuple[str, ...]] = {
    App: ("_display", "_batch_count", "_sync_available", "_driver"),
    Screen: (
        "_on_idle", "_on_timer_update", "_compositor_refresh", "_compositor", "_dirty_widgets",
        "_layout_required", "_repaint_required",
    ),
    Compositor: ("_dirty_regions", "visible_widgets", "size"),
    ChopsUpdate: ("chops", "spans", "chop_ends", "render_segments"),
    LayoutUpdate: ("strips", "region", "render_segments"),
    Widget: ("_styles_cache",),
    LinuxDriver: ("_file",),
}  # fmt: skip


def missing() -> list[str]:
    """What this Textual lacks of what is wanted, as ``Class.name``."""
    return [
        f"{kind.__name__}.{name}"
        for kind, names in WANTED.items()
        for name in names
        if not _has(kind, name)
    ]


def _has(kind: type, name: str) -> bool:
    """Whether its objects have it: by the class, or by what its methods set."""
    if hasattr(kind, name):
        return True
    codes = (getattr(f, "__code__", None) for c in kind.__mro__ for f in vars(c).values())
    return any(name in code.co_names for code in codes if code is not None)


ABLE = not missing()


class _Delta(CompositorUpdate):
    """An update of Textual's, reduced to what it changes once it is really written."""

    def __init__(self, update: ChopsUpdate | LayoutUpdate, picture: Picture) -> None:
        self._update, self._picture = update, picture

    def __rich_console__(self, console: Any, options: Any) -> Any:
        return self._update.__rich_console__(console, options)

    def render_segments(self, console: Any) -> str:
        """What to write."""
        update, system = self._update, COLOR_SYSTEMS.get(console.color_system or "")
        if isinstance(update, LayoutUpdate):
            return self._picture.paint(_rows_of(update), system, whole=True)
        return self._picture.paint(_parts_of(update), system, whole=False)


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
    """A program that writes only what changes, and nothing while the last picture is under way."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.picture = Picture()
        self._key_at = 0.0
        super().__init__(*args, **kwargs)

    def get_driver_class(self) -> type[Driver]:
        """The terminal's that can be asked, where Textual would take its own."""
        found = super().get_driver_class()
        return TerminalDriver if ABLE and found is LinuxDriver else found

    @property
    def terminal_busy(self) -> bool:
        """Whether the terminal has not taken the last picture yet."""
        driver = self._driver
        return isinstance(driver, TerminalDriver) and driver.busy

    @property
    def terminal_lost(self) -> bool:
        """Whether nobody can see this any more."""
        driver = self._driver
        return isinstance(driver, TerminalDriver) and driver.lost

    def puts_off(self) -> bool:
        """Whether this picture has to wait; what is dirty is then painted when the last is out."""
        driver = self._driver
        return isinstance(driver, TerminalDriver) and driver.when_free(self._paint_what_waited)

    def _paint_what_waited(self) -> None:
        if self.is_running and self.screen_stack:
            self.screen._compositor_refresh()

    def _display(self, screen: Screen[Any], renderable: RenderableType | None) -> None:
        if ABLE and isinstance(renderable, (ChopsUpdate, LayoutUpdate)):
            if self.terminal_busy and self.puts_off():
                compositor = screen._compositor
                compositor._dirty_regions.add(compositor.size.region)
                return
            renderable = _Delta(renderable, self.picture)
        super()._display(screen, renderable)

    def show(self, parts: list[Part]) -> None:
        """Bring these rows to the terminal."""
        driver = self._driver
        if driver is None or self.is_headless or self._batch_count:
            return
        system = COLOR_SYSTEMS.get(self.console.color_system or "")
        data = self.picture.paint(parts, system, whole=False)
        if data:
            cursor = self.screen.outer_size.clamp_offset(self.cursor_position)
            data += Control.move_to(*cursor).segment.text
            driver.write(f"{_SYNC}{data}{_SYNCED}" if self._sync_available else data)
            driver.flush()

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
        waits = self.key_pending
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
            ABLE
            and self._dirty_widgets
            and not self._layout_required
            and isinstance(app, PaintsChanges)
            and app.key_waits()
        ):
            self._on_timer_update()

    def paint(self, *parts: tuple[Widget, Region]) -> bool:
        """Paint parts of widgets now; False where something else comes first or covers one."""
        app = self.app
        if (
            not ABLE
            or not isinstance(app, PaintsChanges)
            or self is not app.screen
            or app.is_inline
            or app._batch_count
            or app.terminal_busy
            or self._layout_required
            or self._repaint_required
        ):
            return False
        compositor = self._compositor
        shown, places = compositor.visible_widgets, []
        for widget, region in parts:
            found = shown.get(widget)
            if found is None:
                return False
            widget._styles_cache.set_dirty(region)  # else rows of before may be taken
            places.append(region.translate(found[0].offset).intersection(found[1]))
        rows = rows_of(places, shown, compositor.size)
        if rows is not None:
            app.show(rows)
        return rows is not None

    def _compositor_refresh(self) -> None:
        app, compositor = self.app, self._compositor
        if ABLE and isinstance(app, PaintsChanges) and self is app.screen and not app.is_inline:
            if app.terminal_busy and app.puts_off():
                self._dirty_widgets.clear()
                return
            rows = rows_of(compositor._dirty_regions, compositor.visible_widgets, compositor.size)
            if rows is not None:
                compositor._dirty_regions.clear()
                app.show(rows)
                self._dirty_widgets.clear()
                return
        super()._compositor_refresh()
