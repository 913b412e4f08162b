"""What people ask of a run, as the facts its machine understands."""

from __future__ import annotations

import time

from maestro_tui.core import events as e
from maestro_tui.engine.journal import Request


def event_of(request: Request) -> e.Event | None:
    """The fact that this was asked for; None for what this version does not know."""
    data, at = request.data, time.time()
    match request.kind:
        case "decide":
            return e.DecisionMade(
                at=at,
                question=request.key,
                answer=str(data.get("answer", "")),
                text=str(data.get("text", "")),
                by=request.by,
            )
        case "stop":
            return e.StopRequested(at=at, mode=str(data.get("mode", "checkpoint")), by=request.by)
        case "parallel":
            return e.ParallelChanged(at=at, limit=int(data.get("limit", 1)))
        case "rollback":
            return e.RollbackRequested(at=at, to=str(data.get("to", "")), by=request.by)
        case "instruct":
            return e.InstructionGiven(
                at=at,
                task=str(data.get("task", "")),
                kind=str(data.get("kind", "message")),
                text=str(data.get("text", "")),
                by=request.by,
            )
        case "retry":
            return e.RetryRequested(
                at=at, task=str(data.get("task", "")), text=str(data.get("text", ""))
            )
    return None
