"""The canonical TOML: minimal plans, every wrong key, and reading back what was written."""

from __future__ import annotations

import tomllib
from dataclasses import fields, replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maestro_tui.plans import canonical
from maestro_tui.plans.canonical import dump_plan
from maestro_tui.plans.keys import clean, with_keys
from maestro_tui.plans.model import Diagnostic, Edge, Gate, Phase, Plan, Task
from maestro_tui.plans.reader import read_plan

MINIMAL = """\
schema = 1

[plan]
title = "Greeting"

[[task]]
id = "1"
title = "Write it"
create = ["hello.py"]

[[task]]
id = "2"
title = "Test it"
test = ["tests/test_hello.py"]

[[edge]]
task = "2"
after = "1"
"""


def read(text: str) -> Plan:
    return read_plan("x.plan.toml", text=text)


def test_a_minimal_plan_is_enough() -> None:
    plan = read(MINIMAL)
    assert plan.diagnostics == ()
    assert (plan.title, plan.format) == ("Greeting", "canonical")
    assert (plan.id, plan.source) == ("x", "x.plan.toml")
    assert [(t.id, t.key, t.line) for t in plan.tasks] == [
        ("1", "1-write-it", 6),
        ("2", "2-test-it", 11),
    ]
    assert plan.edges == (Edge("2", "1", "user", 16),)


@pytest.mark.parametrize(
    ("old", "new", "code", "line", "hint"),
    [
        ("create =", "craete =", "unknown-key", 9, "Did you mean 'create'?"),
        ("[plan]", "[plan]\ntitel = 'x'", "unknown-key", 4, "Did you mean 'title'?"),
        ("[[edge]]", "[[edges]]", "unknown-key", 16, "Did you mean 'edge'?"),
        ("schema = 1", "schema = 1\nname = 'x'", "unknown-key", 2, "Known: schema"),
        ('test = ["tests/test_hello.py"]', 'after = ["1"]', "unknown-key", 14, "[[edge]]"),
        ('create = ["hello.py"]', 'create = "hello.py"', "wrong-type", 9, 'create = ["..."]'),
        ('create = ["hello.py"]', "optional = 1", "wrong-type", 9, "optional = true"),
        ('id = "1"', "id = 1", "wrong-type", 7, 'id = "..."'),
        ('id = "1"\n', "", "missing-id", 6, 'id = "1"'),
        ('title = "Test it"\n', "", "missing-title", 11, 'title = "..."'),
        ('id = "2"', 'id = "1"', "duplicate-id", 11, "another id"),
        ("schema = 1", "schema = 7", "unknown-schema", 1, "schema = 1"),
        ("schema = 1", "", "unknown-schema", 1, "schema = 1"),
        ('after = "1"', 'after = "11"', "unknown-dependency", 16, "Did you mean '1'? Known: 1, 2."),
        ('after = "1"', 'after = "2"', "self-dependency", 16, "Remove"),
        ('after = "1"\n', "", "missing-key", 16, 'after = "..."'),
        ('after = "1"', 'after = "1"\nsource = "guess"', "wrong-value", 19, "Write one of: label"),
        ('id = "1"', 'id = "1"\nstatus = "dome"', "wrong-value", 8, "Did you mean 'done'?"),
        ("hello.py", "../hello.py", "path-outside", 6, "relative to the top"),
        ("hello.py", "/hello.py", "path-outside", 6, "relative to the top"),
        ("[plan]", "[plan", "toml-syntax", 3, "Correct"),
        ("[[task]]\n", "[[phase]]\nid='a'\ntitle='A'\n[[task]]\nphase='b'\n",
         "unknown-phase", 9, "Known: a."),
    ],
)  # fmt: skip
def test_every_mistake_is_an_error_with_line_and_advice(
    old: str, new: str, code: str, line: int, hint: str
) -> None:
    assert old in MINIMAL
    plan = read(MINIMAL.replace(old, new, 1))
    found = [d for d in plan.errors if d.code == code]
    assert found, plan.diagnostics
    assert found[0].line == line
    assert hint in found[0].hint


def test_a_plan_without_tasks_is_an_error() -> None:
    assert [d.code for d in read("schema = 1\n[plan]\ntitle = 'x'\n").errors] == ["no-tasks"]


def test_strings_over_lines_do_not_shift_the_lines_of_errors() -> None:
    text = MINIMAL.replace('id = "1"', 'text = """\n[[task]]\nid = "no" \\""" \n"""\nid = "1"', 1)
    plan = read(text + 'wrong = "x"\n')
    assert [(d.code, d.line) for d in plan.errors] == [("unknown-key", text.count("\n") + 1)]
    assert len(plan.tasks) == 2


