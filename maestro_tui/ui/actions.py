"""Every action there is: one table that feeds keys, footer, help and palette.

An action's ``id`` is ``scope.method``; the scope's class has ``action_method``. Keys can be changed
in the configuration by id.
"""

from __future__ import annotations

from dataclasses import dataclass

from textual.binding import Binding, BindingType


@dataclass(frozen=True, slots=True)
class Action:
    """Something the user can do with one key."""

    id: str
    keys: str  # comma-separated, the first is the one shown
    title: str
    tooltip: str
    group: str
    show_in_footer: bool = False
    call: str = ""  # the method with its arguments, where not the id's own name

    @property
    def where(self) -> str:
        """The scope whose class carries it out: app, board, tree, …"""
        return self.id.split(".")[0]

    @property
    def method(self) -> str:
        """The name of the action there, with its arguments."""
        return self.call or self.id.split(".", 1)[1]


_RUN, _MOVE, _LOOK, _ASK = "Run", "Move", "Look", "Answer"

ACTIONS: tuple[Action, ...] = (
    Action("app.leave", "q,ctrl+q,ctrl+c", "Quit", "Leave, stop, or stay", _RUN, True),
    Action("app.help", "question_mark", "Help", "Every key and what it does", _LOOK, True),
    Action("app.inbox", "i", "Inbox", "Every question that waits for you", _ASK, True),
    Action("app.answer", "a", "Answer", "Open the question that blocks most", _ASK, True),
    Action("app.more_agents", "plus,equals_sign", "More", "One agent more at once", _RUN, True),
    Action("app.fewer_agents", "minus", "Fewer", "One agent fewer at once", _RUN, True),
    Action("app.resume", "R", "Resume", "Start an engine when none works on the run", _RUN),
    Action("app.drain", "S", "Drain", "Stop after the running agents; asked again", _RUN),
    Action("app.abort", "X", "Abort", "End the run for good; asked again", _RUN),
    Action("app.summary", "s", "Summary", "The figures of the run so far", _LOOK),
    Action(
        "app.progress",
        "4,f5",
        "Progress",
        "What runs, waits and why, is done",
        _LOOK,
        False,
        "view('progress')",
    ),
    Action(
        "app.cost",
        "5",
        "Cost",
        "Tokens and money by task, wave, agent",
        _LOOK,
        False,
        "view('cost')",
    ),
    Action(
        "app.limits", "6", "Limits", "Slots, time-outs, the machine", _LOOK, False, "view('limits')"
    ),
    Action("app.timeline", "7", "Timeline", "Who worked when", _LOOK, False, "view('timeline')"),
    Action("app.graph", "8", "Graph", "What depends on what", _LOOK, False, "view('graph')"),
    Action(
        "app.conflicts",
        "9",
        "Conflicts",
        "Tasks that write the same files",
        _LOOK,
        False,
        "view('conflicts')",
    ),
    Action("app.history", "H", "History", "All runs of this repository", _LOOK),
    Action("app.tell", "c", "Tell", "Say something to the task's running agent", _RUN),
    Action("app.agent", "A", "Agent", "Pause, stop, restart it, another model", _RUN),
    Action("app.jump", "at,ctrl+t", "Go to task", "Any task, by a few letters of its name", _MOVE),
    Action("app.picture", "P", "Picture", "Save the screen as an SVG picture", _LOOK),
    Action("app.suspend_process", "ctrl+z", "Suspend", "To the shell; fg comes back", _RUN),
    Action("app.commands", "colon,ctrl+p", "Commands", "Find any action by its name", _LOOK),
    Action(
        "board.details", "d", "Details", "The task's story, prompt, checks, marker", _LOOK, True
    ),
    Action("board.zoom", "z", "Zoom", "This panel on the whole screen, and back", _LOOK, True),
    Action("board.plan", "1", "Plan", "Go to the plan tree", _MOVE, True, "panel('tree')"),
    Action("board.waves", "2", "Waves", "Go to the wave board", _MOVE, True, "panel('waves')"),
    Action("board.log", "3,l", "Log", "Go to the task's log", _MOVE, True, "panel('logs')"),
    Action("board.next_panel", "tab", "Next panel", "Plan, waves, log, and round", _MOVE),
    Action("board.previous_panel", "shift+tab", "Panel before", "The other way", _MOVE),
    Action("board.next_active", "n", "Next agent", "Select the next task that is moving", _MOVE),
    Action("board.retry", "r", "Retry", "Do a given-up task after all", _RUN),
    Action(
        "board.find", "slash", "Find task", "Any task, by a few letters of its name", _MOVE, True
    ),
    Action("board.views", "v", "Figures", "Progress, cost, limits, timeline, graph", _LOOK, True),
    Action("board.unzoom", "escape", "Back", "All panels again", _MOVE),
    Action("tree.cursor_down", "j,down", "Down", "Next line", _MOVE),
    Action("tree.cursor_up", "k,up", "Up", "Previous line", _MOVE),
    Action("tree.scroll_home", "g,home", "Top", "First line", _MOVE),
    Action("tree.scroll_end", "G,end", "Bottom", "Last line", _MOVE),
    Action("tree.select_cursor", "enter", "Open", "Details of a task; a phase folds", _LOOK),
    Action("waves.left", "h,left", "Left", "Previous wave", _MOVE),
    Action("waves.down", "j,down", "Down", "Next task of the wave", _MOVE),
    Action("waves.up", "k,up", "Up", "Previous task of the wave", _MOVE),
    Action("waves.right", "l,right", "Right", "Next wave", _MOVE),
    Action("waves.first", "g,home", "Top", "First task of the wave", _MOVE),
    Action("waves.last", "G,end", "Bottom", "Last task of the wave, and its gates", _MOVE),
    Action("waves.open", "enter", "Open", "Details of the task", _LOOK),
    Action("logs.follow", "f", "Follow", "Stay at the newest line, or stop here", _LOOK, True),
    Action("logs.search", "slash", "Search", "Find words in the whole log", _LOOK, True),
    Action("logs.hit", "n", "Next hit", "Next line with the words", _LOOK, False, "hit(1)"),
    Action("logs.hit_before", "N", "Hit before", "And the one before", _LOOK, False, "hit(-1)"),
    Action("logs.wrap", "w", "Wrap", "Long lines over several rows, or cut", _LOOK, True),
    Action("logs.filter", "e", "Only", "Errors, tool calls, results, messages, all", _LOOK, True),
    Action("logs.unfold", "x", "Unfold", "Tool calls and results in full, or a line", _LOOK, True),
    Action("logs.markdown", "m", "Markdown", "Agents' messages laid out, or as written", _LOOK),
    Action("logs.times", "T", "Times", "When each line came", _LOOK),
    Action("logs.goto", "number_sign,ctrl+g", "Go to", "A line, 50%, or a time (12:30)", _MOVE),
    Action("logs.copy", "y", "Copy", "The found line, else all lines in view", _LOOK, True),
    Action("logs.pager", "o", "Pager", "The whole file in $PAGER", _LOOK, True),
    Action("logs.down", "j,down", "Down", "One line down", _MOVE),
    Action("logs.up", "k,up", "Up", "One line up; no longer follows", _MOVE),
    Action("logs.page_down", "pagedown,space,ctrl+d", "Page down", "One page down", _MOVE),
    Action("logs.page_up", "pageup,b,ctrl+u", "Page up", "One page up", _MOVE),
    Action("logs.top", "g,home", "Top", "To the first line", _MOVE),
    Action("logs.bottom", "G,end", "Bottom", "To the newest line, and follow it", _MOVE),
    Action("logs.right", "l,right", "Right", "Look further right", _MOVE, False, "pan(1)"),
    Action("logs.left", "h,left", "Left", "And back", _MOVE, False, "pan(-1)"),
    Action("logs.first_column", "0", "First column", "Back to the left edge", _MOVE),
    Action("search.end", "escape", "End search", "Close the words, then drop the hits", _LOOK),
    Action(
        "tabs.next",
        "right_square_bracket",
        "Next log",
        "The next task's log",
        _MOVE,
        True,
        "neighbour(1)",
    ),
    Action(
        "tabs.previous",
        "left_square_bracket",
        "Log before",
        "The one before",
        _MOVE,
        False,
        "neighbour(-1)",
    ),
    Action(
        "tabs.grid",
        "t",
        "Tiles",
        "Up to four logs side by side, six if wide",
        _LOOK,
        True,
    ),
    Action("review.yes", "y", "Yes", "Run it as it is shown, with the commands listed", _ASK),
    Action("review.modify", "m", "Modify", "Change it task by task", _ASK),
    Action("review.sequential", "s", "Sequential", "One agent at a time, or as before", _ASK),
    Action("review.details", "d", "Details", "The selected task in full", _LOOK),
    Action("review.no", "n", "No", "Leave; nothing is started", _ASK),
    Action("review.exclude", "x", "Leave out", "The task, or take it in again", _ASK, True),
    Action("review.undo", "u", "Undo", "Take the last change back", _ASK, True),
    Action("review.mode", "t", "Mode", "Wave by wave, or streaming", _ASK, True),
    Action("review.more", "plus,equals_sign", "More", "One agent more", _ASK, True, "turn(1)"),
    Action("review.fewer", "minus", "Fewer", "One agent fewer", _ASK, False, "turn(-1)"),
    Action("review.read_as", "f", "Read as", "The document in its other format", _ASK, True),
    Action("review.order", "o", "Order", "Convention, one by one, or only stated", _ASK, True),
    Action("review.advice", "c", "Advice", "Wait for what this task imports", _ASK, True),
    Action("review.all_advice", "C", "All advice", "Every task waits for its imports", _ASK),
    Action("review.whole", "w", "Whole", "The later stages of a large plan too", _ASK),
    Action("review.zoom", "z", "Zoom", "The page on the whole screen, and back", _LOOK, True),
    Action("review.page_1", "1", "Strategy", "What a yes allows", _LOOK, False, "page(0)"),
    Action("review.page_2", "2", "Source", "The plan's own lines", _LOOK, False, "page(1)"),
    Action("review.page_3", "3", "Conflicts", "Who meets in files", _LOOK, False, "page(2)"),
    Action("review.page_4", "4", "Graph", "Who waits for whom", _LOOK, False, "page(3)"),
    Action("review.other_panel", "tab,shift+tab", "Other panel", "Tasks, or the rest", _MOVE, True),
    Action("review.back", "escape", "Leave?", "Asks; nothing is lost", _ASK),
    Action("table.down", "j,down", "Down", "Next task", _MOVE),
    Action("table.up", "k,up", "Up", "Previous task", _MOVE),
    Action("table.page_down", "pagedown,space", "Page down", "A page of tasks on", _MOVE),
    Action("table.page_up", "pageup,b", "Page up", "A page of tasks back", _MOVE),
    Action("table.first", "g,home", "Top", "First task", _MOVE),
    Action("table.last", "G,end", "Bottom", "Last task", _MOVE),
    Action("table.open", "enter", "Open", "The task in full", _LOOK),
    Action("reviewed.close", "escape,d,q", "Back", "Back to the review", _MOVE, True),
    Action("reviewed.next", "n,J", "Next task", "The same of it", _MOVE, True, "neighbour(1)"),
    Action("reviewed.previous", "p,K", "Task before", "And back", _MOVE, True, "neighbour(-1)"),
    Action("fields.edit", "enter,e", "Edit", "Type another value", _ASK, True),
    Action("fields.down", "j,down", "Down", "Next field", _MOVE),
    Action("fields.up", "k,up", "Up", "Previous field", _MOVE),
    Action("modify.exclude", "x", "Leave out", "The task, or take it in again", _ASK, True),
    Action("modify.exclude_all", "X", "With all", "Also every task that needs it", _ASK, True),
    Action("modify.undo", "u", "Undo", "Take the last change back", _ASK, True),
    Action("modify.next", "n,J", "Next task", "Change the next task", _MOVE, True, "neighbour(1)"),
    Action("modify.previous", "p,K", "Task before", "And back", _MOVE, False, "neighbour(-1)"),
    Action("modify.more", "plus,equals_sign", "More", "One agent more", _ASK, True, "turn(1)"),
    Action("modify.fewer", "minus", "Fewer", "One agent fewer", _ASK, False, "turn(-1)"),
    Action("modify.mode", "t", "Mode", "Wave by wave, or streaming", _ASK, True),
    Action("modify.when", "v", "When", "The gate after waves, or at the end", _ASK, True),
    Action("modify.back", "escape", "Done", "Keeps the changes and closes", _ASK, True),
    Action("dialog.later", "escape", "Later", "Decide later; it waits in the inbox", _ASK, True),
    Action("dialog.page_down", "pagedown,ctrl+d", "More", "Scroll the evidence", _MOVE, True),
    Action("dialog.page_up", "pageup,ctrl+u", "Back", "Scroll the evidence back", _MOVE),
    Action("dialog.edit_files", "E", "Editor", "The conflicted files in $EDITOR", _ASK, True),
    Action("choices.cursor_down", "j,down", "Down", "Next answer", _MOVE),
    Action("choices.cursor_up", "k,up", "Up", "Previous answer", _MOVE),
    Action("choices.select", "enter", "Take it", "Give the marked answer", _ASK, True),
    Action("detail.close", "escape,d", "Back", "Back to the board", _MOVE, True),
    Action("detail.story", "1", "Story", "What happened, in order", _LOOK, False, "page('story')"),
    Action(
        "detail.prompt", "2", "Prompt", "What the agent is told", _LOOK, False, "page('prompt')"
    ),
    Action("detail.files", "3", "Files", "Checks and files", _LOOK, False, "page('files')"),
    Action("detail.attempts", "4", "Attempts", "Each try", _LOOK, False, "page('attempts')"),
    Action("detail.diff", "6", "Diff", "What it has changed so far", _LOOK, False, "page('diff')"),
    Action("detail.copy", "y", "Copy", "The line that opens its session", _LOOK, True),
    Action("detail.marker", "5", "Marker", "Completion document", _LOOK, False, "page('marker')"),
    Action("detail.next_page", "tab,right", "Next page", "The page to the right", _MOVE),
    Action("detail.previous_page", "shift+tab,left", "Page before", "To the left", _MOVE),
    Action(
        "detail.next_task",
        "n,J",
        "Next task",
        "The same of the next task",
        _MOVE,
        True,
        "neighbour(1)",
    ),
    Action(
        "detail.previous_task",
        "p,K",
        "Task before",
        "And of the one before",
        _MOVE,
        True,
        "neighbour(-1)",
    ),
    Action("pager.down", "j,down", "Down", "One line down", _MOVE),
    Action("pager.up", "k,up", "Up", "One line up", _MOVE),
    Action("pager.page_down", "pagedown,space", "Page down", "One page down", _MOVE),
    Action("pager.page_up", "pageup,ctrl+b", "Page up", "One page up", _MOVE),
    Action("pager.top", "g,home", "Top", "To the start", _MOVE),
    Action("pager.bottom", "G,end", "Bottom", "To the end", _MOVE),
    Action("views.board", "escape,1,2,q", "Board", "Back to the board, on this task", _MOVE, True),
    Action("views.log", "3,l", "Log", "The task's log", _LOOK, True, "board('logs')"),
    Action("views.details", "d", "Details", "The task's pages", _LOOK, True),
    Action(
        "views.next",
        "tab,right_square_bracket",
        "Next page",
        "The page to the right",
        _MOVE,
        True,
        "step(1)",
    ),
    Action(
        "views.previous",
        "shift+tab,left_square_bracket",
        "Page before",
        "To the left",
        _MOVE,
        False,
        "step(-1)",
    ),
    Action("views.zoom", "z", "Zoom", "Time 1, 2, 4 or 8 times as wide", _LOOK, True),
    Action("views.find", "slash", "Find task", "Any task, by a few letters", _MOVE, True),
    Action("sheet.down", "j,down", "Down", "Next line", _MOVE),
    Action("sheet.up", "k,up", "Up", "Line before", _MOVE),
    Action("sheet.page_down", "pagedown,space,ctrl+d", "Page down", "One page down", _MOVE),
    Action("sheet.page_up", "pageup,b,ctrl+u", "Page up", "One page up", _MOVE),
    Action("sheet.top", "g,home", "Top", "First line", _MOVE),
    Action("sheet.bottom", "G,end", "Bottom", "Last line", _MOVE),
    Action("sheet.right", "L,right", "Right", "Look further right", _MOVE, False, "pan(1)"),
    Action("sheet.left", "H,left", "Left", "And back", _MOVE, False, "pan(-1)"),
    Action("sheet.open", "enter", "Open", "The task's pages", _LOOK),
    Action("graph.left", "h,left", "Needs", "Along a line, to what it needs", _MOVE),
    Action("graph.right", "l,right", "Needed by", "Along a line, to what needs it", _MOVE),
    Action("graph.down", "j,down", "Down", "The task below", _MOVE),
    Action("graph.up", "k,up", "Up", "The task above", _MOVE),
    Action("graph.first", "g,home", "First", "The first task of the plan", _MOVE),
    Action("graph.last", "G,end", "Last", "The last task of the plan", _MOVE),
    Action("graph.open", "enter", "Open", "The task's pages", _LOOK),
    Action("replay.play", "p", "Play", "Play or pause", _RUN, True),
    Action(
        "replay.slower", "left_parenthesis", "Slower", "1 to 100 times", _RUN, True, "speed(-1)"
    ),
    Action(
        "replay.faster", "right_parenthesis", "Faster", "1 to 100 times", _RUN, True, "speed(1)"
    ),
    Action("replay.back", "comma", "Back", "A twentieth of the run back", _RUN, True, "scrub(-1)"),
    Action("replay.on", "full_stop", "On", "A twentieth of the run on", _RUN, True, "scrub(1)"),
    Action(
        "replay.event_back", "less_than_sign", "Event before", "And pause", _RUN, False, "event(-1)"
    ),
    Action(
        "replay.event_on", "greater_than_sign", "Next event", "And pause", _RUN, False, "event(1)"
    ),
    Action("replay.start", "left_curly_bracket", "Start", "To the start", _RUN, False, "ends(0)"),
    Action("replay.end", "right_curly_bracket", "End", "To the end", _RUN, False, "ends(1)"),
    Action("history.open", "enter", "Open", "Play that run again, or attach", _LOOK, True),
    Action("history.close", "escape,q,H", "Back", "Back to the board", _MOVE, True),
    Action("summary.board", "b,escape", "Board", "Back to the board", _MOVE, True),
    Action("inbox.close", "escape,i,q", "Close", "Back; nothing is decided", _MOVE, True),
    Action("help.close", "escape,question_mark,q", "Close", "Back", _MOVE, True),
)

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
    "choices": "Its answers",
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
            show=action.show_in_footer,
            tooltip=action.tooltip,
            id=action.id,
        )
        for action in ACTIONS
        if action.where == scope
    ]
