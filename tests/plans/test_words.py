"""Durations, keys, commands and paths: the small grammars."""

from __future__ import annotations

import re
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maestro_tui.plans.commands import (
    commands_in_fence,
    commands_in_text,
    is_check,
    is_command,
)
from maestro_tui.plans.durations import format_duration, parse_duration
from maestro_tui.plans.keys import clean, prompt_task_id, task_key, with_keys
from maestro_tui.plans.model import Task
from maestro_tui.plans.paths import find_paths, unsafe_reason


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("30 min", 1800),
        ("2h", 7200),
        ("1d", 28800),
        ("45s", 45),
        ("1-2 hours", 5400),
        ("1 to 2 hours", 5400),
        ("30–60 minutes", 2700),
        ("1h 30m", 5400),
        ("1h30m", 5400),
        ("~1.5 hours", 5400),
        ("1,5 h", 5400),
        ("about half a day", 0),
        ("2 storypoints", 0),
        ("", 0),
        ("TBD", 0),
    ],
)
def test_durations_people_write(text: str, seconds: float) -> None:
    assert parse_duration(text) == seconds


@given(st.text(max_size=60))
def test_any_text_is_a_duration_of_at_least_nothing(text: str) -> None:
    assert parse_duration(text) >= 0


def test_durations_are_written_in_two_units() -> None:
    assert [format_duration(s) for s in (0, 45, 5400, 3601)] == [
        "0 s",
        "45 s",
        "1 h 30 min",
        "1 h 1 s",
    ]


@given(st.lists(st.tuples(st.text(max_size=30), st.text(max_size=60)), max_size=12))
def test_keys_are_safe_and_unique(names: list[tuple[str, str]]) -> None:
    keys = [t.key for t in with_keys(Task(i, t) for i, t in names)]
    assert len(set(keys)) == len(keys)
    assert all(re.fullmatch(r"[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?", k) for k in keys)


def test_a_key_says_id_and_title_and_keeps_one_given_by_hand() -> None:
    assert task_key("1.2", "Notification router") == "1-2-notification-router"
    assert task_key("設計", "日本語") == "task"
    assert [t.key for t in with_keys([Task("1", "a", key="mine"), Task("2", "b", key="_no")])] == [
        "mine",
        "2-b",
    ]


def test_titles_lose_control_and_direction_characters() -> None:
    assert clean("red\x1b[31m  \u202etext\x00\n") == "red[31m text"


def test_prompt_ids_ask_again_until_they_are_new() -> None:
    tokens = iter(["00af", "00af", "1b2c"])
    now = datetime(2031, 5, 6, 7, 8, 9)
    first = prompt_task_id(now, lambda: next(tokens))
    second = prompt_task_id(now, lambda: next(tokens), {first})
    assert (first, second) == ("task-20310506-070809-00af", "task-20310506-070809-1b2c")


@pytest.mark.parametrize(
    ("text", "commands"),
    [
        ("pytest -q tests/", ["pytest -q tests/"]),
        ("`make check` and `npm test`", ["make check", "npm test"]),
        ("CI=1 npm run build", ["CI=1 npm run build"]),
        ("./scripts/check.sh", ["./scripts/check.sh"]),
        ("all tests pass", []),
        ("make sure that everything works", []),
        ("`UserModel` exists", []),
    ],
)
def test_commands_are_told_from_prose(text: str, commands: list[str]) -> None:
    assert commands_in_text(text) == commands


def test_commands_of_a_fence_lose_prompts_comments_and_line_breaks() -> None:
    lines = ["# first", "$ pytest -q \\", "    tests/unit  # fast", "", "Collected 3 items"]
    assert commands_in_fence("bash", lines) == ["pytest -q tests/unit"]
    assert commands_in_fence("python", ["python x.py"]) == []


@pytest.mark.parametrize("path", ["/etc/src/x.py", "/tmp/x.py", "/app/x.py", "/home/ann/x.py"])
def test_a_path_that_is_none_of_a_repository_stays_absolute(path: str) -> None:
    assert [unsafe_reason(p.path) for p in find_paths(path)] == ["is absolute"]


@pytest.mark.parametrize(
    ("command", "check"),
    [
        ('[ -f package.json ] && echo "there"', True),
        ("cargo fmt --check", True),
        ("dart format --set-exit-if-changed lib", True),
        ("cargo fmt", False),
        ("dart format lib", False),
        ("npx prettier --write .", False),
        ("npm run dev -- --host", False),
        ("gh run list --branch main", False),
    ],
)
def test_a_check_is_told_from_what_changes_or_never_ends(command: str, check: bool) -> None:
    assert is_command(command)
    assert is_check(command) is check


def test_a_sentence_that_begins_with_a_program_is_no_command() -> None:
    assert commands_in_text("curl で状態の更新を確認") == []
    assert commands_in_text("`curl -f localhost` で確認") == ["curl -f localhost"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a/x.py, b/y.py", [("a/x.py", ""), ("b/y.py", "")]),
        ("`a/x.py` and `b/y.py`", [("a/x.py", ""), ("b/y.py", "")]),
        ("a/x.py (new), b/y.py (modified)", [("a/x.py", "create"), ("b/y.py", "modify")]),
        ("Create `a/x.py` - the thing", [("a/x.py", "create")]),
        ("[NEW] a/x.py", [("a/x.py", "create")]),
        ("[x.py](src/x.py)", [("src/x.py", "")]),
        ("[src/x.py](file:///home/me/src/x.py)", [("src/x.py", "")]),
        ("src/x.py:12-40", [("src/x.py", "")]),
        ("./src/x.py", [("src/x.py", "")]),
        ("src/app/(dashboard)/page.tsx", [("src/app/(dashboard)/page.tsx", "")]),
        ("src/{a,b}/*.ts, docs/", [("src/{a,b}/*.ts", ""), ("docs/", "")]),
        ("Makefile, .gitignore", [("Makefile", ""), (".gitignore", "")]),
        ("docs/設計.md", [("docs/設計.md", "")]),
        ("none", []),
        ("https://example.org/x.py", []),
        ("to be decided, see 1.2", []),
        ("app/models.py - replaces the old/legacy one", [("app/models.py", "")]),
        ("/src/routes/*.ts", [("src/routes/*.ts", "")]),
        ("`/migrations/004_loans.sql`", [("migrations/004_loans.sql", "")]),
        ("[x.ts](file:///Users/ann/work/lib/apps/web/x.ts)", [("apps/web/x.ts", "")]),
        ("[x.ts](file:///home/ann/x.ts)", [("x.ts", "")]),
        ("src/loans/**init**.py", [("src/loans/__init__.py", "")]),
    ],
)
def test_paths_are_found_in_a_value(text: str, expected: list[tuple[str, str]]) -> None:
    assert [(p.path, p.action) for p in find_paths(text)] == expected


@pytest.mark.parametrize(
    "path",
    ["/etc/passwd", "../x", "a/../../x", "~/x", "~root/x", ".git/config", ".maestro/db", "C:\\x",
     "a\\..\\..\\b", "sub/.git/hooks/x", "./.git/x", "..", "a\x00b"],
)  # fmt: skip
def test_paths_outside_the_repository_are_unsafe(path: str) -> None:
    assert unsafe_reason(path)


@pytest.mark.parametrize("path", ["a.py", "src/a..b.py", ".github/x.yml", ".gitignore", "**/*.py"])
def test_ordinary_paths_are_safe(path: str) -> None:
    assert unsafe_reason(path) == ""
