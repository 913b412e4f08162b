from __future__ import annotations

from pathlib import Path

import pytest

from maestro_tui.config.themes import STATES, ThemeSpec, load_themes
from maestro_tui.core.state import RunStatus, TaskState
from maestro_tui.ui.glyphs import GATES, QUESTION, RUN, TASK
from maestro_tui.ui.palette import palette
from maestro_tui.ui.theme_watch import ThemeWatch
from maestro_tui.ui.themes import FALLBACK, to_theme
from tests.ui.runs import midway
from tests.ui.stage import opened, until

SHIPPED = load_themes([Path(__file__).parents[2] / "themes"])[0]
GOOD = ThemeSpec("mine", True, {"primary": "#336699"}, {"state-running": "#123456"})
BAD = ThemeSpec("broken", True, {"primary": "notacolor"}, source="broken.toml")


def test_every_state_has_a_glyph_a_word_and_a_variable_themes_know():
    looks = [*TASK.values(), *RUN.values(), *GATES.values(), *QUESTION.values()]
    assert set(TASK) == set(TaskState)
    assert set(RUN) == set(RunStatus)
    for look in looks:
        assert look.glyph
        assert look.word
        assert look.variable.removeprefix("state-") in STATES


def test_states_can_be_told_apart_without_colour():
    words = [look.word for look in TASK.values()]
    assert len(set(words)) == len(words)
    glyphs = [look.glyph for look in TASK.values()]
    assert len(set(glyphs)) == len(glyphs)


def test_a_theme_file_becomes_a_theme():
    theme = to_theme(GOOD)
    assert (theme.name, theme.primary, theme.dark) == ("mine", "#336699", True)
    with pytest.raises(ValueError, match=r"broken\.toml: primary = 'notacolor'"):
        to_theme(BAD)


async def test_a_theme_names_its_states_and_the_rest_have_defaults():
    async with opened(midway(), theme="mine", theme_specs=[GOOD]) as pilot:
        colours = palette(pilot.app)
        assert colours.style("state-running").color.triplet.hex == "#123456"
        assert colours.style("state-failed").color is not None


async def test_a_bad_theme_is_one_sentence_and_the_default_colours():
    async with opened(midway(), theme="broken", theme_specs=[BAD]) as pilot:
        assert pilot.app.theme == FALLBACK
        told = " ".join(n.message for n in pilot.app._notifications)
        assert "notacolor" in told
        assert "no theme 'broken'" in told


@pytest.mark.parametrize("name", [*(s.name for s in SHIPPED), "ansi-dark", "textual-light"])
async def test_every_theme_can_draw_a_board(name):
    async with opened(midway(), theme=name, theme_specs=SHIPPED) as pilot:
        await until(lambda: pilot.app.theme == name)
        await pilot.pause()
        assert "Models and schemas" in pilot.app.export_screenshot().replace("&#160;", " ")


async def test_no_color_is_respected(monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    async with opened(midway()) as pilot:
        picture = pilot.app.export_screenshot()
        assert "#8fce7a" not in picture.lower()
        assert "merged" in picture


def test_there_are_themes_for_every_taste_and_need():
    dark = {s.name for s in SHIPPED if s.dark and not s.ansi}
    light = {s.name for s in SHIPPED if not s.dark}
    assert {"maestro-dark", "maestro-night"} <= dark
    assert {"maestro-light", "maestro-paper"} <= light
    names = {s.name for s in SHIPPED}
    assert {"maestro-contrast", "maestro-colourblind", "maestro-ansi"} <= names


def test_an_ansi_theme_may_name_the_terminals_colours_only(tmp_path):
    source = (Path(__file__).parents[2] / "themes" / "maestro-ansi.toml").read_text()
    (tmp_path / "a.toml").write_text(source.replace("ansi_blue", "#0000ff"))
    themes, problems = load_themes([tmp_path])
    assert not themes
    assert "write ansi_red" in problems[0]


async def test_a_changed_theme_file_is_seen_at_once_and_a_broken_one_is_one_toast(
    tmp_path, monkeypatch
):
    monkeypatch.setattr("maestro_tui.ui.app.THEMES_S", 0.05)
    source = (Path(__file__).parents[2] / "themes" / "maestro-night.toml").read_text()
    path = tmp_path / "mine.toml"
    path.write_text(source.replace("maestro-night", "mine"))
    specs, _ = load_themes([tmp_path])
    watch = ThemeWatch([tmp_path])
    async with opened(midway(), theme="mine", theme_specs=specs, theme_watch=watch) as pilot:
        app = pilot.app

        def running():
            return palette(app).style("state-running").color.triplet.hex

        assert running() == "#8fb3d9"
        path.write_text(path.read_text().replace("#8fb3d9", "#00ff00"))
        await until(lambda: running() == "#00ff00", "the new colour")
        path.write_text("name = 'mine'\ncolors = 3\n# longer, so that its size differs")
        await until(lambda: len(app._notifications) == 1, "a toast")
        assert running() == "#00ff00"
        assert app.theme == "mine"
