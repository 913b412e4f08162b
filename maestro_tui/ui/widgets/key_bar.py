"""The keys that matter now, in one line: whole entries only, help and quit always among them."""

from __future__ import annotations

from rich.style import Style
from rich.text import Text
from textual import events
from textual.binding import Binding
from textual.screen import Screen
from textual.widget import Widget

from maestro_tui.ui.actions import ACTIONS
from maestro_tui.ui.keys import written
from maestro_tui.ui.palette import palette

_KEPT = ("app.help", "app.leave")  # at the right edge, whatever else there is
_URGENT = "app.answer"  # before all others, and only while somebody waits
_ORDER = {a.id: n for n, a in enumerate(ACTIONS)}
_FIRST_KEY = {a.id: a.keys.split(",")[0] for a in ACTIONS}


class KeyBar(Widget):
    """What the focused widget, its screen and the program answer to."""

    DEFAULT_CSS = """
    KeyBar { dock: bottom; height: 1; background: $panel; padding: 0 1; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._spans: list[tuple[range, str]] = []

    def on_mount(self) -> None:
        """Follow focus and screen."""
        self.screen.bindings_updated_signal.subscribe(self, self._changed)

    def _changed(self, screen: Screen[object]) -> None:
        self.refresh()

    def _shown(self) -> list[Binding]:
        focused = self.screen.focused
        found: dict[str, tuple[int, int, Binding]] = {}
        for number, (node, binding, enabled, _) in enumerate(self.screen.active_bindings.values()):
            name = binding.id or binding.action
            if not enabled or not binding.show:
                continue
            if name == _URGENT and not getattr(self.app, "waiting", 0):
                continue
            if name in found and binding.key != _FIRST_KEY.get(name):
                continue
            rank = 0 if node is focused else 1 if node is self.screen else 2
            rank = rank if name != _URGENT else -1
            found[name] = (rank, _ORDER.get(name, number), binding)
        return [binding for _, _, binding in sorted(found.values(), key=lambda entry: entry[:2])]

    def render(self) -> Text:
        """Entries while there is room."""
        width = self.size.width
        colours = palette(self.app)
        self._spans = []
        entries = self._shown()
        kept = [b for name in _KEPT for b in entries if b.id == name]
        tail = Text()
        for binding in kept:
            tail.append("  " if tail else "")
            tail.append_text(_entry(binding, colours.style("footer-key-foreground", bold=True)))
        line = Text()
        for binding in entries:
            if binding in kept:
                continue
            entry = _entry(binding, colours.style("footer-key-foreground", bold=True))
            if line.cell_len + entry.cell_len + 2 + tail.cell_len > width:
                break
            start = line.cell_len
            line.append_text(entry)
            self._spans.append((range(start, line.cell_len), binding.key))
            line.append("  ")
        line.append(" " * max(0, width - line.cell_len - tail.cell_len))
        at = line.cell_len
        for binding in kept:
            size = _entry(binding, "").cell_len
            self._spans.append((range(at, at + size), binding.key))
            at += size + 2
        line.append_text(tail)
        return line

    def on_click(self, event: events.Click) -> None:
        """An entry is a button too."""
        for span, key in self._spans:
            if event.x - 1 in span:
                self.app.simulate_key(key)


def _entry(binding: Binding, style: str | Style) -> Text:
    entry = Text.assemble((written(binding.key), style))
    return entry.append(f" {binding.description}", "")
