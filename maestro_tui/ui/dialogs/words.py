"""A place to type a few words: Enter sends, Ctrl+J begins a new line."""

from __future__ import annotations

from dataclasses import dataclass

from textual import events
from textual.message import Message
from textual.widgets import TextArea


class Words(TextArea):
    """A text area whose Enter sends."""

    DEFAULT_CSS = """
    Words { height: 6; border: tall $primary 40%; &:focus { border: tall $primary; } }
    """

    @dataclass
    class Sent(Message):
        """The user is done; ``text`` is stripped."""

        text: str

    def __init__(self, text: str = "") -> None:
        super().__init__(text, soft_wrap=True, show_line_numbers=False, tab_behavior="focus")

    async def _on_key(self, event: events.Key) -> None:
        if event.key in ("enter", "ctrl+s"):
            event.stop()
            event.prevent_default()
            self.post_message(self.Sent(self.text.strip()))
        elif event.key in ("ctrl+j", "shift+enter", "alt+enter"):
            event.stop()
            event.prevent_default()
            self.insert("\n")
        else:
            await super()._on_key(event)