def test_a_phase_that_is_only_named_is_made() -> None:
    plan = read(MINIMAL.replace('id = "1"', 'id = "1"\nphase = "base"', 1))
    assert [(p.id, p.title) for p in plan.phases] == [("base", "base")]
    assert not plan.errors


def test_an_unsafe_key_is_replaced_with_a_warning() -> None:
    plan = read(MINIMAL.replace('id = "1"', 'id = "1"\nkey = "../x"', 1))
    assert plan.tasks[0].key == "1-write-it"
    assert [d.code for d in plan.diagnostics] == ["key-replaced"]


def test_deep_nesting_and_huge_numbers_are_diagnostics() -> None:
    for text in (
        "x = " + "[" * 5000,
        "x = " + "9" * 5000,
        "[plan]\nid = 1e999\n[[task]]\nid='1'\ntitle='x'",
    ):
        assert read(text).errors


def test_the_schema_covers_every_field_of_the_model() -> None:
    for model, spec, own in (
        (Plan, canonical._PLAN, {"phases", "tasks", "edges", "gates", "diagnostics"}),
        (Phase, canonical._PHASE, set()),
        (Task, canonical._TASK, set()),
        (Edge, canonical._EDGE, set()),
        (Gate, canonical._GATE, set()),
        (Diagnostic, canonical._DIAGNOSTIC, set()),
    ):
        assert {f.name for f in fields(model)} - own == set(spec)


def test_a_markdown_plan_survives_writing_and_reading() -> None:
    text = (
        "# P\nVerify: `pytest`\n## Phase 1: a (Sequential)\n### Stream A: x\nFiles: a.py, b/\n"
        "Estimate: 2h\n### Stream B: y\nNeeds: networkx\n```py\nx = '''1'''\n```\n"
        "## Phase 2: b\nNeeds: Phase 1\n"
    )
    plan = read_plan("p.md", text=text)
    written = dump_plan(plan)
    again = read(written)
    assert again == plan
    assert dump_plan(again) == written


def test_a_written_plan_is_readable() -> None:
    written = dump_plan(read(MINIMAL))
    assert 'create = [\n    "hello.py",\n]' in written
    assert "optional" not in written
    assert list(tomllib.loads(written)) == ["schema", "plan", "task", "edge"]


WORD = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=12)
NAME = WORD.map(clean).filter(bool)
TEXT = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cs"], exclude_characters="\r"), max_size=60
)
PATHS = st.lists(st.sampled_from(["a.py", "b/*.py", "c/"]), max_size=3).map(tuple)


def task(values: tuple[str, str, str, tuple[str, ...], bool, str]) -> Task:
    name, title, text, paths, optional, estimate = values
    return Task(name, title, text=text, create=paths, optional=optional, estimate=estimate, line=3)


TASKS = st.lists(
    st.tuples(NAME, NAME, TEXT, PATHS, st.booleans(), st.sampled_from(["", "2h", "soon"])).map(
        task
    ),
    min_size=1,
    max_size=5,
    unique_by=lambda t: t.id,
)


@settings(max_examples=150, deadline=None)
@given(TASKS, NAME, WORD, st.data())
def test_any_plan_reads_back_as_it_was(
    tasks: list[Task], title: str, note: str, data: st.DataObject
) -> None:
    import unicodedata

    ids = [t.id for t in tasks]
    pairs: Any = st.lists(st.tuples(st.sampled_from(ids), st.sampled_from(ids)), max_size=4)
    edges = tuple(Edge(a, b, "label", 2, note) for a, b in data.draw(pairs) if a != b)
    plan = Plan(title=title, id="x", source="p.md", source_sha256="00", tasks=tuple(tasks),
                edges=edges, gates=(Gate("g", "make", waves=(1, 2)),),
                verify=("pytest",))  # fmt: skip
    once = read(dump_plan(plan))
    assert not once.errors
    assert dump_plan(read(dump_plan(once))) == dump_plan(once)
    if all(unicodedata.is_normalized("NFC", w) for w in (title, note, *ids)):
        assert [t.id for t in once.tasks] == ids
    if unicodedata.is_normalized("NFC", dump_plan(plan)):
        seconds = [replace(t, estimate_s={"2h": 7200.0}.get(t.estimate, 0.0)) for t in tasks]
        assert once.tasks == with_keys(seconds)
        assert once.edges == edges
        assert (once.title, once.gates, once.verify) == (title, plan.gates, plan.verify)
