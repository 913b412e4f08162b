"""Who may start, merge and be gated now: recomputed from the state after every fact.

Level-triggered: nothing is remembered about why something was possible before, so that no order of
events can leave a task stuck.
"""

from __future__ import annotations

from maestro_tui.core import budgets, pools, run_questions
from maestro_tui.core.decisions import ask
from maestro_tui.core.limits import review, slots
from maestro_tui.core.rollback import Point, stopped_by
from maestro_tui.core.state import (
    ACTIVE,
    SATISFIED,
    GateRun,
    RunState,
    RunStatus,
    TaskRun,
    TaskState,
)
from maestro_tui.core.transitions import can_go_on, go_on, move, new_attempt

_S = TaskState
_PENDING = frozenset({_S.WAITING, _S.READY, _S.BLOCKED})


def settle(state: RunState) -> None:
    """Bring every derived fact up to date: blocks, slots, the merge queue, gates, the end."""
    if state.ended or state.status in (RunStatus.REVIEW, RunStatus.STOPPED):
        return
    review(state)
    budgets.review(state)
    _block_and_free(state)
    if state.stopping:
        _settle_stop(state)
        return
    if state.rollback_to is not None or state.rollback_task is not None:
        _quiesce_for_rollback(state)
        return
    _inherit_green(state)
    _start(state)
    _next_merge(state)
    _gates(state)
    _status(state)


def in_topological_order(state: RunState) -> list[TaskRun]:
    """Tasks so that each comes after what it depends on; cached by the waves' order."""
    return [state.tasks[i] for wave in state.waves for i in wave]


def _block_and_free(state: RunState) -> None:
    """Tasks whose dependencies cannot be met are blocked and say by whom; others are freed."""
    stuck = {t.id: f"{t.id} ({t.state})" for t in state.tasks.values() if t.state is _S.EXCLUDED}
    for task in in_topological_order(state):
        if task.state in (_S.FAILED, _S.CONFLICTED, _S.SKIPPED, _S.EXCLUDED):
            stuck[task.id] = f"{task.id} ({task.state})"
            continue
        if task.state not in _PENDING:
            continue
        cause = next((stuck[d] for d in task.after if d in stuck), "")
        if cause:
            stuck[task.id] = cause
            if task.state is not _S.BLOCKED or task.why != f"waits for {cause}":
                move(state, task, _S.BLOCKED, f"waits for {cause}")
        elif task.state is _S.BLOCKED:
            move(state, task, _S.WAITING, "")


def wave_open(state: RunState, wave: int) -> bool:
    """Whether tasks of this wave may start: in wave mode, all earlier ones are over and gated."""
    if state.held_after is not None and wave > state.held_after:
        return False
    if state.mode != "waves":
        return True
    if 0 < wave_to_tag(state) < wave:
        return False  # a roll-back to that wave must not find later merges behind its tag
    for number in range(1, wave):
        if not wave_settled(state, number):
            return False
        if any(g.state not in ("passed", "accepted") for g in gates_of(state, number)):
            return False
    return True


def wave_settled(state: RunState, wave: int) -> bool:
    """Whether nothing of the wave is on its way; a failure that waits for a person is not."""
    return not any(
        state.tasks[i].moving or state.tasks[i].state in (_S.WAITING, _S.READY)
        for i in state.waves[wave - 1]
    )


def gates_of(state: RunState, wave: int) -> list[GateRun]:
    """The gates to pass at the end of a wave; none when nothing of it was merged."""
    if not any(state.tasks[i].state is _S.MERGED for i in state.waves[wave - 1]):
        return []
    return [g for g in state.gates.values() if g.wave == wave and _due(state, g)]


def _due(state: RunState, run: GateRun) -> bool:
    """A task's own gate is about its merge: without one there is nothing to pass."""
    return not run.task or state.tasks[run.task].state is _S.MERGED


def _inherit_green(state: RunState) -> None:
    """A task's gate need not run where it was green with the task's merge in the tree already."""
    places = {sha: n for n, (sha, _) in enumerate(state.merges)}
    for run in state.gates.values():
        if not run.task or run.state != "pending" or not _due(state, run):
            continue
        sha, how = state.green.get(run.gate.run, ("", ""))
        merged = places.get(state.tasks[run.task].merged_sha, len(places))
        if places.get(sha, -1) >= merged:
            run.state, run.sha = how, sha
            run.known = state.tolerated.get(run.gate.run, ())


