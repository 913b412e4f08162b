from __future__ import annotations

import importlib
from collections import Counter
from pathlib import Path

import pytest
from textual.widgets import Tree

from maestro_tui.ui.actions import ACTIONS, SCOPES, bindings
from maestro_tui.ui.app import MaestroApp
from maestro_tui.ui.dialogs.choices import Choices
from maestro_tui.ui.dialogs.inbox import InboxDialog
from maestro_tui.ui.dialogs.question import QuestionDialog
from maestro_tui.ui.key_docs import START, put_into
from maestro_tui.ui.keys import is_key, keymap_problems, shown_keys
from maestro_tui.ui.screens.board import BoardScreen
from maestro_tui.ui.screens.conflict import ConflictScreen
from maestro_tui.ui.screens.detail import DetailScreen
from maestro_tui.ui.screens.help import HelpScreen
from maestro_tui.ui.screens.summary import SummaryScreen
from maestro_tui.ui.widgets.pager import Pager
from maestro_tui.ui.widgets.plan_tree import PlanTree
from maestro_tui.ui.widgets.wave_board import WaveBoard

OWNERS = {
    "app": MaestroApp,
    "board": BoardScreen,
    "tree": PlanTree,
    "waves": WaveBoard,
    "dialog": QuestionDialog,
    "conflict": ConflictScreen,
    "choices": Choices,
    "detail": DetailScreen,
    "pager": Pager,
    "summary": SummaryScreen,
    "inbox": InboxDialog,
    "help": HelpScreen,
}


@pytest.mark.parametrize("action", ACTIONS, ids=lambda a: a.id)
def test_every_action_is_complete_and_somebody_carries_it_out(action):
    assert action.title
    assert action.tooltip
    assert action.where in SCOPES
    assert all(is_key(key) for key in action.keys.split(","))
    if action.where in OWNERS:
        method = "action_" + action.method.split("(")[0]
        assert callable(getattr(OWNERS[action.where], method))


def test_ids_are_unique_and_no_key_means_two_things_in_one_scope():
    assert max(Counter(a.id for a in ACTIONS).values()) == 1
    keys = Counter((a.where, key) for a in ACTIONS for key in a.keys.split(","))
    assert [k for k, n in keys.items() if n > 1] == []


def test_every_binding_of_a_scope_has_an_id_and_a_tooltip():
    made = [b for scope in SCOPES for b in bindings(scope)]
    assert len(made) == len(ACTIONS)
    assert all(b.id and b.tooltip for b in made)


def test_a_keymap_is_checked_because_textual_would_take_anything():
    assert keymap_problems({"board.zoom": ("f5",)}) == []
    assert "no action is called 'board.zom'" in keymap_problems({"board.zom": ("f5",)})[0]
    assert "no key is called 'contrl+x'" in keymap_problems({"board.zoom": ("contrl+x",)})[0]
    clash = keymap_problems({"board.zoom": ("d",)})
    assert clash == ["key d: both board.details and board.zoom; change one of them"]


def test_help_writes_keys_as_people_do():
    leave = next(a for a in ACTIONS if a.id == "app.leave")
    assert shown_keys(leave) == "q ^q ^c"
    assert shown_keys(leave, {"app.leave": "question_mark,pagedown"}) == "? PgDn"


def test_the_tree_keeps_textuals_own_navigation():
    assert issubclass(PlanTree, Tree)
    assert importlib.import_module("maestro_tui.ui.actions")


@pytest.mark.parametrize("name", ["docs/keys.md", "README.md"])
def test_the_documentation_has_the_keys_of_today(name):
    """Refresh it with ``python -m maestro_tui.ui.key_docs FILE``."""
    text = (Path(__file__).parents[2] / name).read_text("utf-8")
    assert START not in text or put_into(text) == text
    assert name == "README.md" or START in text


def test_a_file_without_marks_is_left_alone():
    with pytest.raises(ValueError, match="keys"):
        put_into("# Nothing to see here")


def test_a_wrong_key_and_a_wrong_action_are_told_with_the_nearest_name():
    problems = keymap_problems({"bord.zoom": ("f5",), "board.zoom": ("pagedwn",)})
    assert any("board.zoom" in p and "bord.zoom" in p for p in problems)
    assert any("pagedown" in p for p in problems)


# Screens over a run; on the others (review, dialogs, a conflict) letters are answers.
RUNNING = [
    "app",
    "board",
    "tree",
    "waves",
    "logs",
    "search",
    "tabs",
    "detail",
    "pager",
    "views",
    "sheet",
    "graph",
    "replay",
    "history",
    "summary",
    "inbox",
    "help",
]
# Words for one meaning: what differs is only what it is done to.
SAME = (
    {"Next agent", "Next hit", "Next task"},
    {"Hit before", "Task before"},
    {"Next panel", "Next page", "Next log"},
    {"Panel before", "Page before", "Log before"},
    {"Right", "Next page", "Needed by"},
    {"Left", "Page before", "Needs"},
    {"Top", "First"},
    {"Bottom", "Last"},
    {"Find task", "Search"},
    # Away from what is on top; the key that opened something closes it, too.
    {"Quit", "Back", "Board", "Close", "End search"},
    {"Details", "Back"},
    {"History", "Back"},
    {"Inbox", "Close"},
    {"Help", "Close"},
)


def test_a_key_has_one_meaning_on_every_screen_over_a_run():
    meanings: dict[str, set[str]] = {}
    for action in ACTIONS:
        if action.where in RUNNING:
            for key in action.keys.split(","):
                meanings.setdefault(key, set()).add(action.title)
    several = {key: titles for key, titles in meanings.items() if len(titles) > 1}
    # A digit is the number a screen shows beside the name of its page or panel.
    odd = {k: t for k, t in several.items() if not k.isdigit() and not any(t <= s for s in SAME)}
    assert odd == {}


def test_the_review_takes_no_key_of_the_whole_program_for_something_else_but_its_answers():
    everywhere = {key: a for a in ACTIONS if a.where == "app" for key in a.keys.split(",")}
    review = [a for a in ACTIONS if a.where in ("review", "table", "reviewed", "fields")]
    shared = {
        key: (everywhere[key].title, a.title)
        for a in review
        for key in a.keys.split(",")
        if key in everywhere and everywhere[key].title != a.title
    }
    assert shared.pop("s") == ("Summary", "Sequential")  # one of the five answers
    assert {key for key in shared if not key.isdigit()} <= {"q"}
