"""The folder of an attempt: everything its runner needs, written before it starts."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from maestro_tui.agents import files
from maestro_tui.config.paths import attempt_dir
from maestro_tui.core.state import Attempt, RunState, TaskRun
from maestro_tui.engine.driver_options import driver_options
from maestro_tui.engine.markers import read_marker
from maestro_tui.engine.provision import ports_of
from maestro_tui.roster.definitions import AgentDefinition
from maestro_tui.roster.discovery import Roster
from maestro_tui.roster.prompts import DependencyDoc, build_prompt

StepsFor = Callable[[str, int], list[dict[str, Any]]]
FindAgent = Callable[[str], AgentDefinition]


def find_agent(roster: Roster, name: str) -> AgentDefinition:
    """The definition a person asked for; LookupError names the nearest, and all there are."""
    found = roster.get(name)
    if found is None:
        near = roster.nearest(name)
        nearest = f"; nearest: {near.name}" if near else ""
        names = ", ".join(d.name for d in roster.definitions)
        raise LookupError(f"there is no agent {name!r}{nearest}\nThere are: {names}")
    return found


@dataclass(frozen=True, slots=True)
class AttemptFolder:
    """Paths of one attempt."""

    path: Path

    @classmethod
    def of(cls, state: RunState, task: TaskRun, attempt: Attempt) -> AttemptFolder:
        """The folder of that attempt in its repository."""
        return cls(attempt_dir(Path(state.repo), state.run, task.task.key, attempt.number))

    @property
    def spec(self) -> Path:
        """What the runner is to do."""
        return self.path / "spec.json"

    @property
    def events(self) -> Path:
        """What the runner reports."""
        return self.path / "events.jsonl"

    @property
    def log(self) -> Path:
        """The agent's raw output."""
        return self.path / "output.log"

    @property
    def result(self) -> Path:
        """How the runner ended; its last act."""
        return self.path / "result.json"

    @property
    def dependencies(self) -> Path:
        """The completion documents of the task's dependencies."""
        return self.path / "dependencies"

    def marker(self, name: str) -> Path:
        """The attempt's own completion document, kept after the worktree is gone."""
        return self.path / "marker" / name

    def read_result(self) -> dict[str, Any] | None:
        """The runner's result, once there is one."""
        try:
            data = json.loads(self.result.read_bytes())
        except (OSError, ValueError):
            return None
        return data if isinstance(data, dict) else None


def write_atomically(path: Path, data: bytes) -> None:
    """All of it or nothing, also across a power cut."""
    temporary = path.with_name(path.name + ".tmp")
    with temporary.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    os.replace(temporary, path)


def prepare(
    state: RunState,
    task: TaskRun,
    attempt: Attempt,
    steps_for: StepsFor | None,
    find_agent: FindAgent,
) -> AttemptFolder:
    """Write prompt, dependencies' documents and spec; the spec comes last and makes it valid."""
    folder = AttemptFolder.of(state, task, attempt)
    if folder.spec.exists():
        return folder
    folder.path.mkdir(parents=True, exist_ok=True)
    folder.dependencies.mkdir(exist_ok=True)
    documents = _dependencies(state, task, folder)
    (folder.path / "prompt.md").write_text(
        _prompt(state, task, attempt, documents, find_agent),
        encoding="utf-8",
        errors="surrogateescape",  # names of files need not be UTF-8
    )
    assignment = task.assignment
    spec: dict[str, Any] = {
        "schema": 1,
        "run": state.run,
        "task": task.id,
        "key": task.task.key,
        "title": task.task.title,
        "attempt": attempt.number,
        "driver": assignment.driver,
        "agent": attempt.agent,
        "command": list(state.options.agent_command),
        "steps": steps_for(task.id, attempt.number) if steps_for else [],
        "worktree": attempt.worktree,
        "prompt": str(folder.path / "prompt.md"),
        "marker": assignment.marker,
        "owned": list(task.owned),
        "create": list(task.task.create),
        "dependencies": str(folder.dependencies),
        "verify": list(assignment.verify),
        "forbidden": list(state.strategy.plan.forbidden) if state.strategy else [],
        "options": driver_options(state, task, attempt, folder.path, find_agent),
        "timeout_s": assignment.timeout_s,
        "grace_s": 5.0,
        # An agent that loses its .git must not find the user's checkout around its worktree.
        "env": {
            "GIT_CEILING_DIRECTORIES": str(Path(attempt.worktree).parent),
            **ports_of(state, attempt.worktree),
        },
    }
    write_atomically(folder.spec, json.dumps(spec, indent=1).encode())
    return folder


def reopen(folder: AttemptFolder, number: int) -> None:
    """Set aside how the attempt ended when it was stopped, and the words that stopped it: the next
    runner goes on in the same session.

    Before anything new is said to it. The result goes last, so that a crash in between is made good
    by the next call.
    """
    kept = folder.path / f"result.{number}.json"
    if kept.exists() or not folder.result.exists():
        return
    control = folder.path / files.CONTROL
    if control.exists():
        os.replace(control, folder.path / f"control.{number}.jsonl")
    os.replace(folder.result, kept)


def _prompt(
    state: RunState,
    task: TaskRun,
    attempt: Attempt,
    documents: list[DependencyDoc],
    find_agent: FindAgent,
) -> str:
    strategy = state.strategy
    assert strategy is not None
    assignment = replace(task.assignment, owned=task.owned)
    if attempt.agent != assignment.agent:
        definition = find_agent(attempt.agent)
        assignment = replace(assignment, agent=attempt.agent, role=definition.body)
    return build_prompt(
        strategy.plan,
        strategy,
        assignment,
        attempt=attempt.number,
        instructions=attempt.instructions,
        failure=attempt.failure,
        dependencies=documents,
    )


def completion(state: RunState, task: TaskRun) -> tuple[Path, str, Attempt] | None:
    """A merged task's completion document, where it lies, and the attempt that wrote it."""
    accepted = next((a for a in reversed(task.attempts) if a.outcome == "merged"), None)
    if accepted is None:
        return None
    marker = AttemptFolder.of(state, task, accepted).marker(task.assignment.marker)
    return (marker, read_marker(marker), accepted) if marker.is_file() else None


def _dependencies(state: RunState, task: TaskRun, folder: AttemptFolder) -> list[DependencyDoc]:
    """Copy each dependency's completion document; equal names get the task's key in front."""
    documents = []
    for name in dict.fromkeys((*task.after, *task.heard_of)):
        other = state.tasks[name]
        found = completion(state, other)
        if found is None:
            continue
        marker, text, accepted = found
        target = folder.dependencies / marker.name
        if target.exists():
            target = folder.dependencies / f"{other.task.key}-{marker.name}"
        target.write_text(text, encoding="utf-8")
        documents.append(DependencyDoc(other.id, other.task.title, text, accepted.files))
    return documents
