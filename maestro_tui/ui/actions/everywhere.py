"""What one can do wherever one is: to the run, to an agent, and which screen to see."""

from __future__ import annotations

from maestro_tui.ui.actions.action import ANSWER, LOOK, MOVE, RUN, Action

EVERYWHERE: tuple[Action, ...] = (
    Action("app.leave", "q,ctrl+q,ctrl+c", "Quit", "Leave, stop, or stay", RUN, footer=True),
    Action("app.help", "question_mark", "Help", "Every key and what it does", LOOK, footer=True),
    Action("app.inbox", "i", "Inbox", "Every question that waits for you", ANSWER, footer=True),
    Action("app.answer", "a", "Answer", "Open the question that blocks most", ANSWER, footer=True),
    Action(
        "app.more_agents", "plus,equals_sign", "More", "One agent more at once", RUN, footer=True
    ),
    Action("app.fewer_agents", "minus", "Fewer", "One agent fewer at once", RUN, footer=True),
    Action("app.resume", "R", "Resume", "Start an engine when none works on the run", RUN),
    Action("app.drain", "S", "Drain", "Stop after the running agents; asked again", RUN),
    Action("app.rollback", "Z", "Go back", "To an earlier point; shows what it drops", RUN),
    Action("app.abort", "X", "Abort", "End the run for good; asked again", RUN),
    Action("app.summary", "s", "Summary", "The figures of the run so far", LOOK),
    Action(
        "app.progress",
        "4,f5",
        "Progress",
        "What runs, waits and why, is done",
        LOOK,
        call="view('progress')",
    ),
    Action(
        "app.cost", "5", "Cost", "Tokens and money by task, wave, agent", LOOK, call="view('cost')"
    ),
    Action(
        "app.limits", "6", "Limits", "Slots, time-outs, the machine", LOOK, call="view('limits')"
    ),
    Action("app.timeline", "7", "Timeline", "Who worked when", LOOK, call="view('timeline')"),
    Action("app.graph", "8", "Graph", "What depends on what", LOOK, call="view('graph')"),
    Action(
        "app.conflicts",
        "9",
        "Conflicts",
        "Tasks that write the same files",
        LOOK,
        call="view('conflicts')",
    ),
    Action("app.history", "H", "History", "All runs of this repository", LOOK),
    Action("app.tell", "c", "Tell", "Say something to the task's running agent", RUN),
    Action("app.agent", "A", "Agent", "Pause, stop, restart it, another model", RUN),
    Action("app.jump", "at,ctrl+t", "Go to task", "Any task, by a few letters of its name", MOVE),
    Action("app.picture", "P", "Picture", "Save the screen as an SVG picture", LOOK),
    Action("app.suspend_process", "ctrl+z", "Suspend", "To the shell; fg comes back", RUN),
    Action("app.commands", "colon,ctrl+p", "Commands", "Find any action by its name", LOOK),
    Action("replay.play", "p", "Play", "Play or pause", RUN, footer=True),
    Action(
        "replay.slower",
        "left_parenthesis",
        "Slower",
        "1 to 100 times",
        RUN,
        footer=True,
        call="speed(-1)",
    ),
    Action(
        "replay.faster",
        "right_parenthesis",
        "Faster",
        "1 to 100 times",
        RUN,
        footer=True,
        call="speed(1)",
    ),
    Action(
        "replay.back",
        "comma",
        "Back",
        "A twentieth of the run back",
        RUN,
        footer=True,
        call="scrub(-1)",
    ),
    Action(
        "replay.on",
        "full_stop",
        "On",
        "A twentieth of the run on",
        RUN,
        footer=True,
        call="scrub(1)",
    ),
    Action(
        "replay.event_back", "less_than_sign", "Event before", "And pause", RUN, call="event(-1)"
    ),
    Action("replay.event_on", "greater_than_sign", "Next event", "And pause", RUN, call="event(1)"),
    Action("replay.start", "left_curly_bracket", "Start", "To the start", RUN, call="ends(0)"),
    Action("replay.end", "right_curly_bracket", "End", "To the end", RUN, call="ends(1)"),
)
