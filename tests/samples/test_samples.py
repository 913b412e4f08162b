"""The sample plans, carried out step by step without the engine: what the agents write works."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from maestro_tui.config.paths import data_dir
from maestro_tui.plans.globs import matches
from maestro_tui.plans.model import Assignment, Plan, Strategy, Task
from maestro_tui.plans.reader import read_plan
from maestro_tui.plans.rehearsal import Rehearsal, load_rehearsal
from maestro_tui.plans.strategy import draft
from maestro_tui.roster.assign import assigner
from maestro_tui.roster.discovery import load_roster

LAST = 2  # no sample's agent needs more attempts than this
WRITING = ("write", "append", "edit", "delete")
NAMES = ("document-processing", "hello", "trouble")
# The plugins installed here are of no use to the samples, and slow to load.
QUICK = {"PYTHONDONTWRITEBYTECODE": "1", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
Step = dict[str, Any]


@dataclass(frozen=True)
class Sample:
    name: str
    folder: Path
    plan: Plan
    script: Rehearsal
    strategy: Strategy

    def steps(self, task_id: str, attempt: int = LAST) -> list[Step]:
        return self.script.steps(task_id, attempt)

    def assignment(self, task_id: str) -> Assignment:
        return self.strategy.assignment(task_id)


def load(name: str) -> Sample:
    folder = data_dir("sample_plans") / name
    path = next(folder / n for n in ("plan.md", f"{name}.plan.toml") if (folder / n).is_file())
    plan = read_plan(path)
    assign = assigner(load_roster(), driver="rehearsal")
    strategy = draft(plan, assign=assign, repo=folder / "repo")
    return Sample(name, folder, plan, load_rehearsal(path), strategy)


@pytest.fixture(params=NAMES)
def sample(request: pytest.FixtureRequest) -> Sample:
    return load(request.param)


def run(command: str | Sequence[str], cwd: Path) -> subprocess.CompletedProcess[str]:
    """A gate or a step's command, with this interpreter as its ``python``."""
    words = command.split() if isinstance(command, str) else list(command)
    assert words[0] == "python", "the samples need nothing but Python"
    return subprocess.run(
        [sys.executable, *words[1:]],
        cwd=cwd,
        env={**os.environ, **QUICK},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def must_pass(command: str | Sequence[str], cwd: Path) -> None:
    done = run(command, cwd)
    assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"


def apply(step: Step, tree: Path) -> None:
    """What the rehearsal driver does with a step that changes a file."""
    path = tree / step["path"]
    if step["do"] == "delete":
        path.unlink()
        return
    old = path.read_text() if path.exists() else ""
    if step["do"] == "edit":
        assert step["find"] in old, f"{step['path']} has no {step['find']!r}"
        text = old.replace(step["find"], step["replace"], 1)
    else:
        text = old + step["text"] if step["do"] == "append" else step["text"]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def carry_out(sample: Sample, tree: Path, task_id: str, attempt: int = LAST) -> None:
    for step in sample.steps(task_id, attempt):
        if step["do"] in WRITING:
            apply(step, tree)


def fresh(sample: Sample, tmp_path: Path) -> Path:
    return Path(shutil.copytree(sample.folder / "repo", tmp_path / "tree"))


def gates_after(sample: Sample, wave: int) -> list[str]:
    final = wave == len(sample.strategy.waves)
    return [
        gate.run
        for gate in sample.strategy.gates
        if (gate.when == "final" and final)
        or (gate.when == "wave" and (not gate.waves or wave in gate.waves))
    ]


def test_the_plan_is_understood_without_a_remark(sample: Sample) -> None:
    assert sample.plan.diagnostics == ()
    assert sample.plan.confidence == "high"
    assert all(task.text and task.agent and task.marker for task in sample.plan.tasks)
    assert all(sample.steps(task.id) for task in sample.plan.tasks)
    assert (sample.folder / "README.md").is_file()


def test_agents_are_the_ones_the_plan_names(sample: Sample) -> None:
    for task in sample.plan.tasks:
        given = sample.assignment(task.id)
        assert (given.agent, given.marker) == (task.agent, task.marker)


def test_nothing_meets_by_accident(sample: Sample) -> None:
    """No two tasks write the same file, except the pair that is there to conflict."""
    assert sample.strategy.conflicts == ()


@pytest.mark.parametrize(
    ("name", "waves"),
    [
        ("hello", (("greeting", "farewell"), ("cli",))),
        ("document-processing", (("1A", "1B", "1C"), ("2A", "2B", "2C"), ("3A",), ("4A",))),
        (
            "trouble",
            (
                ("catalogue", "tax", "stock"),
                ("currency", "receipts", "discounts"),
                ("hours", "returns"),
            ),
        ),
    ],
)
def test_the_waves_are_the_promised_ones(name: str, waves: tuple[tuple[str, ...], ...]) -> None:
    assert load(name).strategy.waves == waves


def test_every_gate_passes_after_every_wave(sample: Sample, tmp_path: Path) -> None:
    tree = fresh(sample, tmp_path)
    must_pass("python -m pytest -q", tree)  # before the feature
    checked = 0
    for number, wave in enumerate(sample.strategy.waves, 1):
        for task_id in wave:
            carry_out(sample, tree, task_id)
        for task_id in wave:
            for command in sample.plan.task(task_id).verify:
                must_pass(command, tree)
        for gate in gates_after(sample, number):
            must_pass(gate, tree)
            checked += 1
    assert checked, "the sample has no gate"


def test_the_tests_agents_run_pass_in_their_own_worktree(sample: Sample, tmp_path: Path) -> None:
    """A worktree has what was merged before the wave, and nothing of its neighbours."""
    merged = fresh(sample, tmp_path)
    for wave in sample.strategy.waves:
        for task_id in wave:
            commands = [s["command"] for s in sample.steps(task_id) if s["do"] == "run"]
            if not commands:
                continue
            own = Path(shutil.copytree(merged, tmp_path / task_id))
            carry_out(sample, own, task_id)
            for command in commands:
                must_pass(command, own)
        for task_id in wave:
            carry_out(sample, merged, task_id)


def test_agents_stay_within_their_files(sample: Sample) -> None:
    for task in sample.plan.tasks:
        strays = stray_paths(sample, task, LAST)
        assert strays == [], f"{task.id} writes {strays}"
        if task.files:
            named = {p for p in (*task.create, *task.test) if "*" not in p}
            assert named <= set(written(sample, task, LAST)), f"{task.id} leaves files unwritten"


def test_markers_name_what_was_written(sample: Sample) -> None:
    for task in sample.plan.tasks:
        for step in sample.steps(task.id):
            if step["do"] != "marker":
                continue
            text = step["text"]
            assert all(f"## {part}" in text for part in ("Files", "Interfaces", "Checks"))
            listed = [x[3:-1] for x in section(text, "Files") if x.startswith("- `")]
            assert sorted(listed) == sorted(set(written(sample, task, LAST)))


def test_code_in_scripts_is_python(sample: Sample) -> None:
    for task in sample.plan.tasks:
        for step in sample.steps(task.id):
            if step["do"] == "write" and step["path"].endswith(".py"):
                compile(step["text"], step["path"], "exec")


def written(sample: Sample, task: Task, attempt: int) -> list[str]:
    return [s["path"] for s in sample.steps(task.id, attempt) if s["do"] in WRITING]


def stray_paths(sample: Sample, task: Task, attempt: int) -> list[str]:
    owned = sample.assignment(task.id).owned
    return [p for p in written(sample, task, attempt) if not any(matches(p, o) for o in owned)]


def section(text: str, title: str) -> list[str]:
    return text.split(f"## {title}\n", 1)[1].split("\n## ", 1)[0].splitlines()


# Document processing: a gate that cannot fail would prove nothing.

SABOTAGE = [
    ("alembic/versions/0002_document_processing.py", "WHERE id > ?", "WHERE id > 1 + ?"),
    ("app/models/processing.py", "self.attempts += 1", "pass"),
    ("app/services/security_validator.py", 'b"MZ"', 'b"ZM"'),
    ("app/services/entity_mapper.py", ".lower()", ""),
    ("app/services/processing_service.py", "sha256=digest)", 'sha256="")'),
    ("app/services/processing_queue.py", "** (failures - 1)", "** failures"),
    ("app/routers/processing.py", "202 if new else 200", "202"),
    ("dashboards/processing.json", "jobs.failed", "jobs.broken"),
]


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    sample = load("document-processing")
    tree = fresh(sample, tmp_path_factory.mktemp("finished"))
    for wave in sample.strategy.waves:
        for task_id in wave:
            carry_out(sample, tree, task_id)
    return tree


@pytest.mark.parametrize(("path", "good", "bad"), SABOTAGE, ids=lambda v: v.rsplit("/", 1)[-1])
def test_the_gate_notices_broken_code(finished: Path, path: str, good: str, bad: str) -> None:
    file = finished / path
    text = file.read_text()
    assert good in text
    file.write_text(text.replace(good, bad, 1))
    try:
        assert run("python -m pytest -q -x", finished).returncode == 1
    finally:
        file.write_text(text)


def test_the_document_processing_sample_uses_all_seven_specialists() -> None:
    sample = load("document-processing")
    assert {task.agent for task in sample.plan.tasks} == {
        "database-migration",
        "models-schemas",
        "validation-security",
        "service-layer",
        "pipeline-queue",
        "api-router",
        "testing-monitoring",
    }


def test_agents_of_a_wave_take_different_times() -> None:
    sample = load("document-processing")
    for wave in sample.strategy.waves:
        times = [round(sum(map(seconds, sample.steps(task_id))), 2) for task_id in wave]
        assert len(set(times)) == len(times)
        assert 1.0 < max(times) < 4.0


def seconds(step: Step) -> float:
    if step["do"] == "print":
        return len(step["lines"]) / float(step["rate"])
    return float(step.get("seconds", 0))


# Trouble: each mistake is made once, and made good on the second attempt.


def does(sample: Sample, task_id: str, attempt: int) -> set[str]:
    return {step["do"] for step in sample.steps(task_id, attempt)}


@pytest.mark.parametrize(
    ("task", "mistake"), [("tax", "fail"), ("currency", "hang"), ("receipts", "no-marker")]
)
def test_the_mistake_is_made_once(task: str, mistake: str) -> None:
    sample = load("trouble")
    assert mistake in does(sample, task, 1)
    assert mistake not in does(sample, task, 2)


def test_permission_is_asked_and_a_refusal_does_not_end_the_task() -> None:
    asked = [s for s in load("trouble").steps("catalogue", 1) if s["do"] == "ask"]
    assert [s["on_deny"] for s in asked] == ["continue"]


def test_the_hang_is_ended_by_the_task_s_own_time_limit() -> None:
    sample = load("trouble")
    assert sample.plan.task("currency").timeout_s == 5.0
    assert sample.assignment("currency").timeout_s == 5.0


def test_only_one_agent_strays_and_only_once() -> None:
    sample = load("trouble")
    strays = {t.id: p for t in sample.plan.tasks if (p := stray_paths(sample, t, 1))}
    assert strays == {"stock": ["README.md"]}


def test_the_gate_after_wave_2_fails_until_discounts_is_sent_back(tmp_path: Path) -> None:
    sample = load("trouble")
    tree = fresh(sample, tmp_path)
    for task_id in ("catalogue", "tax", "stock", "currency", "receipts"):
        carry_out(sample, tree, task_id)
    carry_out(sample, tree, "discounts", attempt=1)
    red = run("python -m pytest -q", tree)
    assert red.returncode == 1
    failed = {line.split("::")[0] for line in red.stdout.splitlines() if line.startswith("FAILED")}
    assert failed == {"FAILED tests/test_discounts.py"}
    carry_out(sample, tree, "discounts", attempt=2)
    must_pass("python -m pytest -q", tree)


def git(tree: Path, *words: str) -> int:
    who = ["-c", "user.name=t", "-c", "user.email=t@example.invalid"]
    done = subprocess.run(["git", *who, *words], cwd=tree, capture_output=True, check=False)
    return done.returncode


@pytest.mark.parametrize("side", ["ours", "theirs", "second attempt"])
def test_the_conflict_is_real_and_every_answer_ends_green(tmp_path: Path, side: str) -> None:
    sample = load("trouble")
    tree = fresh(sample, tmp_path)
    for task_id in (*sample.strategy.waves[0], *sample.strategy.waves[1]):
        carry_out(sample, tree, task_id)
    git(tree, "init", "-q", "-b", "main")
    for branch in ("hours", "returns"):
        git(tree, "checkout", "-q", "main")
        git(tree, "add", "-A")
        git(tree, "commit", "-q", "-m", "before")
        git(tree, "checkout", "-q", "-b", branch)
        carry_out(sample, tree, branch, attempt=1)
        git(tree, "commit", "-q", "-a", "-m", branch)
    git(tree, "checkout", "-q", "main")
    assert git(tree, "merge", "-q", "hours") == 0
    assert git(tree, "merge", "-q", "returns") == 1
    if side == "second attempt":
        git(tree, "merge", "--abort")
        carry_out(sample, tree, "returns", attempt=2)
        footer = (tree / "till/settings.py").read_text()
        assert "Open Monday" in footer
        assert "Returns within" in footer
    else:
        assert git(tree, "checkout", f"--{side}", "till/settings.py") == 0
    must_pass("python -m pytest -q", tree)


def test_nothing_generated_is_shipped() -> None:
    """No caches, and every TOML file of a sample parses."""
    for name in NAMES:
        folder = data_dir("sample_plans") / name
        for file in folder.glob("*.toml"):
            tomllib.loads(file.read_text(encoding="utf-8"))
        left = [p for p in folder.rglob("*") if p.suffix in (".pyc", ".db")]
        assert left == []
