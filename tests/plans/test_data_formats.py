"""The formats that are data: no document breaks or stalls them, and what they read adds up."""

from __future__ import annotations

import json
import random
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maestro_tui.plans.canonical import dump_plan
from maestro_tui.plans.document import load
from maestro_tui.plans.formats import all_formats
from maestro_tui.plans.frontmatter import frontmatter_of
from maestro_tui.plans.json_text import parse_json
from maestro_tui.plans.model import Diagnostic, Plan
from maestro_tui.plans.reader import read_plan

NAMES = ("taskmaster", "beads", "ralph", "autoclaude", "backlog", "cursor", "gastown")
HERE = Path(__file__).parent / "fixtures"
DOCUMENTS = sorted(
    f
    for name in NAMES
    for f in (HERE / name).rglob("*")
    if f.is_file() and not f.name.endswith(".expected.json")
)
PIECES = (
    "\x00", "\ufeff", "\u2028", "\r", "\n---\n", "[[", "}}", '"', "\\", "{", "- ", ": ",
    "<<<<<<< a\n", "- [ ] ",
    '"id":', "1e999", "9" * 5000, '"\\ud800"', "null", "&a [*a]", "[" * 3000, "\t", "```\n",
)  # fmt: skip


def sound(plan: Plan) -> None:
    """A plan that a screen, the analysis and the canonical form can work with."""
    assert not [d for d in plan.diagnostics if d.code == "reader-failed"], plan.diagnostics
    ids = [t.id for t in plan.tasks]
    known = {*ids, *(p.id for p in plan.phases)}
    assert len(set(ids)) == len(ids)
    assert all(ids)
    assert len({t.key for t in plan.tasks}) == len(ids)
    assert all(t.title and "\n" not in t.title for t in plan.tasks)
    assert all(e.task in known and e.after in known and e.task != e.after for e in plan.edges)
    assert all(not t.phase or t.phase in known for t in plan.tasks)
    dump_plan(plan).encode("utf-8")


def read_as_all(path: str, text: str) -> None:
    """The document as it is recognised, and forced on every format of data."""
    plan = read_plan(path, text=text)
    sound(plan)
    for name in NAMES:
        sound(read_plan(path, text=text, format=name))


def mutated(text: str, chance: random.Random) -> str:
    """The text with a few pieces cut out, doubled, moved or put in."""
    for _ in range(chance.randint(1, 4)):
        first = chance.randint(0, len(text))
        last = min(len(text), first + chance.choice((0, 1, 5, 40, 400)))
        kind = chance.randint(0, 4)
        if kind == 0:
            text = text[:first]
        elif kind == 1:
            text = text[:first] + text[last:]
        elif kind == 2:
            text = text[:first] + text[first:last] * 3 + text[last:]
        elif kind == 3:
            text = text[:first] + chance.choice(PIECES) + text[last:]
        else:
            text = text[last:] + text[:first]
    return text


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda f: str(f.relative_to(HERE)))
def test_a_damaged_document_is_read_or_refused(document: Path) -> None:
    text = document.read_bytes().decode("utf-8")
    chance = random.Random(document.name)
    for _ in range(12):
        read_as_all(document.name, mutated(text, chance))


values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=True)
    | st.text(max_size=8)
    | st.sampled_from(["1", "2", "1.1", "done", "closed", "epic", "blocks", "../x", "a.py", ""]),
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(
        st.sampled_from(
            ["id", "title", "status", "dependencies", "subtasks", "tasks", "phases", "userStories",
             "priority", "passes", "depends_on", "verification", "issue_type", "depends_on_id",
             "type", "description", "files_to_create", "content", "master", "chunks", "parent"]
        ),
        inner,
        max_size=6,
    ),
    max_leaves=40,
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(values)
def test_any_types_under_known_keys(value: Any) -> None:
    read_as_all("plan.json", json.dumps(value))


@settings(max_examples=80, deadline=None)
@given(st.lists(values, max_size=6))
def test_any_records_in_lines(records: list[Any]) -> None:
    text = "\n".join(json.dumps(r) for r in records)
    read_as_all("issues.jsonl", text)


@settings(max_examples=80, deadline=None)
@given(values)
def test_any_frontmatter(value: Any) -> None:
    lines = f"id: x\nstatus: To Do\ntodos: {json.dumps(value)}"
    read_as_all("x.plan.md", f"---\n{lines}\n---\n# Title\n")


@pytest.mark.parametrize(
    "deep",
    [
        "[" * 200_000,
        "[" * 100_000 + "]" * 100_000,
        "{a: " * 50_000,
        "[[[[[[[[[[ # ]]]]]]]]]]\n  " * 10_000,
        "[[[[[[[[[['\n]]]]]]]]]]', " * 10_000,
        "\n" + "- " * 100_000 + "a",
        "\n" + "\n".join(" " * n + "a:" for n in range(1, 700)),
        "\n" + "\n".join(" " * n + "?" for n in range(1, 700)),
    ],
)
def test_frontmatter_nested_too_deeply_is_read_line_by_line(deep: str) -> None:
    found = frontmatter_of(f"---\nname: a\nbad: {deep}\nlast: b\n---\n# Title\n")
    assert found.problem is not None
    assert "nested too deeply" in found.problem.text
    assert (found.root.get("name").value, found.root.get("last").value) == ("a", "b")


