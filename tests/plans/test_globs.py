"""Path patterns: matching, and whether two can mean the same file."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maestro_tui.plans import globs


@pytest.mark.parametrize(
    ("path", "pattern", "expected"),
    [
        ("app/a.py", "app/a.py", True),
        ("app/a.py", "./app/a.py", True),
        ("app/a.py", "app/*.py", True),
        ("app/sub/a.py", "app/*.py", False),
        ("app/sub/a.py", "app/**/*.py", True),
        ("app/a.py", "app/**/*.py", True),
        ("a.py", "**/*.py", True),
        ("app/sub/a.py", "app/**", True),
        ("app", "app/**", False),
        ("app/sub/a.py", "app/", True),
        ("application/a.py", "app/", False),
        ("app/a.py", "*.py", False),
        ("app/ab.py", "app/a?.py", True),
        ("app/a.py", "app/a?.py", False),
        ("app/b.py", "app/[a-c].py", True),
        ("app/d.py", "app/[!a-c].py", True),
        ("app/b.py", "app/[!a-c].py", False),
        ("web/x.tsx", "web/*.{ts,tsx}", True),
        ("web/x.js", "web/*.{ts,tsx}", False),
        ("src/(dashboard)/x.tsx", "src/(dashboard)/x.tsx", True),
        ("src/a+b.py", "src/a+b.py", True),
        ("docs/日本/設計.md", "docs/**/*.md", True),
        ("a\nb", "a*", True),
    ],
)
def test_a_pattern_covers_exactly_the_files_it_says(
    path: str, pattern: str, expected: bool
) -> None:
    assert globs.matches(path, pattern) is expected


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ("app/a.py", "app/a.py", True),
        ("app/a.py", "app/b.py", False),
        ("app/*.py", "app/a.py", True),
        ("app/*.py", "app/a.txt", False),
        ("app/*.py", "app/sub/a.py", False),
        ("app/*_service.py", "app/user_*.py", True),
        ("app/*_service.py", "app/*_queue.py", False),
        ("app/**", "app/x/y/z.py", True),
        ("**/*.py", "app/models/*.py", True),
        ("**/*.py", "app/models/*.sql", False),
        ("app/", "app/x/y.py", True),
        ("app/", "application/y.py", False),
        ("app/models/", "app/", True),
        ("tests/**/*.py", "tests/unit/", True),
        ("web/*.{ts,tsx}", "web/*.{js,tsx}", True),
        ("web/*.{ts,tsx}", "web/*.{js,css}", False),
        ("a/[a-c].py", "a/b.py", True),
        ("a/[a-c].py", "a/d.py", False),
        ("a/**/b/**/c.py", "a/x/b/c.py", True),
        ("a/**/b/c.py", "a/b/d.py", False),
    ],
)
def test_overlap_is_exact_and_symmetric(first: str, second: str, expected: bool) -> None:
    assert globs.overlap(first, second) is expected
    assert globs.overlap(second, first) is expected


@pytest.mark.parametrize(
    ("entry", "pattern"),
    [
        ("src/app", "src/app/"),
        ("src/app/", "src/app/"),
        ("src/app.py", "src/app.py"),
        ("src/*.py", "src/*.py"),
        ("Makefile", "Makefile/"),
        (".github", ".github/"),
    ],
)
def test_a_bare_folder_in_a_scope_means_all_beneath_it(entry: str, pattern: str) -> None:
    assert globs.as_scope(entry) == pattern
    assert globs.matches(entry.rstrip("/").replace("*", "x"), pattern)


def test_very_many_brace_alternatives_stay_cheap_and_err_on_the_safe_side() -> None:
    pattern = "src/" + "{a,b}" * 20 + ".py"
    assert len(globs.alternatives(pattern)) < 200
    assert globs.overlap(pattern, "src/" + "ab" * 10 + ".py")


SEGMENT = st.text("ab*?.", min_size=1, max_size=4) | st.just("**")
PATTERN = st.lists(SEGMENT, min_size=1, max_size=4).map("/".join)
PATH = st.lists(st.text("ab.", min_size=1, max_size=4), min_size=1, max_size=4).map("/".join)


@given(PATH, PATTERN, PATTERN)
def test_two_patterns_that_match_one_file_overlap(path: str, first: str, second: str) -> None:
    if globs.matches(path, first) and globs.matches(path, second):
        assert globs.overlap(first, second)


@given(st.text(max_size=20), st.text(max_size=20))
def test_any_text_is_a_pattern(first: str, second: str) -> None:
    assert globs.overlap(first, second) == globs.overlap(second, first)
    assert globs.matches(first, second) in (True, False)
