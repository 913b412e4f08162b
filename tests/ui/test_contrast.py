"""Everything can be read in every theme that comes along, also after it was changed for another."""

from __future__ import annotations

import pytest

from maestro_tui.agents.context import Context
from maestro_tui.ui.tool_colours import ON_DARK, ON_LIGHT
from tests.ui.contrast import ENOUGH, USUAL, contrast, faint
from tests.ui.pictures import SHIPPED, THEMES
from tests.ui.runs import failing
from tests.ui.stage import opened, screen_text, until

COLOURED = [s for s in SHIPPED if not s.ansi]
# One after the other: the keys that lead there, and words to wait for.
WALK = (
    ((), "Retry with instructions"),
    (("escape", "question_mark"), "Go to the plan tree"),
    (("escape", "i"), "blocks 3 tasks"),
    (("escape", "1"), "1.3 Validation rules"),
    (("2",), "Wave 2"),
    (("d",), "What happened"),
    (("escape", "4"), "Needs you"),
    (("5",), "By wave"),
    (("7",), "Wave 1"),
    (("8",), "1.2 Mod"),
    (("escape", "3", "slash", *"warning", "enter"), "2 of 2"),
    (("n", "z"), "1 of 2"),
    (("colon",), "Search for commands"),
)


def test_the_colours_of_tools_can_be_read_on_every_ground():
    for spec in COLOURED:
        theme = ON_DARK if spec.dark else ON_LIGHT
        for ground in (spec.colours["background"], spec.variables["cursor"]):
            back = tuple(int(ground[i : i + 2], 16) for i in (1, 3, 5))
            for number in range(1, 16):  # black words are for other grounds
                ratio = contrast(tuple(theme.ansi_colors[number]), back)
                assert ratio >= USUAL, (spec.name, ground, number)


@pytest.mark.parametrize("name", [s.name for s in COLOURED if s.name not in THEMES])
async def test_nothing_is_too_faint(name, tmp_path):
    source = failing()
    source.folder = tmp_path
    folder = source.attempt_dir("1.2", 1)
    folder.mkdir(parents=True)
    context = Context(str(folder))
    context.log(b"\x1b[90mgrey\x1b[0m \x1b[33mwarning\x1b[0m \x1b[37mwhite\x1b[0m\n", True)
    context.log(b"\x1b[1;34mblue warning\x1b[0m\n\x1b[92mgreen\x1b[0m\n")
    async with opened(source, theme="maestro-dark", theme_specs=SHIPPED) as pilot:
        await until(lambda: len(pilot.app.screen_stack) > 2, "the dialog")
        pilot.app.theme = name
        for keys, words in WALK:
            await pilot.press(*keys)
            await until(lambda words=words: words in screen_text(pilot), words)
            await pilot.pause()
            assert not faint(pilot.app.screen, name), (keys, ENOUGH.get(name, USUAL))
