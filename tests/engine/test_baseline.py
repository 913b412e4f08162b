"""Gates against the base: what failed before does not block, what is new does, and whose it is."""

from __future__ import annotations

import json
from pathlib import Path

from tests.engine.scratch import (
    cases_agent,
    creates,
    git,
    headless,
    leftovers,
    make_repo,
    states,
    status,
    write_plan,
)
from tests.engine.test_gates import gate

OLD = "def test_old():\n    assert False\n\n\ndef test_fine():\n    assert True\n"
PYTEST = "python -m pytest -q -p no:cacheprovider"


def test_failures_of_the_base_do_not_block_and_are_told(tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "repo", {"test_old.py": OLD})
    plan = write_plan(tmp_path, creates("1", "2"), "2<1", gate(PYTEST))
    done = headless(repo, plan, cases_agent(tmp_path, {}))
    assert done.returncode == 0, done.stdout
    assert "1 failing before" in done.stdout
    assert "the base has them too (test_old.py::test_old)" in done.stdout
    kept = list((repo / ".maestro/baselines").glob("*.json"))
    assert len(kept) == 1
    data = json.loads(kept[0].read_text())
    assert data["report"]["failures"] == ["test_old.py::test_old"]
    bases = list((repo / ".maestro/runs/r/_gates").glob("*-base.log"))
    assert len(bases) == 1  # once for both waves and the final gate
    assert leftovers(repo) == []


def test_a_new_failure_blocks_beside_an_old_one_and_names_its_merge(tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "repo", {"test_old.py": OLD})
    names = ("1", "2", "3", "4", "5")
    tasks = {n: f'create = ["test_{n}.py"]' for n in names}
    plan = write_plan(tmp_path, tasks, "", gate(PYTEST))
    body = 'echo "def test_{n}(): assert {value}" > test_{n}.py; done_'
    # Its file is named in no line of the output: only running the gate in between finds it.
    broken = 'echo "import test_old; test_old.test_fine = None" > test_4.py; done_'
    cases = {n: body.format(n=n, value=True) for n in names} | {"4": broken}
    (repo / "test_z.py").write_text(
        "import glob, test_old\n\n\ndef test_z():\n    for f in glob.glob('test_4.py'):\n"
        "        __import__('test_4')\n    assert test_old.test_fine\n"
    )
    git(repo, "add", "-A")
    git(repo, "commit", "-q", "-m", "z")
    done = headless(repo, plan, cases_agent(tmp_path, cases), "--max-parallel", "1")
    assert done.returncode == 3, done.stdout
    question = status(repo, "r")["questions"][0]
    assert question["kind"] == "gate"
    assert question["task"] == "4"
    text = "\n".join(question["evidence"])
    assert "New (1):\n  test_z.py::test_z" in text
    assert "Failing on the base already (1):" in text
    assert "Red since the merge of 4." in text
    assert "found by" in text


def test_a_flaky_gate_passes_and_says_so(tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "repo")
    flag = tmp_path / "flag"
    plan = write_plan(
        tmp_path, creates("1"), "", gate('test -e "$FLAG" || { touch "$FLAG"; exit 1; }')
    )
    done = headless(repo, plan, cases_agent(tmp_path, {}), env={"FLAG": str(flag)})
    assert done.returncode == 0, done.stdout
    assert "is flaky: it failed and passed on the same commit" in done.stdout
    assert "running again: flaky?" in done.stdout


def test_an_unknown_command_that_fails_as_on_the_base_does_not_block(tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "repo", {"check.sh": "echo old trouble; exit 7\n"})
    plan = write_plan(tmp_path, creates("1"), "", gate("sh check.sh"))
    done = headless(repo, plan, cases_agent(tmp_path, {}))
    assert done.returncode == 0, done.stdout
    assert "the base has them too (exit 7)" in done.stdout


def test_what_a_task_mends_may_not_break_again(tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "repo", {"test_old.py": OLD})
    tasks = dict.fromkeys(("1", "2"), 'modify = ["test_old.py"]')
    plan = write_plan(tmp_path, tasks, "2<1", gate(PYTEST))
    cases = {
        "1": "sed -i 's/assert False/assert True/' test_old.py; done_",
        "2": "sed -i 's/assert True/assert False/' test_old.py; done_",
    }
    done = headless(repo, plan, cases_agent(tmp_path, cases), "--on-gate-failure", "abort")
    assert done.returncode == 1, done.stdout
    assert states(repo) == {"1": "merged", "2": "merged"}
    assert "2 new" in done.stdout
