"""Looking at runs and speaking to them: status, runs, stop, decide, retry."""

from __future__ import annotations

import argparse
import json
import time
from typing import Any

from maestro_tui.agents.sanitise import sanitise
from maestro_tui.cli.exits import DONE, FAILED, Exit
from maestro_tui.cli.glyphs import GLYPHS
from maestro_tui.cli.repository import repository
from maestro_tui.cli.selecting import choose_run, pick, sessions
from maestro_tui.config.paths import run_dir
from maestro_tui.core.budget_questions import scope_words
from maestro_tui.core.budgets import spendings
from maestro_tui.core.limits import slots, slowed_by
from maestro_tui.core.questions import dependents_of
from maestro_tui.core.state import INTERACTIVE, RunState, TaskRun, TaskState
from maestro_tui.engine.client import RunClient, UnknownRun
from maestro_tui.engine.journal import JournalError

ENGINE_GONE_S = 5.0  # no engine for that long, while one is waited for: it has failed


def client(arguments: argparse.Namespace, name: str | None = None) -> RunClient:
    """The run a command is about."""
    repo = repository(arguments.repo)
    run = choose_run(repo, arguments.run if name is None else name)
    try:
        return RunClient(repo, run)
    except (UnknownRun, JournalError) as error:
        raise Exit(str(error)) from error


def status(arguments: argparse.Namespace) -> int:
    """Where a run stands."""
    found = client(arguments)
    if arguments.json:
        print(json.dumps(status_json(found), indent=1, ensure_ascii=False))
        return DONE
    state = found.state
    strategy = state.strategy
    assert strategy is not None
    alive = "engine at work" if found.engine_alive() else "no engine"
    print(f"{state.run} — {sanitise(strategy.plan.title)}")
    done = state.count(TaskState.MERGED, TaskState.DONE)
    print(f"{state.status} ({alive}), {done} of {len(state.tasks)} merged")
    for one in spendings(state):
        guess = ", partly estimated" if one.estimated else ""
        print(f"budget of {scope_words(one.key)}: ${one.used:.2f} of ${one.limit:.2f}{guess}")
    if slowed_by(state):
        print(f"{slots(state)} of {state.max_parallel} agents at once: {slowed_by(state)}")
    for number, wave in enumerate(state.waves, start=1):
        print(f"Wave {number}")
        for name in wave:
            task = state.tasks[name]
            why = f" — {sanitise(task.why)}" if task.why else ""
            print(f"  {GLYPHS[task.state]} {name}: {task.state}{why}")
            if _parked_until(task):
                at = time.strftime("%H:%M:%S", time.localtime(_parked_until(task)))
                print(f"      waits for a limit of its service until {at}")
            if task.foreseen:
                print(f"      ≠ {sanitise(task.foreseen)}, as it is now")
    for question in state.questions.values():
        print(f"? {sanitise(question.title)}")
        keys = " | ".join(o.key for o in question.options)
        print(f"    maestro decide {state.run} {question.id} {keys}")
    if not state.ended and not found.engine_alive():
        print(f"maestro resume {state.run} goes on with it")
    return DONE


def status_json(found: RunClient) -> dict[str, Any]:
    """A run for programs: everything ``status`` shows, and the numbers behind it."""
    state = found.state
    return {
        "run": state.run,
        "status": str(state.status),
        "engine": found.engine_alive(),
        "base": {"branch": state.base_branch, "sha": state.base_sha},
        "head": state.head,
        "mode": state.mode,
        "max_parallel": state.max_parallel,
        "slots": slots(state),
        "slowed_by": slowed_by(state),
        "created_at": state.created_at,
        "ended_at": state.ended_at or None,
        "tasks": [_task_json(state, name) for wave in state.waves for name in wave],
        "gates": [
            {"name": g.gate.name, "wave": g.wave, "state": g.state, "seconds": g.seconds}
            for g in state.gates.values()
        ],
        "budgets": [
            {"scope": s.key, "limit": s.limit, "reported": s.reported, "estimated": s.estimated}
            for s in spendings(state)
        ],
        "foreseen": [dict(c) for c in state.foreseen],
        "questions": [
            {
                "id": q.id,
                "kind": q.kind,
                "task": q.task,
                "title": q.title,
                "evidence": list(q.evidence),
                "options": [o.key for o in q.options],
                "worktree": q.subject if q.kind == "conflict" else "",
                "blocks": len(dependents_of(state, state.tasks[q.task])) if q.task else 0,
            }
            for q in state.questions.values()
        ],
        "delivered": (
            {
                "branch": state.delivered.branch,
                "sha": state.delivered.sha,
                "how": state.delivered.how,
                "document": state.delivered.document,
                "marked": list(state.delivered.marked),
                "note": state.delivered.note,
            }
            if state.delivered
            else None
        ),
    }


def _parked_until(task: TaskRun) -> float:
    """Until when its agent waits for a limit of its service; 0 when it works."""
    waits = task.attempt is not None and task.state is TaskState.RUNNING
    return task.attempt.parked_until if task.attempt is not None and waits else 0.0


def _task_json(state: RunState, name: str) -> dict[str, Any]:
    task = state.tasks[name]
    attempt = task.attempt
    return {
        "id": name,
        "title": task.task.title,
        "state": str(task.state),
        "why": task.why,
        "wave": task.wave,
        "after": list(task.after),
        "agent": attempt.agent if attempt else task.assignment.agent,
        "attempts": len(task.attempts),
        "worktree": attempt.worktree if attempt and task.state is TaskState.RUNNING else "",
        "pid": attempt.pid if attempt and task.state is TaskState.RUNNING else 0,
        "seconds": attempt.seconds if attempt else 0.0,
        "parked_until": _parked_until(task) or None,
        "usage": attempt.usage if attempt else {},
        "checks": list(attempt.checks) if attempt else [],
        "files": list(attempt.files) if attempt else [],
        "merged": task.merged_sha,
    }


