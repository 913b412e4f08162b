"""Theme files become screen themes; a bad colour becomes a sentence, never a crash."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from textual.app import App
from textual.color import Color, ColorParseError
from textual.theme import BUILTIN_THEMES, Theme

from maestro_tui.config.themes import COLOURS, ThemeSpec
from maestro_tui.ui import tool_colours
from maestro_tui.ui.formatting import one_line

FALLBACK = "maestro-dark"

# What the states look like where a theme does not say: one set a background.
_DARK = {
    "waiting": "#989cb2",
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
    "skipped": "#999dae",
    "excluded": "#999dae",
    "asking": "#f0d264",
    "stopped": "#c39ae0",
}
_LIGHT = {
    "waiting": "#5f6371",
    "ready": "#454a5a",
    "preparing": "#2f5bb7",
    "running": "#2f5bb7",
    "checking": "#126d76",
    "queued": "#126d76",
    "merging": "#126d76",
    "conflicted": "#a04a12",
    "merged": "#2a7132",
    "done": "#2a7132",
    "failed": "#b3262e",
    "blocked": "#a04a12",
    "skipped": "#5f626f",
    "excluded": "#5f626f",
    "asking": "#7a6000",
    "stopped": "#7a3f9c",
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
    """The variables of the states, and of the line one stands on, for a theme without them."""
    colours = _ANSI if theme.ansi else _DARK if theme.dark else _LIGHT
    cursor = "ansi_default" if theme.ansi else f"{theme.primary} 25%"
    return {"cursor": cursor, **{f"state-{name}": colour for name, colour in colours.items()}}


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
    app.ansi_theme_dark, app.ansi_theme_light = tool_colours.ON_DARK, tool_colours.ON_LIGHT
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
        secondary="#a393d8",
        accent="#e0af68",
        foreground="#d5d9e6",
        background="#14161f",
        surface="#1b1e2a",
        panel="#262a3a",
        success="#8fce7a",
        warning="#e5b567",
        error="#f2777a",
        variables={
            "cursor": "#29344f",
            "footer-key-foreground": "#e0af68",
            "input-selection-background": "#7aa2f7 35%",
        },
    )
