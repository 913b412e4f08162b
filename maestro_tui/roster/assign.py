"""From a task to its assignment: agent, role, marker, owned files, time allowed.

Routing answers who; this adds everything else the review shows and the engine runs with.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from maestro_tui.plans.globs import as_scope
from maestro_tui.plans.model import Assignment, Task
from maestro_tui.roster.definitions import AgentDefinition
from maestro_tui.roster.discovery import Roster
from maestro_tui.roster.routing import DEFAULT_WEIGHTS, Weights, route

DEFAULT_TIMEOUT_S = 1800.0

# Drivers that choose no model themselves: a definition's wish would be shown and not honoured.
_MODEL_BLIND = frozenset({"command", "rehearsal"})

_MARKER = re.compile(r"[A-Za-z0-9][\w.-]{0,99}")


def assigner(
    roster: Roster,
    *,
    driver: str,
    model: str = "",
    timeout_s: float | None = None,
    retries: int | None = None,
    weights: Weights = DEFAULT_WEIGHTS,
) -> Callable[[Task], Assignment]:
    """A function that gives each task its assignment; explicit values beat the definitions'."""

    def assign(task: Task) -> Assignment:
        match = route(task, roster, weights=weights)
        definition = roster.get(match.agent) or roster.general
        second = f"{match.runner_up} ({match.runner_up_score:.0f})" if match.runner_up else ""
        return Assignment(
            task=task.id,
            agent=match.agent,
            agent_reason=match.reason,
            runner_up=second,
            role=definition.body,
            driver=driver,
            model=_model(task, definition, driver, model),
            marker=marker_for(task, definition),
            owned=_owned(task, definition, named=match.rung in ("named", "nearest")),
            timeout_s=_first(timeout_s, definition.timeout_s, DEFAULT_TIMEOUT_S),
            retries=int(_first(retries, definition.retries, 0)),
            verify=task.verify,
        )

    return assign


def marker_for(task: Task, definition: AgentDefinition) -> str:
    """The completion document's name: the task's, the definition's, else made from the id.

    A name from a plan that is not a plain file name is not used: the marker is watched for, read
    and deleted, so it must stay inside the working directory.
    """
    for name in (task.marker, definition.marker):
        if name and _MARKER.fullmatch(name):
            return name
    return re.sub(r"[^A-Z0-9]", "_", task.id.upper()) + "_COMPLETE.md"


def _owned(task: Task, definition: AgentDefinition, *, named: bool) -> tuple[str, ...]:
    if task.files:
        scopes = (as_scope(path) for path in task.scope)
        files = (*task.create, *task.modify, *task.delete, *task.test, *scopes)
        return tuple(dict.fromkeys(files))
    if named and definition.owns:
        return definition.owns
    return ("**",)


def _model(task: Task, definition: AgentDefinition, driver: str, explicit: str) -> str:
    stated = explicit or task.model
    if stated or driver in _MODEL_BLIND:
        return stated
    return "" if definition.model in ("inherit", "default") else definition.model


def _first(*values: float | None) -> float:
    return next(value for value in values if value is not None)
