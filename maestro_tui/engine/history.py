"""What earlier runs of a repository took, for the estimates of the next one.

Only what was merged counts: an attempt that failed, was stopped or lost its runner says nothing
about how long the work takes. Rehearsals are no measure for agents, nor agents for rehearsals.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from maestro_tui.engine.schema import SCHEMA_VERSION
from maestro_tui.plans.estimates import Known, agent_figure, task_figure
from maestro_tui.plans.prices import PriceTable

NEWEST = 20  # runs: older ones tell of agents and code there no longer are
_TOKENS = ("input", "output", "cache_read", "cache_write")
_RUNS = "SELECT run FROM session ORDER BY created_at DESC, rowid DESC LIMIT ?"
_EVENTS = (
    "SELECT kind, task, attempt, at, data FROM event WHERE run = ? AND kind IN "
    "('RunCreated', 'AgentStarted', 'AgentEnded', 'Merged', 'DecisionMade') ORDER BY seq"
)


@dataclass(frozen=True, slots=True)
class Finished:
    """One task an earlier run merged, and what its agent took for it."""

    run: str
    key: str
    title: str
    agent: str
    rehearsed: bool
    seconds: float
    tokens: float


def earlier_runs(
    db: Path, *, rehearsed: bool = False, prices: PriceTable | None = None, newest: int = NEWEST
) -> Known:
    """The medians of what a repository's newest runs took, by task and by agent."""
    return medians((f for f in finished(db, newest) if f.rehearsed is rehearsed), prices)


def medians(found: Iterable[Finished], prices: PriceTable | None = None) -> Known:
    """One figure for each task and each agent; a single odd run moves none of them far."""
    seconds: dict[str, list[float]] = {}
    tokens: dict[str, list[float]] = {}
    runs = set()
    for one in found:
        runs.add(one.run)
        names = [task_figure(one.key, one.title, one.agent)]
        names += [agent_figure(one.agent)] if one.agent else []
        for name in names:
            if one.seconds > 0:
                seconds.setdefault(name, []).append(one.seconds)
            if one.tokens > 0:
                tokens.setdefault(name, []).append(one.tokens)
    return Known(
        seconds={name: _median(values) for name, values in seconds.items()},
        tokens={name: _median(values) for name, values in tokens.items()},
        prices=prices,
        runs=len(runs),
    )


def _median(values: list[float]) -> float:
    # The statistics module would cost more time at the start than all of this.
    ordered = sorted(values)
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2


def finished(db: Path, newest: int = NEWEST) -> list[Finished]:
    """What the newest runs merged; of a journal that cannot be read, what can.

    An estimate is not worth a refusal: a run says by itself when its journal is broken.
    """
    if not db.is_file():
        return []
    found: list[Finished] = []
    try:
        connection = sqlite3.connect(f"{db.absolute().as_uri()}?mode=ro", uri=True, timeout=1.0)
    except (sqlite3.Error, ValueError):
        return found
    try:
        if connection.execute("PRAGMA user_version").fetchone()[0] > SCHEMA_VERSION:
            return found
        for (run,) in connection.execute(_RUNS, (newest,)).fetchall():
            try:
                found += _of_run(str(run), connection.execute(_EVENTS, (run,)))
            except (ValueError, TypeError, KeyError, AttributeError):
                continue  # written by a version that wrote it differently
    except sqlite3.Error:
        return found
    finally:
        connection.close()
    return found


class _Run:
    """Reads the events of one run in their order."""

    def __init__(self, run: str) -> None:
        self.run = run
        self.tasks: dict[str, tuple[str, str]] = {}  # id: key, title
        self.agents: dict[str, str] = {}  # as assigned, later as the user swapped them
        self.drivers: dict[str, str] = {}
        self.started: dict[tuple[str, int], tuple[float, str]] = {}  # when, and by whom
        self.ended: dict[tuple[str, int], tuple[float, float]] = {}  # seconds, tokens
        self.found: dict[str, Finished] = {}

    def created(self, data: dict[str, Any]) -> None:
        strategy = data["strategy"]
        for task in strategy["plan"].get("tasks", ()):
            self.tasks[task["id"]] = (str(task.get("key", "")), str(task.get("title", "")))
        for assignment in strategy["assignments"]:
            name = assignment["task"]
            self.agents[name] = str(assignment.get("agent", ""))
            self.drivers[name] = str(assignment.get("driver", "command"))

    def decided(self, data: dict[str, Any]) -> None:
        if data.get("answer") != "swap":
            return
        question = str(data.get("question", ""))
        for name, (key, _) in self.tasks.items():
            if question.rpartition("-")[0] == f"fail-{key}":
                self.agents[name] = str(data.get("text", "")).strip()

    def start(self, task: str, attempt: int, at: float) -> None:
        self.started.setdefault((task, attempt), (at, self.agents.get(task, "")))

    def end(self, task: str, attempt: int, at: float, data: dict[str, Any]) -> None:
        if data.get("ok") is not True or (task, attempt) not in self.started:
            return
        usage = data.get("usage") or {}
        tokens = sum(float(usage.get(name) or 0) for name in _TOKENS)
        self.ended[task, attempt] = (at - self.started[task, attempt][0], tokens)

    def merged(self, task: str, attempt: int) -> None:
        # The first time only: what follows a gate's failure or a roll-back mends finished work.
        if task in self.found or (task, attempt) not in self.ended:
            return
        seconds, tokens = self.ended[task, attempt]
        key, title = self.tasks[task]
        agent = self.started[task, attempt][1]
        rehearsed = self.drivers[task] == "rehearsal"
        self.found[task] = Finished(self.run, key, title, agent, rehearsed, seconds, tokens)


def _of_run(run: str, rows: Iterable[tuple[Any, ...]]) -> list[Finished]:
    reader = _Run(run)
    for kind, task, attempt, at, data in rows:
        if kind == "RunCreated":
            reader.created(json.loads(data))
        elif kind == "DecisionMade":
            reader.decided(json.loads(data))
        elif kind == "AgentStarted":
            reader.start(task, attempt, at)
        elif kind == "AgentEnded":
            reader.end(task, attempt, at, json.loads(data))
        elif kind == "Merged":
            reader.merged(task, attempt)
    return list(reader.found.values())
