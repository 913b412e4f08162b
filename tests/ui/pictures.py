"""Pictures of a screen in several sizes and themes, taken of one running program.

Resizing it and changing its colours is quicker than starting it anew, and is what people do.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pytest_textual_snapshot import SVGImageExtension
from syrupy.assertion import SnapshotAssertion
from textual.pilot import Pilot

from maestro_tui.config.themes import load_themes
from maestro_tui.ui.themes import to_theme
from tests.ui.contrast import faint
from tests.ui.stage import NARROW, WIDE, screen_text, until

SHIPPED = load_themes([Path(__file__).parents[2] / "themes"])[0]
SIZES = {"120x40": WIDE, "80x24": NARROW}
THEMES = ("maestro-dark", "maestro-light")


async def pictures(
    pilot: Pilot[Any],
    snapshot: SnapshotAssertion,
    words: str,
    sizes: Mapping[str, tuple[int, int]] = SIZES,
) -> None:
    """Each is as it was; ``words`` are on every one of them, and nothing is too faint to read."""
    app = pilot.app
    drawn = snapshot.use_extension(SVGImageExtension)
    for spec in SHIPPED:
        if spec.name in THEMES and app.get_theme(spec.name) is None:
            app.register_theme(to_theme(spec))
    for field in app.screen.query("Input, TextArea"):
        field.cursor_blink = False  # type: ignore[attr-defined]  # seen, whenever one looks
    for size, cells in sizes.items():
        if app.size != cells:
            await pilot.resize_terminal(*cells)
        for theme in THEMES:
            app.theme = theme
            await pilot.pause()
            await until(lambda: words in screen_text(pilot), f"{words} at {size}")
            await pilot.pause()  # texts are made anew after the colours have changed
            pale = faint(app.screen, theme)
            assert not pale, f"too faint at {size} in {theme}: {pale}"
            assert app.export_screenshot() == drawn(name=f"{size}-{theme}")
