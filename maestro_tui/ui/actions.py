"""Every action there is: one table that feeds keys, footer, help and palette.

An action's ``id`` is ``scope.method``; the scope's class has ``action_method``. Keys can be changed
in the configuration by id.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from textual.binding import Binding, BindingType
from textual.keys import Keys


@dataclass(frozen=True, slots=True)
class Action:
    """Something the user can do with one key."""

    id: str
    keys: str  # comma-separated, the first is the one shown
    title: str
    tooltip: str
    group: str
    show_in_footer: bool = False
    display: str = ""  # how the keys are written, where not as Textual would
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
    # The board's footer shows these in this order: what matters most survives a narrow screen.
    Action("board.leave", "q,ctrl+q,ctrl+c", "Quit", "Leave, stop, or stay", _RUN, True),
    Action("board.help", "question_mark", "Help", "Every key and what it does", _LOOK, True, "?"),
    Action("board.inbox", "i", "Inbox", "Every question that waits for you", _ASK, True),
    Action(
        "board.details", "d", "Details", "The selected task's story, prompt, marker", _LOOK, True
    ),
    Action("board.zoom", "z", "Zoom", "This panel on the whole screen, and back", _LOOK, True),
    Action("board.plan", "1", "Plan", "Go to the plan tree", _MOVE, True, call="panel('tree')"),
    Action("board.waves", "2", "Waves", "Go to the wave board", _MOVE, True, call="panel('waves')"),
    Action(
        "board.log",
        "3,l",
        "Log",
        "Go to the selected task's log",
        _MOVE,
        True,
        call="panel('logs')",
    ),
    Action(
        "board.more_agents", "plus,equals_sign", "More", "One agent more at once", _RUN, True, "+"
    ),
    Action("board.fewer_agents", "minus", "Fewer", "One agent fewer at once", _RUN, True, "-"),
    Action("board.next_question", "a", "Answer", "The question that blocks most", _ASK),
    Action("board.next_active", "n", "Next agent", "Select the next task that is moving", _MOVE),
    Action("board.retry", "r", "Retry", "Do a given-up task after all", _RUN),
    Action("board.resume", "R", "Resume", "Start an engine when none works on the run", _RUN),
    Action("board.drain", "S", "Drain", "Stop once the running agents are done", _RUN),
    Action("board.abort", "X", "Abort", "End the run for good; asked again first", _RUN),
    Action("board.summary", "s", "Summary", "Figures of the run so far", _LOOK),
    Action("board.palette", "colon", "Commands", "Find any action by name", _LOOK, False, ":"),
    Action("tree.cursor_down", "j", "Down", "Next line", _MOVE),
    Action("tree.cursor_up", "k", "Up", "Previous line", _MOVE),
    Action("tree.scroll_home", "g", "Top", "First line", _MOVE),
    Action("tree.scroll_end", "G", "Bottom", "Last line", _MOVE),
    Action("waves.left", "h,left", "Left", "Previous wave", _MOVE, False, "h ←"),
    Action("waves.down", "j,down", "Down", "Next task of the wave", _MOVE, False, "j ↓"),
    Action("waves.up", "k,up", "Up", "Previous task of the wave", _MOVE, False, "k ↑"),
    Action("waves.right", "l,right", "Right", "Next wave", _MOVE, False, "l →"),
    Action("waves.first", "g,home", "Top", "First task of the wave", _MOVE),
    Action("waves.last", "G,end", "Bottom", "Last task of the wave", _MOVE),
    Action("waves.open", "enter", "Open", "Details of the task", _LOOK),
    Action("dialog.later", "escape", "Later", "Decide later; it waits in the inbox", _ASK, True),
    Action("dialog.page_down", "pagedown,ctrl+d", "More", "Scroll the evidence", _MOVE, True),
    Action("dialog.page_up", "pageup,ctrl+u", "Back", "Scroll the evidence back", _MOVE),
    Action("dialog.edit_files", "E", "Editor", "Open the conflicted files in $EDITOR", _ASK, True),
    Action("choices.cursor_down", "j,down", "Down", "Next answer", _MOVE, False, "j ↓"),
    Action("choices.cursor_up", "k,up", "Up", "Previous answer", _MOVE, False, "k ↑"),
    Action("choices.select", "enter", "Take it", "Give the highlighted answer", _ASK),
    Action("detail.close", "escape,q", "Back", "Back to the board", _MOVE, True),
    Action("detail.help", "question_mark", "Help", "Every key", _LOOK, True, "?"),
    Action(
        "detail.story", "1", "Story", "What happened, in order", _LOOK, True, call="page('story')"
    ),
    Action(
        "detail.prompt",
        "2",
        "Prompt",
        "What the agent was told",
        _LOOK,
        True,
        call="page('prompt')",
    ),
    Action(
        "detail.files",
        "3",
        "Files",
        "Owned and changed files, checks",
        _LOOK,
        True,
        call="page('files')",
    ),
    Action(
        "detail.attempts",
        "4",
        "Attempts",
        "Each try and its session",
        _LOOK,
        True,
        call="page('attempts')",
    ),
    Action(
        "detail.marker",
        "5",
        "Marker",
        "The completion document",
        _LOOK,
        True,
        call="page('marker')",
    ),
    Action("detail.next_page", "tab,right", "Next", "Next page", _MOVE),
    Action("detail.previous_page", "shift+tab,left", "Previous", "Previous page", _MOVE),
    Action(
        "detail.next_task",
        "n,J",
        "Next task",
        "The next task's details",
        _MOVE,
        True,
        call="neighbour(1)",
    ),
    Action(
        "detail.previous_task",
        "p,K",
        "Previous task",
        "The task before",
        _MOVE,
        True,
        call="neighbour(-1)",
    ),
    Action("pager.down", "j,down", "Down", "One line down", _MOVE, False, "j ↓"),
    Action("pager.up", "k,up", "Up", "One line up", _MOVE, False, "k ↑"),
    Action("pager.page_down", "pagedown,space", "Page", "One page down", _MOVE),
    Action("pager.page_up", "pageup,b", "Page up", "One page up", _MOVE),
    Action("pager.top", "g,home", "Top", "To the start", _MOVE),
    Action("pager.bottom", "G,end", "Bottom", "To the end", _MOVE),
    Action("summary.leave", "q,ctrl+q,ctrl+c", "Quit", "Leave; the run is over", _RUN, True),
    Action("summary.board", "b,escape", "Board", "Back to the board", _MOVE, True),
    Action("summary.help", "question_mark", "Help", "Every key", _LOOK, True, "?"),
    Action("inbox.close", "escape,i,q", "Close", "Back; nothing is decided", _MOVE, True),
    Action("help.close", "escape,question_mark,q", "Close", "Back", _MOVE, True, "Esc"),
)

SCOPES = {
    "board": "Everywhere on the board",
    "tree": "Plan tree",
    "waves": "Wave board",
    "logs": "Log",
    "dialog": "A question",
    "choices": "Its answers",
    "detail": "Task details",
    "pager": "Long texts",
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
            key_display=action.display or None,
            tooltip=action.tooltip,
            id=action.id,
        )
        for action in ACTIONS
        if action.where == scope
    ]


_WRITTEN = {
    "question_mark": "?",
    "plus": "+",
    "equals_sign": "=",
    "minus": "-",
    "colon": ":",
    "escape": "Esc",
    "enter": "Enter",
    "space": "Space",
    "tab": "Tab",
    "pagedown": "PgDn",
    "pageup": "PgUp",
    "home": "Home",
    "end": "End",
    "up": "↑",
    "down": "↓",
    "left": "←",
    "right": "→",
    "slash": "/",
}


def shown_keys(action: Action, keymap: Mapping[str, str] | None = None) -> str:
    """The keys of an action as people write them."""
    keys = (keymap or {}).get(action.id, action.keys).split(",")
    return " ".join(_written(key) for key in keys)


def _written(key: str) -> str:
    *modifiers, name = key.split("+")
    short = {"ctrl": "^", "shift": "⇧", "alt": "⌥"}
    return "".join(short.get(m, m) for m in modifiers) + _WRITTEN.get(name, name)


def keymap_problems(keymap: Mapping[str, Iterable[str]]) -> list[str]:
    """What is wrong with a configured keymap; Textual itself takes anything silently."""
    known = {a.id: a for a in ACTIONS}
    problems = []
    taken: dict[tuple[str, str], str] = {}
    for action in ACTIONS:
        for key in keymap.get(action.id, action.keys.split(",")):
            other = taken.setdefault((action.where, key), action.id)
            if other != action.id:
                problems.append(f"key {key}: both {other} and {action.id}; change one of them")
    for name, keys in keymap.items():
        if name not in known:
            problems.append(f"no action is called {name!r}; press ? for those there are")
        problems += [f"{name}: no key is called {key!r}" for key in keys if not is_key(key)]
    return problems


def is_key(key: str) -> bool:
    """Whether Textual can ever send this key."""
    *modifiers, name = key.split("+") if key != "+" else [key]
    if any(m not in ("ctrl", "shift", "alt", "super") for m in modifiers):
        return False
    return len(name) == 1 or name in _NAMED


_SYMBOLS = """
    question_mark plus minus equals_sign colon semicolon comma full_stop slash backslash space tab
    underscore asterisk exclamation_mark at number_sign dollar_sign percent_sign circumflex_accent
    ampersand left_parenthesis right_parenthesis apostrophe quotation_mark less_than_sign
    greater_than_sign vertical_line tilde grave_accent left_square_bracket right_square_bracket
    left_curly_bracket right_curly_bracket
"""
_NAMED = frozenset(k.value for k in Keys) | frozenset(_SYMBOLS.split())
