"""Answers as lines with one key each; nothing dangerous happens on the first press."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from rich.cells import cell_len
from rich.style import Style
from rich.text import Text
from textual import events
from textual.message import Message
from textual.widget import Widget

from maestro_tui.core.state import Option
from maestro_tui.ui.actions import bindings
from maestro_tui.ui.formatting import clip, one_line
from maestro_tui.ui.palette import palette


class Choices(Widget, can_focus=True):
    """The options of a question; the highlighted one is taken with Enter."""

    BINDINGS = bindings("choices")
    COMPONENT_CLASSES: ClassVar[set[str]] = {"choices--cursor"}
    DEFAULT_CSS = """
    Choices { height: auto; & .choices--cursor { background: $cursor; } }
    Choices:ansi .choices--cursor { background: ansi_default; text-style: reverse; }
    """

    @dataclass
    class Taken(Message):
        """An option was chosen; a dangerous one for the second time."""

        option: Option

    def __init__(self, options: tuple[Option, ...], default: str) -> None:
        super().__init__()
        self._options = options
        self._cursor = next((i for i, o in enumerate(options) if o.key == default), 0)
        self._armed = ""

    @property
    def armed(self) -> str:
        """The dangerous option that was pressed once."""
        return self._armed

    @property
    def highlighted(self) -> Option:
        """What Enter would take."""
        return self._options[self._cursor]

    def get_content_height(self, container: object, viewport: object, width: int) -> int:
        """One line each, and one to ask again."""
        return len(self._options) + bool(self._armed) + self._clips(width)

    def _label_width(self) -> int:
        return max((len(o.label) for o in self._options), default=0)

    def _clips(self, width: int) -> bool:
        """Whether some detail does not fit its line; the highlighted one is then said below."""
        return any(cell_len(option_detail(o)) > self._room(width) for o in self._options)

    def _room(self, width: int) -> int:
        return width - 11 - self._label_width()

    def render(self) -> Text:
        """Key, label, detail; the highlighted line inverted."""
        colours = palette(self.app)
        width = self.size.width
        label_width = self._label_width()
        rows = []
        for index, option in enumerate(self._options):
            here = index == self._cursor
            row = Text.assemble((" ▸ " if here else "   ", colours.style("primary", bold=True)))
            row.append(f" {option.hotkey} ", colours.style("accent", bold=True))
            name = clip(one_line(option.label), width - 7)
            row.append(f" {name:<{label_width}}", Style(bold=here))
            detail = clip(option_detail(option), width - row.cell_len - 2)
            row.append(f"  {detail}", colours.muted)
            row.append(" " * max(0, width - row.cell_len))
            if here and self.has_focus:
                cursor = self.get_component_rich_style("choices--cursor")
                row.stylize(Style(bgcolor=cursor.bgcolor, reverse=cursor.reverse))
            rows.append(row)
            if option.key == self._armed:
                ask = f"       Sure? {option.hotkey} or Enter again does it, Esc does not"
                rows.append(Text(clip(ask, width), colours.style("state-failed", bold=True)))
        if self._clips(width):
            detail = option_detail(self.highlighted)
            cut = cell_len(detail) > self._room(width)
            rows.append(
                Text.assemble(" " * 7, (clip(detail if cut else "", width - 7), colours.muted))
            )
        return Text("\n").join(rows)

    def press(self, index: int) -> None:
        """An option's own key."""
        if 0 <= index < len(self._options):
            self._cursor = index
            self._take(self._options[index])

    def disarm(self) -> bool:
        """Take a first press back; False when there was none."""
        was, self._armed = self._armed, ""
        self.refresh(layout=True)
        return bool(was)

    def _take(self, option: Option) -> None:
        if option.danger and self._armed != option.key:
            self._armed = option.key
            self.refresh(layout=True)
            return
        self._armed = ""
        self.refresh(layout=True)
        self.post_message(self.Taken(option))

    def _move(self, step: int) -> None:
        self._cursor = (self._cursor + step) % len(self._options)
        self._armed = ""
        self.refresh(layout=True)

    def action_cursor_down(self) -> None:
        self._move(1)

    def action_cursor_up(self) -> None:
        self._move(-1)

    def action_select(self) -> None:
        self._take(self.highlighted)

    def on_click(self, event: events.Click) -> None:
        """A click is the option's key."""
        row = event.y
        for index, option in enumerate(self._options):
            if row == index:
                self.press(index)
                return
            if option.key == self._armed:
                row -= 1


def option_detail(option: Option) -> str:
    """What an option does, and that words go with it."""
    words = {"required": "you type", "optional": "you may add words"}.get(option.text, "")
    detail = one_line(option.detail)
    if words and "type" not in detail:
        detail = f"{detail}; {words}" if detail else words
    return detail
