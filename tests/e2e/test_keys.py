"""Every way to a thing by its name, in a real terminal; settings that are wrong are told."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.terminal import Terminal
from tests.engine.scratch import maestro, make_agent, make_repo, six_tasks

AGENT = """\
#!/bin/sh
echo "task $MAESTRO_TASK_ID at work"
echo "warning: it works" >&2
echo "text" > "f$MAESTRO_TASK_ID.txt"
echo "# done" > "$MAESTRO_MARKER"
"""


@pytest.mark.slow
@pytest.mark.parametrize(("columns", "lines"), [(80, 24), (120, 40)])
def test_help_palette_jump_search_and_what_is_wrong_in_the_settings(
    tmp_path: Path, columns: int, lines: int
) -> None:
    repo, settings = make_repo(tmp_path / "repo"), tmp_path / "settings" / "maestro"
    (settings / "themes").mkdir(parents=True)
    (settings / "config.toml").write_text('[keys]\n"board.zom" = "f11"\n')
    (settings / "themes" / "mine.toml").write_text('name = "mine"\ncolors = 3\n')
    plan, agent = six_tasks(tmp_path), make_agent(tmp_path, AGENT)
    words = ["run", str(plan), "--run-id", "e2e", "--agent-command", str(agent)]
    env = {"XDG_CONFIG_HOME": str(settings.parent)}
    with Terminal(*words, cwd=repo, columns=columns, lines=lines, env=env) as screen:
        screen.until("board.zoom")  # the nearest name
        screen.until("mine.toml")
        screen.until("Task 5")
        screen.press("y")
        screen.answer("\x1b", "Deliver to main?")
        screen.press("?")
        screen.until("Go to the plan tree")
        screen.press("\x1b")
        screen.without("Go to the plan tree")
        screen.press(":")
        screen.until("Search for commands")
        screen.press("graph")
        screen.until("What depends on what")
        screen.press("\r")
        screen.until("▸8 Graph")
        screen.press("\x1b")
        screen.without("▸8 Graph")
        screen.press("@")
        screen.until("Which task?")
        screen.press("task 5")
        screen.until("merged:")
        screen.press("\r")
        screen.without("merged:")
        screen.until("5 at work")
        screen.until("▌warning: it works")
        screen.press("3")
        screen.until("f Follow")
        screen.press("/")
        screen.until("words to find")
        screen.press("o\r")
        screen.until("2 of 2")
        screen.press("N")
        screen.until("1 of 2")
        screen.press("n")
        screen.until("2 of 2")
        screen.press("q")
        screen.until("Leave")
        screen.press("l")
        screen.end()
        assert screen.restored
    maestro("stop", "--abort", cwd=repo)
