"""Theme files: the shipped ones can be read by people, bad ones are named and skipped."""

import subprocess
import sys
from pathlib import Path

import pytest

from maestro_tui.config.paths import data_dir
from maestro_tui.config.themes import STATES, load_themes

GOOD = (
    'name = "mine"\ndark = false\n[colors]\nprimary = "#00f"\nforeground = "#000000"\n'
    'background = "#ffffff"\nsuccess = "#080"\nwarning = "#a60"\nerror = "#a00"\n'
    '[variables]\nstate-running = "#00f"\nborder = "#00f 40%"\n'
)


def brightness(colour: str) -> float:
    def channel(value: int) -> float:
        part = value / 255
        return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4

    red, green, blue = (channel(int(colour[i : i + 2], 16)) for i in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(first: str, second: str) -> float:
    low, high = sorted((brightness(first), brightness(second)))
    return (high + 0.05) / (low + 0.05)


def test_the_shipped_themes_are_sound() -> None:
    themes, problems = load_themes([data_dir("themes")])
    assert problems == []
    assert {(t.name, t.dark) for t in themes} == {
        ("maestro-dark", True),
        ("maestro-light", False),
        ("maestro-contrast", True),
        ("maestro-colourblind", True),
        ("maestro-night", True),
        ("maestro-paper", False),
        ("maestro-ansi", True),
    }


@pytest.mark.parametrize(
    ("name", "text", "state"),
    [
        ("maestro-dark", 7.0, 4.5),
        ("maestro-night", 7.0, 4.5),
        ("maestro-paper", 7.0, 4.5),
        ("maestro-light", 7.0, 4.5),
        ("maestro-contrast", 14.0, 7.0),
        ("maestro-colourblind", 7.0, 4.5),
    ],
)
def test_every_state_can_be_read(name: str, text: float, state: float) -> None:
    theme = next(t for t in load_themes([data_dir("themes")])[0] if t.name == name)
    grounds = {g: theme.colours[g] for g in ("background", "surface", "panel")}
    grounds["cursor"] = theme.variables["cursor"]
    for ground, back in grounds.items():
        assert contrast(theme.colours["foreground"], back) >= text, ground
        for each in STATES:
            assert contrast(theme.variables[f"state-{each}"], back) >= state, (each, ground)
        for each in ("success", "warning", "error", "primary", "accent", "secondary"):
            assert contrast(theme.colours[each], back) >= state, (each, ground)
        keys = theme.variables["footer-key-foreground"]
        assert contrast(keys, back) >= state, ("keys", ground)


def test_a_users_theme_is_read_and_wins_by_name(tmp_path: Path) -> None:
    first, second = tmp_path / "a", tmp_path / "b"
    for folder in (first, second):
        folder.mkdir()
        (folder / "mine.toml").write_text(GOOD)
    (second / "mine.toml").write_text(GOOD.replace("#080", "#070"))
    themes, problems = load_themes([first, second, tmp_path / "absent"])
    assert problems == []
    (mine,) = themes
    assert (mine.name, mine.dark, mine.colours["success"]) == ("mine", False, "#070")
    assert mine.variables["border"] == "#00f 40%"


BAD = [
    (GOOD.replace("#080", "green-ish"), 7, 'success = "green-ish" is not a colour'),
    (GOOD.replace("#080", "#08"), 7, "is not a colour, write #rrggbb"),
    (GOOD.replace("warning =", "waring ="), 8, 'unknown colour "waring", did you mean "warning"?'),
    (GOOD.replace('error = "#a00"\n', ""), 3, "[colors] lacks error"),
    (GOOD.replace("state-running", "state-runing"), 11, 'unknown state "runing", did you mean'),
    (GOOD.replace('"mine"', '"My Theme"'), 1, "name must be lower-case"),
    (GOOD.replace("dark = false", 'dark = "no"'), 2, "dark must be true or false"),
    (GOOD.replace("[colors]", "[colours]"), 3, 'unknown key "colours", did you mean "colors"?'),
    (GOOD.replace('"#080"', "8"), 7, "success must be text in quotes"),
    (GOOD.replace('"#080"', '"#080'), 7, "theme skipped"),
    (GOOD.replace("#00f 40%", "x; layout: grid"), 12, "cannot be used as a style value"),
]


@pytest.mark.parametrize(("text", "line", "said"), BAD, ids=[said for _, _, said in BAD])
def test_a_bad_theme_is_named_and_skipped(tmp_path: Path, text: str, line: int, said: str) -> None:
    bad = tmp_path / "bad.toml"
    bad.write_text(text)
    (tmp_path / "good.toml").write_text(GOOD.replace("mine", "good"))
    themes, problems = load_themes([tmp_path])
    assert [theme.name for theme in themes] == ["good"]
    (problem,) = problems
    assert problem.startswith(f"{bad}:{line}: ")
    assert said in problem
    assert problem.endswith("theme skipped")


def test_themes_and_settings_need_no_screen() -> None:
    code = (
        "import sys; import maestro_tui.config.themes, maestro_tui.config.settings;"
        "print([m for m in ('textual', 'rich', 'yaml') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
