"""A line across a screen that stays until its cause is gone."""

from __future__ import annotations

from textual.widgets import Static


class Banner(Static):
    """Hidden while there is nothing to say."""

    DEFAULT_CSS = """
    Banner {
        display: none; height: 1; padding: 0 1;
        background: $warning; color: $background; text-style: bold;
    }
    """

    def __init__(self) -> None:
        super().__init__("", markup=False)
        self._said = ""

    def say(self, words: str) -> None:
        """Those words; empty takes the line away."""
        if words != self._said:
            self._said = words
            self.update(words)
            self.display = bool(words)
