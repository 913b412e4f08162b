"""The board: its panels, the plan, the waves and the logs."""

from __future__ import annotations

from maestro_tui.ui.actions.action import LOOK, MOVE, RUN, Action

BOARD: tuple[Action, ...] = (
    Action(
        "board.details",
        "d",
        "Details",
        "The task's story, prompt, checks, marker",
        LOOK,
        footer=True,
    ),
    Action(
        "board.zoom", "z", "Zoom", "This panel on the whole screen, and back", LOOK, footer=True
    ),
    Action(
        "board.plan", "1", "Plan", "Go to the plan tree", MOVE, footer=True, call="panel('tree')"
    ),
    Action(
        "board.waves",
        "2",
        "Waves",
        "Go to the wave board",
        MOVE,
        footer=True,
        call="panel('waves')",
    ),
    Action(
        "board.log", "3", "Log", "Go to the task's log", MOVE, footer=True, call="panel('logs')"
    ),
    Action("board.next_panel", "tab", "Next panel", "Plan, waves, log, and round", MOVE),
    Action("board.previous_panel", "shift+tab", "Panel before", "The other way", MOVE),
    Action("board.next_active", "n", "Next agent", "Select the next task that is moving", MOVE),
    Action("board.retry", "r", "Retry", "Do a given-up task after all", RUN),
    Action(
        "board.find",
        "slash",
        "Find task",
        "Any task, by a few letters of its name",
        MOVE,
        footer=True,
    ),
    Action(
        "board.views", "v", "Figures", "Progress, cost, limits, timeline, graph", LOOK, footer=True
    ),
    Action("board.unzoom", "escape", "Back", "All panels again", MOVE),
    Action("tree.cursor_down", "j,down", "Down", "Next line", MOVE),
    Action("tree.cursor_up", "k,up", "Up", "Previous line", MOVE),
    Action("tree.scroll_home", "g,home", "Top", "First line", MOVE),
    Action("tree.scroll_end", "G,end", "Bottom", "Last line", MOVE),
    Action("tree.select_cursor", "enter", "Open", "Details of a task; a phase folds", LOOK),
    Action("waves.left", "h,left", "Left", "Previous wave", MOVE),
    Action("waves.down", "j,down", "Down", "Next task of the wave", MOVE),
    Action("waves.up", "k,up", "Up", "Previous task of the wave", MOVE),
    Action("waves.right", "l,right", "Right", "Next wave", MOVE),
    Action("waves.first", "g,home", "Top", "First task of the wave", MOVE),
    Action("waves.last", "G,end", "Bottom", "Last task of the wave, and its gates", MOVE),
    Action("waves.open", "enter", "Open", "Details of the task", LOOK),
    Action(
        "logs.follow", "f", "Follow", "Stay at the newest line, or stop here", LOOK, footer=True
    ),
    Action("logs.search", "slash", "Search", "Find words in the whole log", LOOK, footer=True),
    Action("logs.hit", "n", "Next hit", "Next line with the words", LOOK, call="hit(1)"),
    Action("logs.hit_before", "N", "Hit before", "And the one before", LOOK, call="hit(-1)"),
    Action("logs.wrap", "w", "Wrap", "Long lines over several rows, or cut", LOOK, footer=True),
    Action(
        "logs.filter",
        "e",
        "Only",
        "Errors, stderr, tools, results, messages, all",
        LOOK,
        footer=True,
    ),
    Action(
        "logs.unfold", "x", "Unfold", "Tool calls and results in full, or a line", LOOK, footer=True
    ),
    Action("logs.markdown", "m", "Markdown", "Agents' messages laid out, or as written", LOOK),
    Action("logs.times", "T", "Times", "When each line came", LOOK),
    Action("logs.goto", "number_sign,ctrl+g", "Go to", "A line, 50%, or a time (12:30)", MOVE),
    Action("logs.copy", "y", "Copy", "The found line, else all lines in view", LOOK, footer=True),
    Action("logs.pager", "o", "Pager", "The whole file in $PAGER", LOOK, footer=True),
    Action("logs.down", "j,down", "Down", "One line down", MOVE),
    Action("logs.up", "k,up", "Up", "One line up; no longer follows", MOVE),
    Action("logs.page_down", "pagedown,space,ctrl+d", "Page down", "One page down", MOVE),
    Action("logs.page_up", "pageup,b,ctrl+u", "Page up", "One page up", MOVE),
    Action("logs.top", "g,home", "Top", "To the first line", MOVE),
    Action("logs.bottom", "G,end", "Bottom", "To the newest line, and follow it", MOVE),
    Action("logs.right", "l,right", "Right", "Look further right", MOVE, call="pan(1)"),
    Action("logs.left", "h,left", "Left", "And back", MOVE, call="pan(-1)"),
    Action("logs.first_column", "0", "First column", "Back to the left edge", MOVE),
    Action("search.end", "escape", "End search", "Close the words, then drop the hits", LOOK),
    Action(
        "tabs.next",
        "right_square_bracket",
        "Next log",
        "The next task's log",
        MOVE,
        footer=True,
        call="neighbour(1)",
    ),
    Action(
        "tabs.previous",
        "left_square_bracket",
        "Log before",
        "The one before",
        MOVE,
        call="neighbour(-1)",
    ),
    Action(
        "tabs.grid", "t", "Tiles", "Up to four logs side by side, six if wide", LOOK, footer=True
    ),
)
