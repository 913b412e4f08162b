"""What an agent had done when its runner was killed, as the attempt's log tells it.

The program's own transcript is written with a delay: the last steps before a kill may be missing
there, and would be done again.
"""

from __future__ import annotations

from collections import deque

from maestro_tui.agents.stream import StreamParser

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

AGAIN = (
    "You were interrupted and go on in the same session and directory. What you have finished is "
    "done: do not repeat it. Where the outcome of your last step is unknown, look first. Then go "
    "on with your task to its end."
)
ANEW = (
    "\n\nAn earlier session of yours over this task was cut off; the working directory is as it "
    "left it. Look at what is there first, and do not repeat what is finished."
)
_SHOWN = 25
_LONG = 200


def finished_steps(log: str) -> list[str]:
    """The last tool calls that came to an end, oldest first: what was done, and how it went."""
    done: deque[str] = deque(maxlen=_SHOWN)
    waiting: deque[dict[str, Any]] = deque()
    parser = StreamParser()
    try:
        with open(log, "rb") as file:
            for line in file:
                for event in parser.feed(line.decode("utf-8", "replace")) or ():
                    if event["kind"] == "tool":
                        waiting.append(event)
                    elif event["kind"] == "tool_result" and waiting:
                        call = waiting.popleft()
                        how = "" if event["ok"] else " (failed)"
                        words = f"{call['name']} {call['summary']}".split()
                        done.append(" ".join(words)[:_LONG] + how)
    except OSError:
        return []
    return list(done)


def reminder(log: str) -> str:
    """These steps in words for the agent; empty when there are none."""
    steps = finished_steps(log)
    if not steps:
        return ""
    listed = "\n".join(f"- {step}" for step in steps)
    return f"\n\nThese steps were finished before the interruption, oldest first:\n{listed}"
