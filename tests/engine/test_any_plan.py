"""Any plan, any luck, on real git: tasks fail, stray, conflict, the engine is killed, people decide
at random; and at the end what Maestro promises is true, as git and the agents themselves saw it.
"""

from __future__ import annotations

import os
import random
import shlex
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from maestro_tui.core import events as e
from maestro_tui.core.state import RunState
from maestro_tui.engine.client import RunClient
from maestro_tui.engine.journal import Journal
from tests.engine.scratch import (
    cases_agent,
    checkout,
    git,
    headless,
    leftovers,
    maestro,
    make_repo,
    status,
    write_plan,
)
from tests.engine.test_gates import gate

EXAMPLES = int(os.environ.get("ANY_PLANS", "6"))  # more of them find more
ROUNDS = 12
OWNER = 'create = ["f{n}.txt"]'
COMMIT = 'git add -A && commit "{n}" && git rev-parse HEAD >> "$COMMITS"; '
# What an agent may do; the first three come to a good end at once.
BEHAVIOURS = {
    "works": "write; done_",
    "commits": "write; " + COMMIT + "done_",
    "slow": "sleep 0.3; write; done_",
    "fails once": "write; " + COMMIT + 'if [ "$MAESTRO_ATTEMPT" = 1 ]; then exit 3; fi; done_',
    "fails": "write; " + COMMIT + "exit 4",
    "strays": "write; echo x > stray{n}.txt; done_",
    "meets others": "echo {n}.$MAESTRO_ATTEMPT > shared.txt; write; sleep 0.2; done_",
    "breaks the gate": "echo broken > f{n}.txt; done_",
    "kills": 'write; if mkdir "$KILLED{n}" 2>/dev/null; then kill -9 "$(cat "$LOCK")"; fi; done_',
}


@st.composite
def plans(draw: st.DrawFn) -> dict[str, Any]:
    """Tasks with behaviours, and an order that has no cycle."""
    count = draw(st.integers(1, 8))
    names = [str(n) for n in range(1, count + 1)]
    edges = []
    for index, name in enumerate(names):
        for other in names[max(0, index - 4) : index]:
            if draw(st.integers(0, 3)) == 0:
                edges.append(f"{name}<{other}")
    kinds = st.sampled_from(sorted(BEHAVIOURS))
    return {
        "kinds": {name: draw(kinds) for name in names},
        "edges": " ".join(edges),
        "mode": draw(st.sampled_from(["waves", "streaming"])),
        "slots": draw(st.integers(1, 4)),
        "gate": draw(st.sampled_from(["", "wave", "task"])),
        "seed": draw(st.integers(0, 2**16)),
    }


class Life:
    """One run, from its start to its end, and the books its agents kept."""

    def __init__(self, folder: Path, plan: dict[str, Any]) -> None:
        self.repo = make_repo(folder / "repo", {"README.md": "x\n", "shared.txt": "base\n"})
        self.commits = folder / "commits"
        self.commits.touch()
        self.kinds: dict[str, str] = plan["kinds"]
        self.dice = random.Random(plan["seed"])
        tasks = {
            n: "" if kind == "meets others" else OWNER.format(n=n) for n, kind in self.kinds.items()
        }
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

    def live(self) -> None:
        """Run, decide at random while there is patience, then give up what does not work."""
        done = headless(self.repo, self.plan, self.agent, *self.more, env=self.env)
        assert "Traceback" not in done.stderr, done.stderr
        for number in range(ROUNDS + len(self.kinds)):
            found = status(self.repo, "r")
            if found["ended_at"]:
                return
            assert done.returncode in (3, -9), (done.returncode, done.stdout, done.stderr)
            if done.returncode == 3:
                assert found["questions"], "it waits for nobody"
            tired = number >= ROUNDS // 2
            for question in found["questions"]:
                self._decide(question, tired)
            policies = ("--on-failure", "skip", "--on-gate-failure", "accept", "--on-conflict",
                        "skip") if tired else ()  # fmt: skip
            done = maestro("resume", "r", "--headless", "--yes", *policies,
                           cwd=self.repo, env=self.env)  # fmt: skip
            assert "Traceback" not in done.stderr, done.stderr
        raise AssertionError(f"no end: {status(self.repo, 'r')}")

    def _decide(self, question: dict[str, Any], tired: bool) -> None:
        answers = [o for o in question["options"] if o not in ("abort", "swap", "edited")]
        answer = self.dice.choice(answers)
        if tired:
            answer = next(a for a in ("restart", "skip", "accept", "leave", answers[0])
                          if a in question["options"])  # fmt: skip
        text = "shared.txt=both" if answer == "resolve" else "do it well"
        client = RunClient(self.repo, "r")
        try:
            client.decide(question["id"], answer, text)
        finally:
            client.close()

    # -- what must be true -------------------------------------------------------------------------

    def check(self, before: dict[str, Any]) -> None:
        client = RunClient(self.repo, "r")
        try:
            state = client.state
            self.dependencies_came_first(state)
            self.merges_can_be_replayed(state)
            self.nothing_is_unreachable()
            assert client.machine.outstanding() == []
        finally:
            client.close()
        assert checkout(self.repo) == before
        assert leftovers(self.repo) == []

    def ancestor(self, one: str, of: str) -> bool:
        words = ["git", "merge-base", "--is-ancestor", one, of]
        return subprocess.run(words, cwd=self.repo, check=False).returncode == 0

    def dependencies_came_first(self, state: RunState) -> None:
        """Every attempt began on a commit that holds a merge of each of its dependencies."""
        merges: dict[str, list[str]] = {}
        journal = Journal(self.repo / ".maestro/maestro.db")
        events = [event for _, event in journal.read("r")]
        journal.close()
        for event in events:
            if isinstance(event, e.Merged):
                merges.setdefault(event.task, []).append(event.sha)
            elif isinstance(event, e.WorktreeReady):
                for name in state.tasks[event.task].assignment.after:
                    found = merges.get(name, [])
                    assert any(self.ancestor(sha, event.base) for sha in found), (event, name)

    def merges_can_be_replayed(self, state: RunState) -> None:
        """Each merge is git's own of what was there and one attempt, and holds no stray file."""
        head = state.base_sha
        for sha, name in state.merges:
            first, *others = git(self.repo, "show", "-s", "--format=%P", sha).split()
            assert first == head
            # An attempt that changed nothing has nothing of its own to be merged.
            tree = f"{first}^{{tree}}"
            if others:
                tree = git(self.repo, "merge-tree", "--write-tree", first, *others)
            here = git(self.repo, "rev-parse", f"{sha}^{{tree}}")
            assert here == git(self.repo, "rev-parse", tree)
            changed = git(self.repo, "diff", "--name-only", first, sha).split()
            if self.kinds[name] != "meets others":
                allowed = {f"f{name}.txt"} | set(state.tasks[name].extended)
                assert set(changed) <= allowed, (name, changed)
            head = sha
        assert head == state.head

    def nothing_is_unreachable(self) -> None:
        """What an agent has committed is still there, under some ref."""
        for sha in self.commits.read_text().split():
            refs = git(self.repo, "for-each-ref", "--contains", sha)
            assert refs, f"{shlex.quote(sha)} is lost"


@pytest.mark.slow
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=EXAMPLES < 20,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=list(HealthCheck),
)
@given(plan=plans())
def test_any_plan_keeps_the_promises(
    tmp_path_factory: pytest.TempPathFactory, plan: dict[str, Any]
) -> None:
    life = Life(tmp_path_factory.mktemp("any"), plan)
    before = checkout(life.repo)
    life.live()
    life.check(before)
