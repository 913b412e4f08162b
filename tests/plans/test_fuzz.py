"""Documents nobody would write: no reader may fail on one, hang on one, or point outside of it."""

from __future__ import annotations

import contextlib
import importlib.util
import random
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maestro_tui.plans.analysis import analyse
from maestro_tui.plans.canonical import dump_plan
from maestro_tui.plans.document import load
from maestro_tui.plans.errors import PlanError
from maestro_tui.plans.formats import all_formats
from maestro_tui.plans.model import Plan
from maestro_tui.plans.reader import read_plan
from maestro_tui.plans.shape import as_json

FIXTURES = Path(__file__).parent / "fixtures"
BENCHMARK = Path(__file__).parents[2] / "benchmarks" / "plan_reading.py"
SEPARATORS = "\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029"
ODD = (
    *SEPARATORS, "\x00", "\r", "\r\n", "\u200b", "\u200d", "\u202e", "\u2066", "\ufeff", "\ud800",
    "\t", "\u00a0", "\u3000", "e\u0301", "👩‍🚀", "\x1b[31m",
)  # fmt: skip
RUNS = (
    "*", "_", "(", "[", "{", "|", "-", "`", "#", "~", ">", "<", "=", "/", ".", ",", ":", " ", "0",
    "a", "a/", "1.", "[a](", "`a` ", "T1, ", "<!--", "→", "Task 1 -> ", "～", "あ",
)  # fmt: skip
PIECES = (
    "# Title", "## Phase 1: a (Sequential)", "### Task 1: b", "### Task 1.1: c", "## 1. Part",
    "- [ ] 1.1 Create `src/a.py`", "- [x] T001 [P] Update src/b.py", "  - [ ] nested",
    "1. **a.md**", "- [ ]* 1.2 x", "**Files:**", "- Create: `c.py` (new)",
    "Depends on: Tasks 1-9, all others", "Blocks: Task 1", "| ID | Task | Depends on |",
    "|---|---|---|", "| T1 | a | T2 |", "```mermaid", "graph TD", "A[Task 1] --> B[Task 1.1]",
    "```", "````md", "## Dependencies", "Task 1 → Task 1.1", "T1   T2", " \\   /", "  T3",
    "**What to do**:", "_Requirements: 1.1_", "## Do not touch",
    "#### [NEW] [a.py](file:///x/a.py)", "<task type='auto'>", "<name>Task 1: a</name>",
    "</task>", "---", "wave: 1", "depends_on: [a]", "todos:", "  - id: a", "<!--", "-->",
    "## フェーズ1：設計", "## Acceptance Criteria", "As a user I want x", "## Step: a", "Needs: b",
    "Run: `pytest`", "", "=======", "<<<<<<< a", "> quote", "Status: done", "### ~~Step 4: d~~ ✅",
    "## Implementation",
)  # fmt: skip


def seeds() -> list[tuple[str, str]]:
    """Every Markdown fixture, as starting points for mutations."""
    found = sorted(f for f in FIXTURES.rglob("*") if f.suffix in (".md", ".txt", ".toml"))
    return [(f.name, f.read_bytes().decode()) for f in found]


def examine(name: str, text: str, *, formats: tuple[str | None, ...] = (None,)) -> None:
    """What must hold of any document, in any format it is read as."""
    for chosen in formats:
        plan = read_plan(name, text=text, format=chosen)
        sound(plan, text)


def sound(plan: Plan, text: str) -> None:
    """Unique ids, edges with two known ends, lines within the document, something said."""
    codes = [d.code for d in plan.diagnostics]
    assert "reader-failed" not in codes, plan.diagnostics
    assert "its check failed" not in "".join(d.text for d in plan.diagnostics)
    ids = [t.id for t in plan.tasks]
    assert len(set(ids)) == len(ids)
    assert len({t.key for t in plan.tasks}) == len(ids)
    assert plan.tasks or plan.errors
    known = {*ids, *(p.id for p in plan.phases)}
    assert all({e.task, e.after} <= known and e.task != e.after for e in plan.edges)
    last = text.count("\n") + text.count("\r") + 2
    for item in (*plan.tasks, *plan.edges, *plan.phases, *plan.diagnostics):
        assert 0 <= item.line <= last
    as_json(plan)
    dump_plan(plan)
    with contextlib.suppress(PlanError):  # a cycle, or nothing to do
        analyse(plan)


def every_format() -> tuple[str | None, ...]:
    return (None, *all_formats())


