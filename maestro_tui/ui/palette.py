"""The theme's colours as Rich styles, for everything that is drawn line by line."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rich.color import Color as RichColor
from rich.style import Style
from textual.app import App
from textual.color import Color, ColorParseError
from textual.dom import DOMNode

from maestro_tui.ui.glyphs import Look


class Palette:
    """Looks styles up by theme variable; one instance a theme."""

    def __init__(self, variables: dict[str, str]) -> None:
        self._variables = variables
        self._styles: dict[tuple[str, bool, bool], Style] = {}

    def style(self, variable: str, *, bold: bool = False, dim: bool = False) -> Style:
        """The foreground style of a theme variable; plain where it cannot be read."""
        key = (variable, bold, dim)
        if key not in self._styles:
            self._styles[key] = Style(color=self._colour(variable), bold=bold, dim=dim)
        return self._styles[key]

    def look(self, look: Look, *, bold: bool = False) -> Style:
        """The style of a state."""
        return self.style(look.variable, bold=bold)

    @property
    def muted(self) -> Style:
        """For what is there but matters less."""
        return self.style("state-waiting")

    @property
    def bold(self) -> Style:
        """For what matters more."""
        return Style(bold=True)

    @property
    def underline(self) -> Style:
        """For what is to be told apart without another colour."""
        return Style(underline=True)

    def _colour(self, variable: str) -> RichColor | None:
        value = self._variables.get(variable, "")
        try:
            return Color.parse(value).rich_color if value else None
        except ColorParseError:
            return None


class _Last:
    """The newest palette and the variables it was made of (a theme change makes new ones)."""

    variables: dict[str, str] | None = None
    palette = Palette({})


def palette(app: App[Any]) -> Palette:
    """The palette of the theme in use."""
    if app.theme_variables is not _Last.variables:
        _Last.variables = app.theme_variables
        _Last.palette = Palette(app.theme_variables)
    return _Last.palette


def redraw_in_new_colours(node: DOMNode, draw: Callable[[], object]) -> None:
    """Have texts made anew whenever the theme changes: they hold the colours of the old one."""
    node.app.theme_changed_signal.subscribe(node, lambda theme: node.call_after_refresh(draw))