def runs(arguments: argparse.Namespace) -> int:
    """All runs of the repository."""
    repo = repository(arguments.repo)
    found = sessions(repo)
    if arguments.json:
        rows = [
            {
                "run": s.run,
                "title": s.title,
                "plan": s.plan,
                "status": s.status,
                "tasks": s.tasks,
                "merged": s.merged,
                "created_at": s.created_at,
            }
            for s in found
        ]
        print(json.dumps(rows, indent=1, ensure_ascii=False))
        return DONE
    if not found:
        print("no runs yet; start one with `maestro run PLAN`")
    for session in found:
        when = time.strftime("%Y-%m-%d %H:%M", time.localtime(session.created_at))
        print(
            f"{when}  {session.status:10} {session.merged:>3}/{session.tasks:<3} {session.run}  "
            f"{sanitise(session.title)}"
        )
    return DONE


def stop(arguments: argparse.Namespace) -> int:
    """Ask for a stop and wait until the run has come to rest."""
    found = client(arguments)
    if found.state.ended:
        print(f"{found.run} has ended already ({found.state.status})")
        return DONE
    mode = "abort" if arguments.abort else "drain" if arguments.drain else "checkpoint"
    if not found.engine_alive():
        if mode != "abort":
            print(f"{found.run}: no engine is at work; nothing to stop")
            return DONE
        found.stop(mode)
        found.start_engine()
    else:
        found.stop(mode)
    patience = 3600.0 if mode == "drain" else 60.0
    deadline = time.monotonic() + patience
    seen_alive = time.monotonic()
    while time.monotonic() < deadline:
        alive = found.engine_alive()
        found.poll()
        if (found.state.ended or found.state.status == "stopped") and not alive:
            print(f"{found.run}: {found.state.status}")
            return DONE
        if alive:
            seen_alive = time.monotonic()
        elif time.monotonic() > seen_alive + ENGINE_GONE_S:
            log = run_dir(found.repo, found.run) / "engine.log"
            raise Exit(
                f"{found.run}: its engine ended before it could stop the run; see {log} if it is "
                "there, and `maestro status`",
                FAILED,
            )
        time.sleep(0.05)
    raise Exit(f"{found.run} has not stopped within {patience:.0f} s; see engine.log", FAILED)


def decide(arguments: argparse.Namespace) -> int:
    """Answer a question; the first answer counts."""
    found = client(arguments)
    questions = found.state.questions
    if not questions:
        raise Exit(f"{found.run} asks nothing at the moment", FAILED)
    name = pick(arguments.question, list(questions), "open question", "`maestro status` lists them")
    question = questions[name]
    key = pick(
        arguments.answer,
        [o.key for o in question.options],
        "answer",
        "it may be: " + ", ".join(o.key for o in question.options),
    )
    option = question.option(key)
    assert option is not None
    if option.text == "required" and not arguments.text.strip():
        raise Exit(f'{name}: the answer {key} needs words: --text "…"')
    if not found.decide(name, key, arguments.text):
        raise Exit(f"{name} has been answered already", FAILED)
    if found.engine_alive():
        print(f"{name}: {key}")
    else:
        print(f"{name}: {key} — noted; `maestro resume {found.run}` goes on with it")
    return DONE


def retry(arguments: argparse.Namespace) -> int:
    """Take a given-up task up again."""
    found = client(arguments)
    state = found.state
    name = pick(arguments.task, list(state.tasks), "task", "`maestro status` lists them")
    task = state.tasks[name]
    allowed = (TaskState.SKIPPED, TaskState.FAILED, TaskState.CONFLICTED)
    if task.state not in allowed:
        raise Exit(f"{name} is {task.state}; only a task that failed or was skipped can be retried")
    found.retry(name, arguments.text)
    if not found.engine_alive():
        print(f"{name}: noted; `maestro resume {found.run}` goes on with it")
    else:
        print(f"{name}: is retried")
    return DONE


def tell(arguments: argparse.Namespace) -> int:
    """Say something to a task's agent."""
    found = client(arguments)
    state = found.state
    name = pick(arguments.task, list(state.tasks), "task", "`maestro status` lists them")
    acts = [
        a for a in ("pause", "resume", "no_waiting", "stop", "restart") if getattr(arguments, a)
    ]
    if not (arguments.words or arguments.interrupt or arguments.model or acts):
        raise Exit("say something: words, --interrupt, --pause, --resume, --stop or --model NAME")
    if state.tasks[name].state in (TaskState.MERGED, TaskState.DONE, TaskState.EXCLUDED):
        raise Exit(f"{name} is {state.tasks[name].state}; nobody hears it")
    if arguments.model:
        found.instruct(name, arguments.model, "model")
    if arguments.interrupt:
        found.instruct(name, "", "interrupt")
    for act in acts:
        ends = act in ("stop", "restart")
        found.instruct(name, arguments.words if ends else "", act.replace("_", "-"))
    if arguments.words and not {"stop", "restart"} & set(acts):
        found.instruct(name, arguments.words)
    running = state.tasks[name].state is TaskState.RUNNING
    heard = running and state.tasks[name].assignment.driver in INTERACTIVE
    if heard or acts or arguments.interrupt:
        print(f"{name}: passed on")
    else:
        print(f"{name}: noted; its next attempt begins with it")
    if not heard and not {"stop", "restart"} & set(acts) and running:
        driver = state.tasks[name].assignment.driver
        print(f"(an agent of the driver {driver} hears nothing while it works)")
    return DONE