def _ungated(state: RunState) -> set[str]:
    """Merged tasks whose own gates have not passed: nothing may build on them yet."""
    return {
        g.task for g in state.gates.values() if g.task and g.state not in ("passed", "accepted")
    }


def _gate_holds(state: RunState) -> bool:
    return any(g.state == "failed" for g in state.gates.values())


def _shut_out(state: RunState) -> bool:
    """Whether the service lets nobody in: no further agent is started before somebody logs in."""
    return any(
        t.state is _S.FAILED and t.attempt is not None and t.attempt.reason == "unauthorised"
        for t in state.tasks.values()
    )


def _start(state: RunState) -> None:
    """Fill the free slots, the longest remaining path first."""
    open_waves: dict[int, bool] = {}
    budgeted = any(q.kind == "budget" for q in state.questions.values())
    holds = _gate_holds(state) or _shut_out(state)
    ungated = _ungated(state)
    for task in state.tasks.values():
        if task.state not in (_S.WAITING, _S.READY):
            continue
        missing = [d for d in task.after if state.tasks[d].state not in SATISFIED]
        if missing:
            why = "waits for " + ", ".join(missing[:3]) + (" …" if len(missing) > 3 else "")
            move(state, task, _S.WAITING, why)
            continue
        unsure = [d for d in task.after if d in ungated and state.tasks[d].state is _S.MERGED]
        if unsure:
            move(state, task, _S.WAITING, f"waits for the gate of {unsure[0]}")
            continue
        if task.id in state.held_tasks:
            move(state, task, _S.WAITING, "was rolled back; waits for your answer")
            continue
        if budgeted and budgets.holds(state, task):
            move(state, task, _S.WAITING, "waits for your answer about the budget")
            continue
        if task.wave not in open_waves:
            open_waves[task.wave] = wave_open(state, task.wave)
        if not open_waves[task.wave]:
            move(state, task, _S.WAITING, f"waits for wave {task.wave - 1}")
        elif task.state is _S.WAITING:
            move(state, task, _S.READY, "waits for a free agent")
    free = slots(state) - state.count(*ACTIVE)
    if free <= 0 or holds:
        return
    ready = [t for t in state.tasks.values() if t.state is _S.READY and t.not_before <= state.now]
    ready.sort(key=lambda t: (-t.rank, t.position))
    taken = pools.used(state)
    for task in ready:
        pool = pools.pool_of(state, task)
        why = pools.full(state, pool, taken) if pool else ""
        if why or not free:
            task.why = why or "waits for a free agent"
            continue
        free -= 1
        taken[pool] += 1
        if can_go_on(task):
            go_on(task)
            move(state, task, _S.PREPARING, "goes back to its worktree")
            continue
        new_attempt(state, task)
        move(state, task, _S.PREPARING, "gets its worktree")


def _next_merge(state: RunState) -> None:
    """One merge at a time, first come first served: what is queued has its dependencies merged."""
    if state.count(_S.MERGING):
        return
    queued = [t for t in state.tasks.values() if t.state is _S.QUEUED]
    if queued:
        task = min(queued, key=lambda t: (t.queued_at, t.position))
        move(state, task, _S.MERGING, "is being merged")


def _gates(state: RunState) -> None:
    """Start the next gate whose task is merged, or whose wave is over; one at a time, they share
    the integration tree.
    """
    if any(g.state in ("running", "failed") for g in state.gates.values()):
        return
    if any(q.kind == "trouble" for q in state.questions.values()):
        return
    tasks = [g for g in state.gates.values() if g.task and g.state == "pending" and _due(state, g)]
    if tasks:
        # What most of the rest waits for first.
        _run_gate(max(tasks, key=lambda g: state.tasks[g.task].rank))
        return
    for number in range(1, len(state.waves) + 1):
        if not wave_settled(state, number) or state.count(_S.MERGING):
            continue
        pending = [g for g in gates_of(state, number) if g.state == "pending"]
        if pending:
            _run_gate(pending[0])
            return
    if not _work_left(state):
        _final_gates(state)


