"""Prompt files: one file, one task."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path

import pytest

from maestro_tui.plans.errors import PlanError
from maestro_tui.plans.reader import read_plan, read_prompt_files

NOW = datetime(2031, 1, 2, 3, 4, 5)


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text)
    return path


def test_each_file_named_is_one_task_and_no_other_is_read(tmp_path: Path) -> None:
    first = write(tmp_path, "first.md", "# Add a clock\n\nFiles: clock.py\n\nVerify: `pytest`\n")
    second = write(tmp_path, "second.md", "---\ntitle: Add a bell\nagent: ringer\n---\nRing.\n")
    write(tmp_path, "third.md", "# Not named\n")
    tokens = iter(["0a1b", "2c3d"])
    plan = read_prompt_files([first, second], now=NOW, token=lambda: next(tokens))
    assert [(t.id, t.title, t.kind) for t in plan.tasks] == [
        ("task-20310102-030405-0a1b", "Add a clock", "prompt"),
        ("task-20310102-030405-2c3d", "Add a bell", "prompt"),
    ]
    assert plan.tasks[0].modify == ("clock.py",)
    assert plan.tasks[0].verify == ("pytest",)
    assert plan.tasks[0].prompt == str(first)
    assert plan.tasks[0].text.startswith("# Add a clock")
    assert (plan.tasks[1].agent, plan.tasks[1].text) == ("ringer", "Ring.")
    assert not plan.errors


def test_ids_are_unique_without_a_clock_or_tokens_given(tmp_path: Path) -> None:
    files = [write(tmp_path, f"{n}.md", f"# Task {n}\n") for n in range(30)]
    ids = [t.id for t in read_prompt_files(files).tasks]
    assert len(set(ids)) == 30
    assert all(re.fullmatch(r"task-\d{8}-\d{6}-[0-9a-f]{4}", i) for i in ids)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("# Add a clock - IMPLEMENTED\n", 1),
        ("# ✅ COMPLETED: add a clock\n", 1),
        ("# A\n\n## Status: IMPLEMENTED\n", 3),
        ("# A\n\n**Status**: COMPLETED\n", 3),
        ("# A\n\nStatus: ✅ Implemented\n", 3),
        ("---\ntitle: A\nstatus: completed\n---\n# A\n", 3),
    ],
)
def test_finished_files_are_skipped_and_reported(tmp_path: Path, text: str, line: int) -> None:
    done = write(tmp_path, "done.md", text)
    todo = write(tmp_path, "todo.md", "# B\n")
    plan = read_prompt_files([done, todo], now=NOW)
    assert [t.title for t in plan.tasks] == ["B"]
    (found,) = plan.diagnostics
    assert (found.code, found.severity, found.line) == ("prompt-finished", "info", line)
    assert str(done) in found.text


@pytest.mark.parametrize(
    "text",
    [
        "# A\n\nThe cache is IMPLEMENTED in cache.py already.\n",
        "# A: not yet IMPLEMENTED\n",
        "# A\n\nStatus: not implemented\n",
        "# Complete the clock\n",
        "# A\n```\n# IMPLEMENTED\n```\n",
    ],
)
def test_the_word_in_a_sentence_means_nothing(tmp_path: Path, text: str) -> None:
    plan = read_prompt_files([write(tmp_path, "a.md", text)], now=NOW)
    assert len(plan.tasks) == 1


def test_when_all_are_finished_the_plan_says_so(tmp_path: Path) -> None:
    plan = read_prompt_files([write(tmp_path, "a.md", "# COMPLETED\n")], now=NOW)
    assert plan.tasks == ()
    assert [d.code for d in plan.errors] == ["no-tasks"]


def test_a_file_named_twice_and_an_empty_one(tmp_path: Path) -> None:
    file = write(tmp_path, "a.md", "# A\n")
    plan = read_prompt_files([file, tmp_path / "." / "a.md", write(tmp_path, "e.md", "")], now=NOW)
    assert len(plan.tasks) == 1
    assert [d.code for d in plan.diagnostics] == ["prompt-repeated", "prompt-empty"]


def test_a_missing_file_and_no_file_are_errors(tmp_path: Path) -> None:
    with pytest.raises(PlanError, match="no such file"):
        read_prompt_files([tmp_path / "x.md"])
    with pytest.raises(PlanError, match="No prompt file named"):
        read_prompt_files([])


def test_a_prompt_may_depend_on_another_that_is_named(tmp_path: Path) -> None:
    first = write(tmp_path, "clock.md", "# Clock\n")
    second = write(tmp_path, "bell.md", "# Bell\n\nDepends on: `prompts/clock.md`, teapot.md\n")
    plan = read_prompt_files([first, second], now=NOW)
    clock, bell = (t.id for t in plan.tasks)
    assert [(e.task, e.after, e.line) for e in plan.edges] == [(bell, clock, 3)]
    assert [d.code for d in plan.diagnostics] == ["dependency-note"]


def test_a_single_prompt_is_recognised_by_its_folder(tmp_path: Path) -> None:
    (tmp_path / "prompts").mkdir()
    file = write(tmp_path / "prompts", "clock.md", "# Clock\n\nBuild it.\n")
    plan = read_plan(file)
    assert (plan.format, [(t.id, t.kind) for t in plan.tasks]) == ("prompt", [("clock", "prompt")])
    assert read_plan(write(tmp_path, "clock.md", "# Clock\n\nBuild it.\n")).tasks == ()
