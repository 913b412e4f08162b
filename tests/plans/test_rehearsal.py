"""Rehearsal scripts: found, checked, resolved for one task and attempt."""

from __future__ import annotations

from pathlib import Path

import pytest

from maestro_tui.plans.errors import PlanError
from maestro_tui.plans.rehearsal import (
    Rehearsal,
    find_rehearsal,
    load_rehearsal,
    parse_rehearsal,
    rehearsal_path,
)

PLAN = "# P\n\n## Phase 1: a\nFiles: a.py\n\n## Phase 2: b\nFiles: b.py\n"
SCRIPT = """\
schema = 1
[[step]]
task = "1"
do = "write"
path = "a.py"
text = "x = 1"

[[step]]
task = "1"
attempt = 1
do = "fail"
code = 3

[[step]]
task = "2"
attempt = [2, 3]
do = "print"
lines = ["again"]

[[step]]
task = "*"
do = "usage"
input = 10
cost_usd = 1
"""


@pytest.mark.parametrize(
    ("plan", "script"),
    [
        ("x.plan.toml", "x.rehearsal.toml"),
        ("a/x.md", "a/x.rehearsal.toml"),
        ("x.plan.md", "x.rehearsal.toml"),
        ("v1.2.md", "v1.2.rehearsal.toml"),
        ("PLAN", "PLAN.rehearsal.toml"),
    ],
)
def test_the_script_lies_beside_the_plan(plan: str, script: str) -> None:
    assert rehearsal_path(plan) == Path(script)


def test_steps_of_a_task_and_attempt() -> None:
    found = parse_rehearsal(SCRIPT, "x", ["1", "2"])
    usage = {"do": "usage", "input": 10, "cost_usd": 1}
    write = {"do": "write", "path": "a.py", "text": "x = 1"}
    assert found.steps("1", 1) == [write, {"do": "fail", "code": 3}, usage]
    assert found.steps("1", 2) == [write, usage]
    assert found.steps("2", 1) == [usage]
    assert found.steps("2", 3) == [{"do": "print", "lines": ["again"]}, usage]


def test_beside_the_plan_before_inside_it(tmp_path: Path) -> None:
    plan = tmp_path / "p.md"
    plan.write_text(PLAN)
    assert load_rehearsal(plan) == Rehearsal()
    plan.write_text(PLAN + "\n```toml rehearsal\n" + SCRIPT + "```\n")
    assert len(load_rehearsal(plan).script) == 4
    assert load_rehearsal(plan).path == str(plan)
    (tmp_path / "p.rehearsal.toml").write_text('schema = 1\n[[step]]\ntask = "1"\ndo = "commit"\n')
    assert len(load_rehearsal(plan).script) == 1


def test_only_the_fence_that_says_so_is_a_script() -> None:
    assert find_rehearsal("```toml\nschema = 1\n```\n") is None
    assert find_rehearsal("text\n```toml rehearsal\nschema = 1\n```\n") == "schema = 1\n"


@pytest.mark.parametrize(
    ("step", "message"),
    [
        ('task = "1"\ndo = "wriet"', r"x:4: There is no step 'wriet'\. Did you mean 'write'\?"),
        ('task = "1"', r"x:2: \[\[step\]\] has no do"),
        ('do = "commit"', r"x:2: The commit step has no task"),
        ('task = "11"\ndo = "commit"', r"x:3: The plan has no task '11'\. Did you mean '1'\?"),
        ('task = "1"\ndo = "write"\npath = "a"', r"x:2: The write step has no text"),
        ('task = "1"\ndo = "write"\npath = "../a"\ntext = ""', r"x:5: The path '\.\./a' leaves"),
        ('task = "1"\ndo = "delete"\npath = "/a"', r"x:5: The path '/a' is absolute"),
        (
            'task = "1"\ndo = "fail"\ncod = 1',
            r"x:5: \[\[step\]\] has no key 'cod'\. Did you mean 'code'\?",
        ),
        ('task = "1"\ndo = "run"\ncommand = "ls"', r"x:5: .* is not a list of strings"),
        ('task = "1"\ndo = "run"\ncommand = []', r"x:2: The run step has no command"),
        ('task = "1"\ndo = "print"', r"x:2: The print step has no text"),
        ('task = "1"\ndo = "sleep"\nseconds = "1"', r"x:5: .* is not a number"),
        (
            'task = "1"\ndo = "ask"\ntool = "Bash"\non_deny = "stop"',
            r"x:6: .*Write one of: continue, fail",
        ),
        ('task = "1"\nattempt = "1"\ndo = "commit"', r"x:4: .* whole number or a list"),
        ("task = ", r"x:3: Not valid TOML"),
    ],
)
def test_a_mistake_names_file_line_and_nearest_name(step: str, message: str) -> None:
    with pytest.raises(PlanError, match=message):
        parse_rehearsal(f"schema = 1\n[[step]]\n{step}\n", "x", ["1", "2"])


def test_the_schema_must_be_stated() -> None:
    with pytest.raises(PlanError, match="schema = 1"):
        parse_rehearsal("[[step]]\ntask='1'\ndo='commit'\n", "x", ["1"])


def test_lines_inside_a_markdown_plan_are_those_of_the_plan(tmp_path: Path) -> None:
    plan = tmp_path / "p.md"
    plan.write_text(
        PLAN + '```toml rehearsal\nschema = 1\n[[step]]\ntask = "7"\ndo = "commit"\n```\n'
    )
    line = PLAN.count("\n") + 4
    with pytest.raises(PlanError, match=rf"p\.md:{line}: The plan has no task '7'"):
        load_rehearsal(plan)
