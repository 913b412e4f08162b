"""Every action there is: one table that feeds keys, footer, help, palette and documentation.

An action's ``id`` is ``scope.method``; the scope's class has ``action_method``. Keys can be changed
in the configuration by id.
"""

from __future__ import annotations

from textual.binding import Binding, BindingType

from maestro_tui.ui.actions.action import Action
from maestro_tui.ui.actions.board import BOARD
from maestro_tui.ui.actions.everywhere import EVERYWHERE
from maestro_tui.ui.actions.pages import PAGES
from maestro_tui.ui.actions.questions import QUESTIONS
from maestro_tui.ui.actions.review import REVIEW

__all__ = ["ACTIONS", "SCOPES", "Action", "bindings"]

ACTIONS: tuple[Action, ...] = (*EVERYWHERE, *BOARD, *REVIEW, *QUESTIONS, *PAGES)

SCOPES = {
    "app": "Everywhere",
    "board": "Board",
    "tree": "Plan tree",
    "waves": "Wave board",
    "logs": "Log",
    "search": "Search",
    "tabs": "All logs",
    "review": "Review",
    "table": "Its tasks",
    "reviewed": "A task in the review",
    "modify": "Changing the strategy",
    "fields": "Its fields",
    "dialog": "A question",
    "conflict": "A conflict, place by place",
    "choices": "Its answers",
    "words": "Typing words",
    "rollback": "Going back",
    "detail": "Task details",
    "pager": "Long texts",
    "views": "Figures",
    "sheet": "Their lines",
    "graph": "Dependency graph",
    "replay": "Replay",
    "history": "History",
    "summary": "Summary",
    "inbox": "Inbox",
    "help": "Help",
}


def bindings(scope: str) -> list[BindingType]:
    """The bindings of a scope's class, from the table."""
    return [
        Binding(
            action.keys,
            action.method,
            action.title,
            show=action.footer,
            tooltip=action.tooltip,
            priority=action.first,
            id=action.id,
        )
        for action in ACTIONS
        if action.where == scope
    ]
