"""A place to type a few words: Enter sends, Ctrl+J begins a new line."""

from __future__ import annotations

from dataclasses import dataclass

from textual.message import Message
from textual.widgets import TextArea

from maestro_tui.ui.actions import bindings


class Words(TextArea):
    """A text area whose Enter sends."""

    BINDINGS = bindings("words")
    DEFAULT_CSS = """
    Words { height: 6; border: tall $primary 40%; &:focus { border: tall $primary; } }
    """

    @dataclass
    class Sent(Message):
        """The user is done; ``text`` is stripped."""

        text: str

    class Left(Message):
        """The user does not want to send anything."""

    def __init__(self, text: str = "") -> None:
        super().__init__(text, soft_wrap=True, show_line_numbers=False, tab_behavior="focus")

    def action_send(self) -> None:
        """What is typed is done."""
        # The key is looked at before those typed ahead of it have reached this widget.
        self.call_later(self._send)

    def _send(self) -> None:
        self.post_message(self.Sent(self.text.strip()))

    def action_new_line(self) -> None:
        """Another line of it."""
        self.call_later(self.insert, "\n")

    def action_back(self) -> None:
        """Nothing is sent."""
        self.post_message(self.Left())
