"""The dialogs that ask, and a conflict place by place."""

from __future__ import annotations

from maestro_tui.ui.actions.action import ANSWER, LOOK, MOVE, Action

QUESTIONS: tuple[Action, ...] = (
    Action(
        "dialog.later",
        "escape",
        "Later",
        "Decide later; it waits in the inbox",
        ANSWER,
        footer=True,
    ),
    Action("dialog.page_down", "pagedown,ctrl+d", "More", "Scroll the evidence", MOVE, footer=True),
    Action("dialog.page_up", "pageup,ctrl+u", "Back", "Scroll the evidence back", MOVE),
    Action(
        "dialog.edit_files", "E", "Editor", "The conflicted files in $EDITOR", ANSWER, footer=True
    ),
    Action(
        "rollback.take",
        "enter",
        "Go back",
        "To this place; asked again",
        ANSWER,
        footer=True,
        first=True,
    ),
    Action("rollback.back", "escape,q", "Back", "Nothing is dropped", MOVE, footer=True),
    Action(
        "conflict.ours",
        "o",
        "Ours",
        "What is merged, here",
        ANSWER,
        footer=True,
        call="answer('ours')",
    ),
    Action(
        "conflict.theirs",
        "t",
        "Theirs",
        "The task's, here",
        ANSWER,
        footer=True,
        call="answer('theirs')",
    ),
    Action(
        "conflict.both",
        "b",
        "Both",
        "What is merged, then the task's",
        ANSWER,
        footer=True,
        call="answer('both')",
    ),
    Action("conflict.base", "B", "Base", "As it was before both", ANSWER, call="answer('base')"),
    Action("conflict.edit", "e", "Edit", "This place in $EDITOR", ANSWER, footer=True),
    Action("conflict.merge", "enter", "Merge", "Merge it as decided", ANSWER, footer=True),
    Action(
        "conflict.preview", "v", "Result", "The file as it would be, and back", LOOK, footer=True
    ),
    Action(
        "conflict.delete",
        "d",
        "Delete",
        "The file is not there",
        ANSWER,
        call="file_answer('delete')",
    ),
    Action(
        "conflict.all_ours",
        "O",
        "File ours",
        "The whole file as merged",
        ANSWER,
        call="file_answer('ours')",
    ),
    Action(
        "conflict.all_theirs",
        "T",
        "File theirs",
        "The whole file as the task's",
        ANSWER,
        call="file_answer('theirs')",
    ),
    Action(
        "conflict.worktree",
        "w",
        "As on disk",
        "The file as it is in the worktree",
        ANSWER,
        call="file_answer('worktree')",
    ),
    Action("conflict.edit_file", "E", "Edit file", "The whole file in $EDITOR", ANSWER),
    Action("conflict.clear", "u", "Undo", "Take this answer back", ANSWER),
    Action(
        "conflict.next", "j,n,down", "Next", "The next place", MOVE, footer=True, call="place(1)"
    ),
    Action("conflict.previous", "k,N,up", "Before", "The place before", MOVE, call="place(-1)"),
    Action("conflict.next_file", "tab,J", "Next file", "Its first place", MOVE, call="file(1)"),
    Action(
        "conflict.previous_file",
        "shift+tab,K",
        "File before",
        "Its first place",
        MOVE,
        call="file(-1)",
    ),
    Action(
        "conflict.page_down", "pagedown,space,ctrl+d", "More", "Scroll on", MOVE, call="scroll(1)"
    ),
    Action("conflict.page_up", "pageup,ctrl+u", "Back", "Scroll back", MOVE, call="scroll(-1)"),
    Action("conflict.layout", "z", "Zoom", "Sides beside or below each other", LOOK),
    Action("conflict.send_back", "r", "Send back", "To the agent, with words", ANSWER, footer=True),
    Action("conflict.skip", "s", "Skip", "Give the task up; asked again", ANSWER),
    Action("conflict.back", "escape,q", "Back", "To the question, undecided", MOVE, footer=True),
    Action("words.send", "enter,ctrl+s", "Send", "What is typed", ANSWER, footer=True, first=True),
    Action(
        "words.new_line",
        "ctrl+j,shift+enter,alt+enter",
        "New line",
        "Another line of it",
        ANSWER,
        footer=True,
        first=True,
    ),
    Action("words.back", "escape", "Back", "Nothing is sent", MOVE, footer=True, first=True),
    Action("choices.cursor_down", "j,down", "Down", "Next answer", MOVE),
    Action("choices.cursor_up", "k,up", "Up", "Previous answer", MOVE),
    Action("choices.select", "enter", "Take it", "Give the marked answer", ANSWER, footer=True),
)
