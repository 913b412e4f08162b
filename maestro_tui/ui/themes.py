"""Theme files become screen themes; a bad colour becomes a sentence, never a crash."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from textual.app import App
from textual.color import Color, ColorParseError
from textual.theme import BUILTIN_THEMES, Theme

from maestro_tui.config.themes import COLOURS, ThemeSpec
from maestro_tui.ui.formatting import one_line

FALLBACK = "maestro-dark"

# What the states look like where a theme does not say: one set a background.
_DARK = {
    "waiting": "#8b90a8",
    "ready": "#b4bad0",
    "preparing": "#7aa2f7",
    "running": "#7aa2f7",
    "checking": "#5fc9c9",
    "queued": "#5fc9c9",
    "merging": "#5fc9c9",
    "conflicted": "#d98e5f",
    "merged": "#8fce7a",
    "done": "#8fce7a",
    "failed": "#f2777a",
    "blocked": "#d98e5f",
    "skipped": "#777c93",
    "excluded": "#777c93",
    "asking": "#f0d264",
    "stopped": "#c39ae0",
}
_LIGHT = {
    "waiting": "#5f6478",
    "ready": "#454a5c",
    "preparing": "#2257c4",
    "running": "#2257c4",
    "checking": "#0f6e6e",
    "queued": "#0f6e6e",
    "merging": "#0f6e6e",
    "conflicted": "#9a4a12",
    "merged": "#2c6e1a",
    "done": "#2c6e1a",
    "failed": "#b3232a",
    "blocked": "#9a4a12",
    "skipped": "#6f7488",
    "excluded": "#6f7488",
    "asking": "#7a5a00",
    "stopped": "#6f3a9c",
}
_ANSI = {
    "waiting": "ansi_default",
    "ready": "ansi_default",
    "preparing": "ansi_blue",
    "running": "ansi_blue",
    "checking": "ansi_cyan",
    "queued": "ansi_cyan",
    "merging": "ansi_cyan",
    "conflicted": "ansi_magenta",
    "merged": "ansi_green",
    "done": "ansi_green",
    "failed": "ansi_red",
    "blocked": "ansi_magenta",
    "skipped": "ansi_bright_black",
    "excluded": "ansi_bright_black",
    "asking": "ansi_yellow",
    "stopped": "ansi_magenta",
}


def state_defaults(theme: Theme) -> dict[str, str]:
    """The variables of the states for a theme that leaves them out."""
    colours = _ANSI if theme.ansi else _DARK if theme.dark else _LIGHT
    return {f"state-{name}": colour for name, colour in colours.items()}


def to_theme(spec: ThemeSpec) -> Theme:
    """The screen's theme of a theme file; ValueError names the colour that is none."""
    for name, value in spec.colours.items():
        _parse(spec, name, value)
    for name, value in spec.variables.items():
        if name.startswith("state-"):
            _parse(spec, name, value)
    colours = dict(spec.colours)
    primary = colours.pop("primary", "")
    if not primary:
        raise ValueError(f"theme {spec.name} has no primary colour")
    variables = dict(spec.variables)
    if spec.ansi:  # what Textual's own styles need besides
        usual = BUILTIN_THEMES["ansi-dark" if spec.dark else "ansi-light"]
        variables = {**usual.variables, **variables}
    theme = Theme(spec.name, primary, dark=spec.dark, ansi=spec.ansi, variables=variables)
    for name, value in colours.items():
        if name not in COLOURS:
            raise ValueError(f"theme {spec.name}: there is no colour {name!r}")
        setattr(theme, name, value)
    return theme


def _parse(spec: ThemeSpec, name: str, value: str) -> None:
    try:
        Color.parse(value)
    except ColorParseError as error:
        where = spec.source or spec.name
        raise ValueError(f"{where}: {name} = {value!r} is not a colour; theme skipped") from error


def install(
    app: App[Any], specs: Sequence[ThemeSpec], wanted: str | None, *, refresh: bool = False
) -> list[str]:
    """Register the themes and choose one; returns what was wrong, in sentences.

    ``refresh``: the chosen one is in use already, perhaps with other colours than now.
    """
    problems = []
    app.register_theme(_builtin())
    for spec in specs:
        try:
            theme = to_theme(spec)
            _try_out(theme)
        except (ValueError, TypeError) as error:
            problems.append(one_line(str(error)))
        else:
            app.register_theme(theme)
    name = wanted or FALLBACK
    if app.get_theme(name) is None:
        known = ", ".join(sorted(set(app.available_themes) - set(BUILTIN_THEMES))[:6])
        problems.append(f"no theme {one_line(name)!r}; using {FALLBACK}. There are: {known}, …")
        name = FALLBACK
    if refresh and app.theme == name:
        # Textual looks at a theme's colours only when its name changes.
        app.theme = next(n for n in app.available_themes if n != name)
    app.theme = name
    return problems


def _try_out(theme: Theme) -> None:
    """Everything the screen would compute from it, so that it cannot fail later."""
    try:
        theme.to_color_system().generate()
    except Exception as error:  # what a colour system raises is not documented
        raise ValueError(f"theme {theme.name} cannot be used: {error}") from error


def _builtin() -> Theme:
    """The default theme, present even where no theme file is."""
    return Theme(
        FALLBACK,
        primary="#7aa2f7",
        secondary="#9d8cd6",
        accent="#e0af68",
        foreground="#d5d9e6",
        background="#14161f",
        surface="#1b1e2a",
        panel="#262a3a",
        success="#8fce7a",
        warning="#e5b567",
        error="#f2777a",
        variables={
            "footer-key-foreground": "#e0af68",
            "input-selection-background": "#7aa2f7 35%",
        },
    )