def mutated(text: str, other: str, random_of: random.Random) -> str:
    """A document after one accident: cut, spliced, shuffled, or with something odd put into it."""
    at, to = sorted(random_of.randrange(len(text) + 1) for _ in range(2))
    lines = text.split("\n")
    accident = random_of.randrange(9)
    if accident == 0:
        return text[:at]
    if accident == 1:
        return text[:at] + other[len(other) // 2 :]
    if accident == 2:
        return text[:at] + text[to:]
    if accident == 3:
        return text[:at] + random_of.choice(ODD) * random_of.randrange(1, 5) + text[at:]
    if accident == 4:
        return text[:at] + random_of.choice(RUNS) * random_of.randrange(1, 300) + text[at:]
    if accident == 5:
        random_of.shuffle(lines)
        return "\n".join(lines)
    if accident == 6:
        return random_of.choice(("\r\n", "\r", *SEPARATORS)).join(lines)
    if accident == 7:
        return "\n".join(random_of.choice(("", " ", "    ", "> ", "- ", "\t")) + x for x in lines)
    fence = random_of.choice(("```", "```markdown", "````", "~~~"))
    return f"{text[:at]}\n{fence}\n{text[at:to]}\n```bash\n{other[:at]}\n```\n{text[to:]}"


@pytest.mark.parametrize("seed", range(12))
def test_no_mutation_makes_a_reader_fail(seed: int) -> None:
    random_of = random.Random(seed)
    documents = seeds()
    for name, text in random_of.sample(documents, min(12, len(documents))):
        for _ in range(3):
            text = mutated(text, random_of.choice(documents)[1], random_of)
        formats = every_format()
        examine(name, text, formats=(None, *random_of.sample(formats[1:], 3)))


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from(PIECES) | st.sampled_from(ODD), max_size=40).map("\n".join))
def test_no_order_of_pieces_makes_a_reader_fail(text: str) -> None:
    examine("x.md", text, formats=every_format())


@settings(max_examples=100, deadline=None)
@given(
    st.text(max_size=200), st.sampled_from(PIECES), st.sampled_from(("x.md", "x.json", "x.toml"))
)
def test_no_text_makes_a_reader_fail(text: str, piece: str, name: str) -> None:
    examine(name, f"{piece}\n{text}", formats=every_format())


@pytest.mark.parametrize("run", RUNS)
def test_long_runs_of_one_thing_end_at_once(run: str) -> None:
    line = run * (2000 // len(run))
    for text in (
        f"# P\n\n## Tasks\n\n- [ ] 1.1 {line}\n- [ ] 1.2 b\n",
        f"### Task 1: {line}\n\nFiles: {line}\n\n### Task 2: b\nDepends on: {line}\n",
        f"# P\n\n### Task 1: a\n\n{line}\n\n| {line} |\n|---|\n\n## Dependencies\n\n{line}\n",
    ):
        start = time.process_time()
        examine("x.md", text, formats=every_format())
        assert time.process_time() - start < 5


@pytest.mark.parametrize("separator", SEPARATORS)
def test_only_a_line_feed_ends_a_line(separator: str) -> None:
    text = f"# P\n\n### Task 1: a{separator}b\n\nFiles: src/a.py\n\n### Task 2: c\n"
    plan = read_plan("x.md", text=text)
    assert [(t.id, t.line) for t in plan.tasks] == [("1", 3), ("2", 7)]
    assert plan.tasks[0].modify == ("src/a.py",)
    assert separator not in plan.tasks[0].title
    sound(plan, text)


def test_every_check_of_a_format_can_be_asked_of_any_document() -> None:
    for text in ("", "\n", "{", "---\n---\n", "# a", "\x00", "```", "<task>", "[[task]]\n"):
        document = load("x.md", text)
        for one in all_formats().values():
            score, why = one.recognise(document)
            assert 0 <= score <= 100
            assert why


def _shapes() -> ModuleType:
    spec = importlib.util.spec_from_file_location("plan_reading", BENCHMARK)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


SHAPES = _shapes()
KINDS = [*SHAPES.PLANS, *SHAPES.HOSTILE]


@pytest.mark.parametrize("kind", KINDS)
def test_a_long_document_of_any_shape_is_read_in_time(kind: str) -> None:
    text = SHAPES.plan_of(kind, 50_000)
    start = time.process_time()
    plan = read_plan("plan.md", text=text)
    assert time.process_time() - start < 3
    assert "reader-failed" not in [d.code for d in plan.diagnostics]


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_reading_grows_with_the_document_and_not_faster(kind: str) -> None:
    def seconds(size: int) -> float:
        text = SHAPES.plan_of(kind, size)
        return min(_timed(lambda: read_plan("plan.md", text=text)) for _ in range(2))

    small, large = seconds(60_000), seconds(240_000)
    assert large < 0.3 or large / small < 9  # 4 is linear, 16 quadratic


def _timed(act: Callable[[], object]) -> float:
    start = time.process_time()
    act()
    return time.process_time() - start