def _run_gate(run: GateRun) -> None:
    run.state = "running"
    run.runs += 1


def _final_gates(state: RunState) -> None:
    """Before delivery every gate must be green on the very tree that is delivered."""
    if not any(t.state is _S.MERGED for t in state.tasks.values()):
        return
    for run in state.gates.values():
        if run.wave == 0 and run.state in ("passed", "accepted") and run.sha != state.head:
            run.state = "pending"
        if run.wave == 0 and run.state == "pending":
            known = state.green.get(run.gate.run, ("", ""))
            if known[0] == state.head:
                run.state, run.sha = known[1], state.head
                run.known = state.tolerated.get(run.gate.run, ())
                continue
            _run_gate(run)
            return


def _work_left(state: RunState) -> bool:
    return any(t.moving or t.state in (_S.WAITING, _S.READY) for t in state.tasks.values())


def wave_to_tag(state: RunState) -> int:
    """The first wave that is over, gated and not yet tagged; 0 when there is none."""
    for number in range(1, len(state.waves) + 1):
        if number in state.wave_tags:
            continue
        gates = gates_of(state, number)
        if not wave_settled(state, number) or any(
            g.state not in ("passed", "accepted") for g in gates
        ):
            if state.mode == "waves":
                return 0
            continue
        unfinished = (_S.FAILED, _S.CONFLICTED, _S.BLOCKED)
        if any(state.tasks[i].state in unfinished for i in state.waves[number - 1]):
            continue
        return number
    return 0


def _status(state: RunState) -> None:
    """What the run as a whole is doing, and whether it is over."""
    moving = any(t.moving for t in state.tasks.values())
    ready = any(t.state is _S.READY for t in state.tasks.values())
    gating = any(g.state == "running" for g in state.gates.values())
    if state.deliver_now:
        state.status = RunStatus.DELIVERING
        return
    if moving or gating or (ready and not _gate_holds(state)):
        state.status = RunStatus.RUNNING
        return
    blocking = [q for q in state.questions.values() if q.kind != "deliver"]
    if blocking:
        state.status = RunStatus.WAITING
        return
    if _work_left(state):  # cannot be: waiting without a cause
        state.status = RunStatus.RUNNING
        return
    _end(state)


def _end(state: RunState) -> None:
    merged = any(t.state is _S.MERGED for t in state.tasks.values())
    if merged and state.options.deliver == "merge" and state.delivered is None and not state.left:
        if not any(q.kind == "deliver" for q in state.questions.values()):
            ask(state, run_questions.deliver(state))
        if state.deliver_now:
            state.status = RunStatus.DELIVERING
        elif not state.left:
            state.status = RunStatus.WAITING
        else:
            state.status = RunStatus.FINISHING
        return
    state.status = RunStatus.FINISHING


def _settle_stop(state: RunState) -> None:
    """Nothing new starts; agents are ended (or drained) and what is in the queue is merged."""
    state.status = RunStatus.STOPPING
    if state.stopping in ("checkpoint", "abort"):
        for task in state.tasks.values():
            if task.state is _S.PREPARING or task.state is _S.RUNNING:
                attempt = task.attempt
                assert attempt is not None
                attempt.stop = True
    _next_merge(state)


def _quiesce_for_rollback(state: RunState) -> None:
    """Before the branch goes back, everything that builds on what is dropped must have ended."""
    if state.rollback_to is not None:
        point = Point("", "", state.rollback_to)
    else:
        assert state.rollback_task is not None
        point = Point("", state.rollback_task[1], task=state.rollback_task[0])
    state.status = RunStatus.RUNNING
    for name in stopped_by(state, point):
        task = state.tasks[name]
        if task.state in (_S.PREPARING, _S.RUNNING):
            attempt = task.attempt
            assert attempt is not None
            attempt.stop = attempt.afresh = True
    _next_merge(state)


def quiet(state: RunState) -> bool:
    """Whether no agent, check, merge or gate is under way."""
    return not any(t.moving for t in state.tasks.values()) and not any(
        g.state == "running" for g in state.gates.values()
    )
