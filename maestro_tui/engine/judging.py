"""Carries a gate out for a run: which commits it is about, and whose merge is to blame."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path

from maestro_tui.agents import launch
from maestro_tui.config.paths import baselines_dir, gates_dir
from maestro_tui.core import commands as c
from maestro_tui.core import events as e
from maestro_tui.core.state import GateRun, RunState
from maestro_tui.engine.evidence import gate_suspects
from maestro_tui.engine.gates.running import GateRunner, Verdict
from maestro_tui.engine.git.worktrees import WorktreePool
from maestro_tui.engine.provision import ports_of

MOST_NAMES = 200  # of each kind in an event; those that are let through must be complete


async def run_gate(
    state: RunState, pool: WorktreePool, post: Callable[[e.Event], None], command: c.RunGate
) -> e.GateEnded:
    """Run the gate on the integration head and tell what is new, known, fixed, flaky, guilty."""
    run = state.gates[command.gate]
    sha = state.head
    repo = Path(state.repo)
    folder = gates_dir(repo, state.run)
    await asyncio.to_thread(launch.sweep, folder)

    async def probe(commit: str) -> Path:
        return await pool.integration(commit, "probe")

    def tell(stage: str, log: Path) -> None:
        post(e.GateAdvanced(at=time.time(), gate=run.key, stage=stage, log=str(log)))

    runner = GateRunner(
        gate=run.gate,
        logs=folder,
        name=f"{run.key}-{command.run}",
        env={
            "MAESTRO_ATTEMPT_DIR": str(folder),
            "MAESTRO_RUN_ID": state.run,
            **ports_of(state, "integration"),
        },
        tree=pool.integration,
        probe=probe,
        tell=tell,
        baselines=baselines_dir(repo),
    )
    tolerated = state.tolerated.get(run.gate.run)
    verdict = await runner.judge(
        sha,
        state.base_sha,
        _merges_since_green(state, run, sha),
        None if tolerated is None else frozenset(tolerated),
    )
    return _ended(state, run, sha, verdict)


def _merges_since_green(state: RunState, run: GateRun, head: str) -> tuple[str, ...]:
    """The merges that may have turned it red: those after the last commit it was green at."""
    commits = [commit for commit, _ in state.merges]
    if head in commits:
        del commits[commits.index(head) + 1 :]
    green, how = state.green.get(run.gate.run, ("", ""))
    if how == "passed" and green in commits:
        del commits[: commits.index(green) + 1]
    return tuple(commits)


def _ended(state: RunState, run: GateRun, sha: str, verdict: Verdict) -> e.GateEnded:
    task = dict(state.merges).get(verdict.guilty, "")
    suspects: tuple[str, ...] = ()
    if not verdict.ok:
        found = gate_suspects(state, run.wave, verdict.tail, verdict.log)
        suspects = tuple(dict.fromkeys(((task,) if task else ()) + found))
    notes = []
    if verdict.reruns and not verdict.ok:
        notes.append("It was run a second time on the same commit and failed again.")
    if verdict.searched:
        notes.append(f"The guilty merge was found by {verdict.searched} more run(s) in between.")
    if verdict.note:
        notes.append(verdict.note[0].upper() + verdict.note[1:] + ".")
    delta = verdict.delta
    return e.GateEnded(
        at=time.time(),
        gate=run.key,
        ok=verdict.ok,
        sha=sha,
        exit=verdict.exit,
        seconds=round(verdict.seconds, 3),
        log=str(verdict.log),
        tail=verdict.tail,
        suspects=suspects,
        new=delta.new[:MOST_NAMES],
        known=delta.known,
        fixed=delta.fixed[:MOST_NAMES],
        flaky=verdict.flaky[:MOST_NAMES],
        guilty=task,
        notes=tuple(notes),
    )
