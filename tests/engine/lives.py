"""Whole runs of random plans on real git, with random luck: what agents do, what people decide,
what is killed, frozen and changed while it goes on; and the books by which to judge the end of it.
"""

from __future__ import annotations

import os
import random
import shlex
import signal
import subprocess
import threading
from pathlib import Path
from typing import Any

from maestro_tui.cli.exits import INTERRUPTED, WAITING
from maestro_tui.core import events as e
from maestro_tui.core.rollback import points
from maestro_tui.core.state import RunState
from maestro_tui.engine.client import RunClient, UnknownRun
from maestro_tui.engine.journal import Journal, JournalError
from tests.engine.scratch import (
    begin,
    cases_agent,
    checkout,
    git,
    leftovers,
    make_repo,
    processes_of,
    status,
    write_plan,
)
from tests.engine.test_gates import gate

PATIENCE = 5  # rounds of random decisions; then what does not work is given up
ROUNDS = 30
OWNER = 'create = ["f{n}.txt"]'
COMMIT = 'git add -A && commit "{n}" && git rev-parse HEAD >> "$COMMITS"; '
# Agents that do what they should, each in its own manner.
GOOD = {
    "works": "write; done_",
    "commits": "write; " + COMMIT + "done_",
    "takes its time": "sleep 0.3; write; done_",
    "amends": "write; git add -A; commit draft; echo more >> f{n}.txt; git add -A; "
    "git -c user.name=Own -c user.email=own@own commit -q --amend -m whole; "
    'git rev-parse HEAD >> "$COMMITS"; done_',
    "detaches": "git checkout -q --detach; write; " + COMMIT + "done_",
    "goes to its own branch": "git checkout -q -b own-{n}-$MAESTRO_ATTEMPT; write; "
    + COMMIT
    + "done_",
    "leaves a child": "write; (sleep 60 > /dev/null 2>&1 &); done_",
    "packs": "write; " + COMMIT + "git gc -q 2> /dev/null; done_",
    "says much": "yes line of {n} | head -c 400000; write; done_",
}
# Agents that do not, or that harm what is around them.
BAD = {
    "fails once": "write; " + COMMIT + 'if [ "$MAESTRO_ATTEMPT" = 1 ]; then exit 3; fi; done_',
    "fails": "write; " + COMMIT + "exit 4",
    "strays": "write; echo x > stray{n}.txt; done_",
    "breaks the gate": "echo broken > f{n}.txt; done_",
    "kills the engine": 'write; mkdir "$KILLED{n}" 2>/dev/null && kill -9 "$(cat "$LOCK")"; done_',
    "has no marker": "write",
    "does nothing": "done_",
    "loses .git": "write; rm -f .git; done_",
    "leaves a lock": 'write; touch "$(git rev-parse --git-dir)/index.lock"; done_',
    "leaves a merge": "write; " + COMMIT + "git checkout -q -b side-{n} HEAD~1; "
    "echo other > f{n}.txt; git add -A; commit other; git merge -q - > /dev/null; done_",
    "makes a repository": "write; git init -q inner{n}; done_",
    "makes a full repository": "write; git init -q inner{n}; cd inner{n}; touch x; git add x; "
    "commit x; cd ..; done_",
    "leaves its base": "git checkout -q -f --orphan alone{n}; write; git add -A; commit alone; "
    "done_",
}
# Agents of undeclared tasks: they meet others, in every way two sides can disagree.
MEETING = {
    "the same line": "echo {n}.$MAESTRO_ATTEMPT > shared.txt; write; sleep 0.2; done_",
    "a deletion": "git rm -q shared.txt; write; sleep 0.2; done_",
    "a new name": "git mv shared.txt moved{n}.txt; write; sleep 0.2; done_",
    "bytes": "printf '\\0{n}' > shared.bin; write; done_",
    "a link": "rm -f link; ln -s f{n}.txt link; write; done_",
    "a file for a link": "rm -f link; echo {n} > link; write; done_",
    "a mode": "chmod +x shared.txt; write; done_",
    "a folder": "rm -f shared.txt; mkdir -p shared.txt; echo {n} > shared.txt/x; write; done_",
    "capitals": "echo {n} > Guide.txt; write; done_",
    "no capitals": "echo {n} > guide.txt; write; done_",
    "odd names": "echo {n} > \"$(printf 'odd\\n\\377 {n}')\"; write; done_",
}
BEHAVIOURS = GOOD | BAD | MEETING
FATES = ("engine", "engine", "runner", "runner", "reboot", "freeze", "stop", "parallel", "rollback",
         "retry")  # fmt: skip


