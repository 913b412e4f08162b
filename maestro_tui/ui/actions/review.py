"""The review: the answers, and what may be changed before them."""

from __future__ import annotations

from maestro_tui.ui.actions.action import ANSWER, LOOK, MOVE, Action

REVIEW: tuple[Action, ...] = (
    Action("review.yes", "y", "Yes", "Run it as it is shown, with the commands listed", ANSWER),
    Action("review.modify", "m", "Modify", "Change it task by task", ANSWER),
    Action("review.sequential", "s", "Sequential", "One agent at a time, or as before", ANSWER),
    Action("review.details", "d", "Details", "The selected task in full", LOOK),
    Action("review.no", "n", "No", "Leave; nothing is started", ANSWER),
    Action(
        "review.exclude", "x", "Leave out", "The task, or take it in again", ANSWER, footer=True
    ),
    Action("review.undo", "u", "Undo", "Take the last change back", ANSWER, footer=True),
    Action("review.mode", "t", "Mode", "Wave by wave, or streaming", ANSWER, footer=True),
    Action(
        "review.more",
        "plus,equals_sign",
        "More",
        "One agent more",
        ANSWER,
        footer=True,
        call="turn(1)",
    ),
    Action("review.fewer", "minus", "Fewer", "One agent fewer", ANSWER, call="turn(-1)"),
    Action(
        "review.read_as", "f", "Read as", "The document in its other format", ANSWER, footer=True
    ),
    Action(
        "review.order", "o", "Order", "Convention, one by one, or only stated", ANSWER, footer=True
    ),
    Action("review.advice", "I", "Imports", "Wait for what this task imports", ANSWER, footer=True),
    Action("review.all_advice", "W", "All imports", "Every task waits for its imports", ANSWER),
    Action("review.whole", "w", "Whole", "The later stages of a large plan too", ANSWER),
    Action("review.zoom", "z", "Zoom", "The page on the whole screen, and back", LOOK, footer=True),
    Action("review.page_1", "1", "Strategy", "What a yes allows", LOOK, call="page(0)"),
    Action("review.page_2", "2", "Source", "The plan's own lines", LOOK, call="page(1)"),
    Action("review.page_3", "3", "Conflicts", "Who meets in files", LOOK, call="page(2)"),
    Action("review.page_4", "4", "Graph", "Who waits for whom", LOOK, call="page(3)"),
    Action(
        "review.other_panel",
        "tab,shift+tab",
        "Other panel",
        "Tasks, or the rest",
        MOVE,
        footer=True,
    ),
    Action("review.back", "escape", "Leave?", "Asks; nothing is lost", ANSWER),
    Action("table.down", "j,down", "Down", "Next task", MOVE),
    Action("table.up", "k,up", "Up", "Previous task", MOVE),
    Action("table.page_down", "pagedown,space", "Page down", "A page of tasks on", MOVE),
    Action("table.page_up", "pageup,b", "Page up", "A page of tasks back", MOVE),
    Action("table.first", "g,home", "Top", "First task", MOVE),
    Action("table.last", "G,end", "Bottom", "Last task", MOVE),
    Action("table.open", "enter", "Open", "The task in full", LOOK),
    Action("reviewed.close", "escape,d,q", "Back", "Back to the review", MOVE, footer=True),
    Action(
        "reviewed.next",
        "n,J",
        "Next task",
        "The same of it",
        MOVE,
        footer=True,
        call="neighbour(1)",
    ),
    Action(
        "reviewed.previous",
        "N,K",
        "Task before",
        "And back",
        MOVE,
        footer=True,
        call="neighbour(-1)",
    ),
    Action("fields.edit", "enter,e", "Edit", "Type another value", ANSWER, footer=True),
    Action("fields.down", "j,down", "Down", "Next field", MOVE),
    Action("fields.up", "k,up", "Up", "Previous field", MOVE),
    Action(
        "modify.exclude", "x", "Leave out", "The task, or take it in again", ANSWER, footer=True
    ),
    Action(
        "modify.exclude_all", "X", "With all", "Also every task that needs it", ANSWER, footer=True
    ),
    Action("modify.undo", "u", "Undo", "Take the last change back", ANSWER, footer=True),
    Action(
        "modify.next",
        "n,J",
        "Next task",
        "Change the next task",
        MOVE,
        footer=True,
        call="neighbour(1)",
    ),
    Action("modify.previous", "N,K", "Task before", "And back", MOVE, call="neighbour(-1)"),
    Action(
        "modify.more",
        "plus,equals_sign",
        "More",
        "One agent more",
        ANSWER,
        footer=True,
        call="turn(1)",
    ),
    Action("modify.fewer", "minus", "Fewer", "One agent fewer", ANSWER, call="turn(-1)"),
    Action("modify.mode", "t", "Mode", "Wave by wave, or streaming", ANSWER, footer=True),
    Action(
        "modify.when",
        "v",
        "When",
        "The gate after waves, at the end, after tasks",
        ANSWER,
        footer=True,
    ),
    Action("modify.back", "escape", "Done", "Keeps the changes and closes", ANSWER, footer=True),
)
