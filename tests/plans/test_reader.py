"""Reading any file at all: errors of the file, diagnostics of its content, never an exception."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maestro_tui.plans.canonical import dump_plan
from maestro_tui.plans.errors import PlanError
from maestro_tui.plans.formats import all_formats
from maestro_tui.plans.model import Plan
from maestro_tui.plans.reader import read_plan
from maestro_tui.plans.shape import as_json

PLAN = "# P\n\n## Phase 1: a\nFiles: a.py\n"


def codes(plan: Plan) -> list[str]:
    return [d.code for d in plan.diagnostics]


def test_a_missing_file_a_folder_and_bytes_are_errors_that_say_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(PlanError, match=r"none\.md: no such file\. Check the path"):
        read_plan(tmp_path / "none.md")
    with pytest.raises(PlanError, match=r"is a folder\. Name the plan file"):
        read_plan(tmp_path)
    raw = tmp_path / "raw.md"
    raw.write_bytes(b"# ok\n\xff\xfe\n")
    with pytest.raises(PlanError, match=r"raw\.md:2: is not UTF-8 text \(byte 0xff\)\. Save it"):
        read_plan(raw)


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_an_unreadable_file_is_an_error(tmp_path: Path) -> None:
    file = tmp_path / "p.md"
    file.write_text(PLAN)
    file.chmod(0)
    with pytest.raises(PlanError, match="cannot be read"):
        read_plan(file)


def test_a_name_no_file_can_have_is_an_error() -> None:
    with pytest.raises(PlanError, match="cannot be read"):
        read_plan("a\0b.md")


def test_source_and_hash_come_from_the_file(tmp_path: Path) -> None:
    file = tmp_path / "p.md"
    file.write_bytes(b"\xef\xbb\xbf" + PLAN.replace("\n", "\r\n").encode())
    plan = read_plan(file)
    assert plan.source == str(file)
    assert len(plan.source_sha256) == 64
    assert plan.id == "p"
    assert [t.modify for t in plan.tasks] == [("a.py",)]
    assert codes(plan) == ["bom"]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "not-a-plan"),
        ("  \n\n", "not-a-plan"),
        ("Dear all,\n\nthe meeting is moved.\n", "not-a-plan"),
        ("# Title\n\n## Background\n\nWords.\n", "not-a-plan"),
        ("## Timeline\n### Phase 1: week one\n", "not-a-plan"),
    ],
)
def test_a_document_that_is_no_plan_has_no_task_and_says_why(text: str, code: str) -> None:
    plan = read_plan("x.md", text=text)
    assert plan.tasks == ()
    (error,) = plan.errors
    assert error.code == code
    assert error.text
    assert "## Phase 1:" in error.hint


def test_merge_markers_forbid_a_run_but_the_plan_is_shown() -> None:
    plan = read_plan("x.md", text=PLAN + "<<<<<<< ours\n=======\n>>>>>>> theirs\n")
    assert len(plan.tasks) == 1
    assert [(d.code, d.line) for d in plan.errors] == [("merge-markers", 5)]


def test_the_format_can_be_forced_and_a_wrong_name_is_corrected() -> None:
    plan = read_plan("x.md", text=PLAN, format="prompt")
    assert (plan.format, len(plan.tasks), plan.reason) == ("prompt", 1, "chosen by you")
    with pytest.raises(PlanError, match=r"No plan format 'maestor'\. Did you mean 'maestro'\?"):
        read_plan("x.md", text=PLAN, format="maestor")


def test_every_format_is_found_and_named_once() -> None:
    assert {"canonical", "maestro", "prompt"} <= set(all_formats())


def test_how_sure_the_reader_is() -> None:
    assert read_plan("x.md", text=PLAN).confidence == "high"
    bare = read_plan("x.md", text="## Phase 1: a\n\nWords.\n")
    assert bare.confidence in ("medium", "low")
    assert "phase heading" in bare.reason


LINE = st.sampled_from(
    [
        "# Title", "## Phase 1: a", "## Phase 2: b", "### Phase 2.1: c", "### Stream A: x",
        "### Task 1.1: y", "#### 1.2 z", "- **Stream B**: w", "- [x] Task 1.3: v",
        "Files: a.py, b/",
        "Files:", "- a.py", "Create: `c.py` (new)", "Depends on: Phase 1", "Needs: Task 1.1-1.3",
        "Dependencies: all previous, networkx", "After: Phases 1–9", "Verify: `pytest`", "```bash",
        "```", "````markdown", "<!--", "-->", "---", "| a | b |", "|---|---|", "| Files | x.py |",
        "Completion: A_COMPLETE.md", "<<<<<<< x", "=======", "", "  ", "\tcode", "> quote",
        "## Dependencies", "Phase 1 -> Phase 2", "**Stream C: q**", "schema = 1", "[[task]]",
        "## Phase 1: again (Sequential)", "Status: done", "```toml rehearsal", "Blocks: Phase 2",
    ]
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.lists(LINE | st.text(max_size=30), max_size=40).map("\n".join))
def test_no_text_makes_the_markdown_reader_fail(text: str) -> None:
    for chosen in (None, *all_formats()):
        plan = read_plan("x.md", text=text, format=chosen)
        assert "reader-failed" not in codes(plan)
        ids = [t.id for t in plan.tasks]
        assert len(set(ids)) == len(ids)
        assert plan.tasks or plan.errors
        last = text.count("\n") + text.count("\r") + 2
        assert all(d.text and 0 <= d.line <= last for d in plan.diagnostics)
        as_json(plan)
        dump_plan(plan)


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=300))
def test_no_text_makes_the_toml_reader_fail(text: str) -> None:
    plan = read_plan("x.plan.toml", text=text)
    assert "reader-failed" not in codes(plan)
    assert plan.tasks or plan.errors


def test_a_long_plan_is_read_at_once() -> None:
    text = "# P\n" + "".join(
        f"\n## Phase {n}: thing {n}\nFiles: src/m{n}.py\nDepends on: Phase {n // 2}\n- do it\n"
        for n in range(1, 2001)
    )
    start = time.process_time()
    plan = read_plan("x.md", text=text)
    assert time.process_time() - start < 10  # far above what it takes: no square of the length
    assert len(plan.tasks) == 2000
    assert len(plan.edges) == 1999


def test_the_package_is_usable_by_itself() -> None:
    code = (
        "import sys; from maestro_tui.plans import PlanError, analyse, read_plan\n"
        "plan = read_plan('p.md', text='# P\\n\\n## Tasks\\n\\n- [ ] 1. A\\n- [ ] 2. B\\n')\n"
        "print(len(plan.tasks), len(analyse(plan).waves), issubclass(PlanError, Exception))\n"
        "print([m for m in sys.modules if m.startswith(('maestro_tui.engine', 'textual'))])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.splitlines() == ["2 2 True", "[]"], done.stderr


def test_an_unknown_name_of_the_package_is_an_ordinary_error() -> None:
    with pytest.raises(ImportError):
        exec("from maestro_tui.plans import no_such_name")