class Life:
    """One run, from its start to its end, and the books its agents kept."""

    def __init__(self, folder: Path, plan: dict[str, Any]) -> None:
        self.folder = folder
        self.repo = make_repo(
            folder / "repo", {"README.md": "x\n", "shared.txt": "base\n", "link": "base\n"}
        )
        self.commits = folder / "commits"
        self.commits.touch()
        self.kinds: dict[str, str] = plan["kinds"]
        self.dice = random.Random(plan["seed"])
        self.fates: int = plan["fates"]
        tasks = {n: "" if kind in MEETING else OWNER.format(n=n) for n, kind in self.kinds.items()}
        when = plan["gate"]
        red = gate("! grep -l broken f*.txt", when=f'"{when}"') if when else ""
        self.plan = write_plan(folder, tasks, plan["edges"], red)
        bodies = {n: BEHAVIOURS[k].replace("{n}", n) for n, k in self.kinds.items()}
        self.agent = cases_agent(folder, bodies)
        self.env = {
            "COMMITS": str(self.commits),
            "KILLED": str(folder / "killed-"),
            "LOCK": str(self.repo / ".maestro/runs/r/engine.lock"),
        }
        self.more = ("--mode", plan["mode"], "--max-parallel", str(plan["slots"]),
                     "--deliver", "none")  # fmt: skip
        self.told: list[str] = []  # what fate did, for whoever reads a failure

    def live(self) -> None:
        """Run, decide at random while there is patience, then give up what does not work."""
        words = ["run", str(self.plan), "--headless", "--yes", "--run-id", "r",
                 "--agent-command", self.agent, *self.more]  # fmt: skip
        for number in range(ROUNDS + len(self.kinds)):
            code, said = self._engine(words)
            if not has_run(self.repo):
                assert code in _KILLED, said
                continue  # killed while it was being made: the same words again
            found = status(self.repo, "r")
            if found["ended_at"]:
                return
            assert code in (WAITING, INTERRUPTED, *_KILLED), (code, said, self.told)
            if code == WAITING:
                assert found["questions"], ("it waits for nobody", said, self.told)
            if code not in _KILLED:
                assert processes_of(self.repo) == [], (said, self.told)
            tired = number >= PATIENCE
            for question in found["questions"]:
                self._decide(question, tired)
            policies = ("--on-failure", "skip", "--on-gate-failure", "accept", "--on-conflict",
                        "skip") if tired else ()  # fmt: skip
            words = ["resume", "r", "--headless", "--yes", *policies]
        raise AssertionError(f"no end: {self.told} {status(self.repo, 'r')}")

    def _engine(self, words: list[str]) -> tuple[int, str]:
        """One engine's time: how it ended, and what it said; fate is at work meanwhile."""
        log = self.folder / "engine.log"
        with log.open("w") as out:
            engine = begin(self.repo, *words, env=self.env, stdout=out)
        over = threading.Event()
        fate = threading.Thread(target=self._fate, args=(engine.pid, over))
        fate.start()
        try:
            code = engine.wait(240)
        finally:
            over.set()
            fate.join()
            engine.kill()
        said = log.read_text(errors="replace")
        assert "Traceback" not in said, said
        return code, said

    def _decide(self, question: dict[str, Any], tired: bool) -> None:
        answers = [o for o in question["options"] if o not in ("abort", "swap")]
        answer = self.dice.choice(answers)
        if tired:
            answer = next(a for a in ("restart", "skip", "accept", "leave", answers[0])
                          if a in question["options"])  # fmt: skip
        text = "shared.txt=both" if answer == "resolve" else "do it well"
        if answer == "edited":
            shared = Path(question["worktree"], "shared.txt")
            if shared.is_file() and not shared.is_symlink():
                shared.write_text("by hand\n")
        client = RunClient(self.repo, "r")
        try:
            client.decide(question["id"], answer, text)
        finally:
            client.close()

    # -- fate --------------------------------------------------------------------------------------

    def _fate(self, engine: int, over: threading.Event) -> None:
        """Strikes now and then, as often as this life was given."""
        while self.fates > 0 and not over.wait(self.dice.uniform(0.3, 2.0)):
            self.fates -= 1
            act = self.dice.choice(FATES)
            self.told.append(act)
            try:
                if act == "engine":
                    os.kill(engine, signal.SIGKILL)
                elif act == "stop":
                    os.kill(engine, signal.SIGTERM)
                elif act in ("runner", "reboot", "freeze"):
                    self._strike(act, engine, over)
                else:
                    self._wish(act)
            except (ProcessLookupError, JournalError):
                pass

    def _strike(self, act: str, engine: int, over: threading.Event) -> None:
        everyone = processes_of(self.repo)
        if act == "runner":
            runners = [p for p in everyone if p != engine]
            for pid in self.dice.sample(runners, min(2, len(runners))):
                _signal(pid, signal.SIGKILL)
        elif act == "reboot":
            for pid in (engine, *everyone):
                _signal(pid, signal.SIGKILL)
        else:
            for pid in (engine, *everyone):
                _signal(pid, signal.SIGSTOP)
            over.wait(self.dice.uniform(0.2, 1.0))
            for pid in (engine, *everyone):
                _signal(pid, signal.SIGCONT)

    def _wish(self, act: str) -> None:
        if not has_run(self.repo):
            return
        client = RunClient(self.repo, "r", "fate")
        try:
            if act == "parallel":
                client.set_parallel(self.dice.randint(1, 10))
            elif act == "rollback" and client.state.accepted:
                client.rollback(self.dice.choice(points(client.state)).name)
            elif act == "retry":
                client.retry(self.dice.choice(sorted(self.kinds)), "once more")
        finally:
            client.close()

    # -- what must be true -------------------------------------------------------------------------

    def check(self, before: dict[str, Any]) -> None:
        """Every promise, by git's word and the agents'."""
        client = RunClient(self.repo, "r")
        try:
            state = client.state
            self.dependencies_came_first(state)
            self.merges_can_be_replayed(state)
            self.nothing_is_unreachable()
            assert client.machine.outstanding() == []
        finally:
            client.close()
        after = checkout(self.repo)
        after["refs"] = [r for r in after["refs"] if not r.startswith(_OF_AGENTS)]
        assert after == before
        assert leftovers(self.repo) == []

    def ancestor(self, one: str, of: str) -> bool:
        """As git knows it."""
        words = ["git", "merge-base", "--is-ancestor", one, of]
        return subprocess.run(words, cwd=self.repo, check=False).returncode == 0

    def dependencies_came_first(self, state: RunState) -> None:
        """Every attempt began on a commit that holds a merge of each of its dependencies."""
        merges: dict[str, list[str]] = {}
        journal = Journal(self.repo / ".maestro/maestro.db")
        events = [event for _, event in journal.read("r")]
        journal.close()
        known: dict[tuple[str, str], bool] = {}
        for event in events:
            if isinstance(event, e.Merged):
                merges.setdefault(event.task, []).append(event.sha)
            elif isinstance(event, e.WorktreeReady):
                for name in state.tasks[event.task].assignment.after:
                    for sha in merges.get(name, []):
                        if (sha, event.base) not in known:
                            known[sha, event.base] = self.ancestor(sha, event.base)
                    found = [known[sha, event.base] for sha in merges.get(name, [])]
                    assert any(found), (event, name, self.told)

    def merges_can_be_replayed(self, state: RunState) -> None:
        """Each merge is git's own of what was there and one attempt, and holds no stray file."""
        head = state.base_sha
        for sha, name in state.merges:
            first, *others = git(self.repo, "show", "-s", "--format=%P", sha).split()
            assert first == head, self.told
            # An attempt that changed nothing has nothing of its own to be merged.
            tree = f"{first}^{{tree}}"
            if others:
                tree = git(self.repo, "merge-tree", "--write-tree", first, *others)
            here = git(self.repo, "rev-parse", f"{sha}^{{tree}}")
            assert here == git(self.repo, "rev-parse", tree), self.told
            changed = git(self.repo, "diff", "--name-only", first, sha).split()
            if self.kinds[name] not in MEETING:
                allowed = {f"f{name}.txt"} | set(state.tasks[name].extended)
                assert set(changed) <= allowed, (name, changed, self.told)
            head = sha
        assert head == state.head

    def nothing_is_unreachable(self) -> None:
        """What an agent has committed is still there, under some ref."""
        refs = git(self.repo, "for-each-ref", "--format=%(refname)").split()
        there = set(git(self.repo, "rev-list", *refs).split())
        for sha in self.commits.read_text().split():
            assert sha in there, f"{shlex.quote(sha)} is lost {self.told}"


_KILLED = (-signal.SIGKILL, -signal.SIGTERM)  # the latter before it could heed it
_OF_AGENTS = ("refs/heads/own-", "refs/heads/side-", "refs/heads/alone")


def has_run(repo: Path) -> bool:
    """Whether the run is in the journal."""
    try:
        RunClient(repo, "r").close()
    except (JournalError, UnknownRun):
        return False
    return True


def _signal(pid: int, number: int) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        pass