def test_frontmatter_with_very_many_lists_is_still_yaml() -> None:
    items = "".join(
        f"  - {{id: t{n}, content: 'do [{n}', dependencies: [t{n // 2}, \"t{n // 3}\"]}}\n"
        for n in range(400)
    )
    found = frontmatter_of(f"---\nname: a\ntodos:\n{items}---\n# Title\n")
    assert found.problem is None
    last = found.root.get("todos").items()[-1]
    assert [d.value for d in last.get("dependencies").items()] == ["t199", "t133"]


@pytest.mark.parametrize("key", ["[{}]", "[[{}]]", "{} = 1", "a = {{ {} = 1 }}"])
def test_a_dotted_key_of_very_many_parts_is_an_error_at_once(key: str) -> None:
    long = key.format(" . ".join(["a", '"b.c"', "'d'"] * 30_000))
    start = time.process_time()
    plan = read_plan("plan.toml", text=f"schema = 1\n[plan]\ntitle = 'x'\n{long}\n")
    assert time.process_time() - start < 3
    assert [(d.code, d.line) for d in plan.diagnostics] == [("toml-syntax", 4)]


@settings(max_examples=200, deadline=None)
@given(values, st.sampled_from([None, 0, 2]))
def test_json_is_read_as_the_standard_parser_reads_it(value: Any, indent: int | None) -> None:
    text = json.dumps(value, indent=indent)
    found = parse_json(text)
    if text[:1] not in "{[":
        assert isinstance(found, Diagnostic)
        return
    assert not isinstance(found, Diagnostic)
    assert repr(plain(found.root)) == repr(json.loads(text.encode("utf-8", "replace")))


def plain(node: Any) -> Any:
    if isinstance(node.value, dict):
        return {k: plain(v) for k, v in node.value.items()}
    if isinstance(node.value, list):
        return [plain(v) for v in node.value]
    return node.value


@pytest.mark.parametrize(
    "text",
    [
        '{"a":' * 100_000,
        "[" * 100_000,
        "[" * 100_000 + "]" * 100_000,
        '{"tasks": [{"id": ' + "9" * 10_000 + ', "title": "t", "status": "done"}]}',
        "---\ntodos: " + "[" * 20_000 + "\n---\n",
        "---\ntodos:\n" + "".join(f"{' ' * n}- \n" for n in range(600)) + "---\n",
        "---\na0: &a0 [x]\n"
        + "".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 60))
        + "---\n",
    ],
    ids=["open objects", "open lists", "deep lists", "huge number", "yaml", "steps", "aliases"],
)
def test_depth_and_size_end_in_an_answer(text: str) -> None:
    began = time.monotonic()
    read_as_all("tasks.json", text)
    read_as_all("x.plan.md", text)
    assert time.monotonic() - began < 60


def tasks_json(count: int) -> str:
    tasks = [
        {
            "id": n,
            "title": f"Task {n}",
            "status": "pending",
            "dependencies": [n - 1, 10**6 + n] if n else [],
            "details": f"Create src/m{n}.py with the parser.",
            "subtasks": [{"id": 1, "title": "Part", "status": "done", "dependencies": []}],
        }
        for n in range(count)
    ]
    return json.dumps({"tasks": tasks}, indent=1)


def issues_jsonl(count: int) -> str:
    rows = [
        {
            "id": f"x-{n}",
            "title": f"Issue {n}",
            "status": "open",
            "issue_type": "task",
            "dependencies": [
                {"issue_id": f"x-{n}", "depends_on_id": f"x-{n - 1}", "type": kind}
                for kind in ("blocks", "parent-child")
            ],
        }
        for n in range(1, count)
    ]
    return "\n".join(json.dumps(row) for row in rows)


def same_id(count: int) -> str:
    return json.dumps({"tasks": [{"id": 1, "title": "x", "status": "done"}] * count})


@pytest.mark.parametrize("make", [tasks_json, issues_jsonl, same_id])
def test_time_grows_with_the_size_of_the_document(make: Any) -> None:
    def seconds(count: int) -> float:
        document = load("plan.json", make(count))
        best = min(formats_time(document) for _ in range(2))
        return max(best, 0.02)

    small, large = seconds(500), seconds(4_000)
    assert large / small < 8 * 3, (small, large)


def formats_time(document: Any) -> float:
    began = time.process_time()
    for name in ("taskmaster", "beads", "ralph", "autoclaude"):
        form = all_formats()[name]
        if form.recognise(document)[0] > 50:
            form.read(document)
    return time.process_time() - began
