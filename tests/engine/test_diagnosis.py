"""Why did it fail? Evidence from what is there, the upstream's promises, attempts compared."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from maestro_tui.engine.evidence import exit_meaning, missing_things
from tests.engine.scratch import (
    cases_agent,
    git,
    headless,
    leftovers,
    maestro,
    make_repo,
    status,
    write_plan,
)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("ModuleNotFoundError: No module named 'shop.cart'", ["shop.cart"]),
        ("ImportError: cannot import name 'Cart' from 'shop.cart' (x.py)", ["shop.cart"]),
        ("Error: Cannot find module './cart'", ["./cart"]),
        ("FileNotFoundError: [Errno 2] No such file or directory: 'shop/cart.sql'",
         ["shop/cart.sql"]),
        ("cat: shop/cart.sql: No such file or directory", ["shop/cart.sql"]),
        ("error[E0432]: unresolved import `crate::cart`", ["cart"]),
        ("all is well", []),
    ],
)  # fmt: skip
def test_what_a_program_missed(text: str, found: list[str]) -> None:
    assert missing_things(text) == found


def test_exit_codes_with_a_meaning() -> None:
    assert "not found" in exit_meaning(127)
    assert "memory" in exit_meaning(137)
    assert "memory" in exit_meaning(-9)
    assert "SIGTERM" in exit_meaning(143)
    assert exit_meaning(1) == exit_meaning(None) == ""


CHILD = (
    "if test -e shop/cart.py; then echo 3 > three.txt; done_; else "
    "echo \"ModuleNotFoundError: No module named 'shop.cart'\"; for i in 1 2 3 4 5 6 7 8 9; "
    'do echo "line $i"; done; exit 3; fi'
)


def test_the_errors_before_the_last_lines_are_shown(tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "repo")
    plan = write_plan(tmp_path, {"3": 'create = ["three.txt"]'})
    done = headless(repo, plan, cases_agent(tmp_path, {"3": CHILD}))
    assert done.returncode == 3, done.stdout
    evidence = status(repo)["questions"][0]["evidence"]
    assert "  ModuleNotFoundError: No module named 'shop.cart'" in evidence
    assert "  line 9" in evidence


def test_attempts_are_listed_with_what_they_wrote_and_compared(tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "repo")
    plan = write_plan(tmp_path, {"1": 'create = ["one.txt"]'})
    body = 'seq "$MAESTRO_ATTEMPT" > one.txt; if [ "$MAESTRO_ATTEMPT" = 1 ]; then exit 4; fi; done_'
    done = headless(
        repo,
        plan,
        cases_agent(tmp_path, {"1": body}),
        "--on-failure",
        "retry",
        "--retry-delay",
        "0",
    )
    assert done.returncode == 0, done.stdout
    said = maestro("attempts", "r", "1", cwd=repo)
    assert said.returncode == 0, said.stderr
    rows = json.loads(maestro("attempts", "r", "1", "--json", cwd=repo).stdout)
    assert [(r["attempt"], r["outcome"], r["files"], r["added"]) for r in rows] == [
        (1, "failed", 1, 1),
        (2, "merged", 1, 2),
    ]
    assert git(repo, "show", f"{rows[0]['ref']}:one.txt") == "1"
    diff = maestro("attempts", "r", "1", "--diff", "1", "2", cwd=repo).stdout
    assert "+2" in diff
    assert maestro("attempts", "r", "1", "--diff", "1", "9", cwd=repo).returncode == 2


def test_the_task_further_up_is_fixed_first_and_the_failed_one_waits(tmp_path: Path) -> None:
    repo = make_repo(tmp_path / "repo")
    tasks = {
        "1": 'create = ["shop/a.py", "shop/cart.py"]',
        "2": 'create = ["two.txt"]',
        "3": 'create = ["three.txt"]',
    }
    plan = write_plan(tmp_path, tasks, "2<1 3<2")
    grand = (
        'mkdir -p shop; echo "$MAESTRO_ATTEMPT" > shop/a.py; '
        'if grep -q "No module named" "$MAESTRO_ATTEMPT_DIR/prompt.md"; '
        "then echo 2 > shop/cart.py; fi; done_"
    )
    cases = {"1": grand, "2": "echo 2 > two.txt; done_", "3": CHILD}
    done = headless(repo, plan, cases_agent(tmp_path, cases))
    assert done.returncode == 3, done.stdout
    question = status(repo)["questions"][0]
    assert (
        "shop.cart is missing: 1's marker lists shop/cart.py? no; the file exists? no"
        in question["evidence"]
    )
    assert maestro("decide", "r", question["id"], "upstream", cwd=repo).returncode == 0
    done = maestro("resume", "r", "--headless", "--yes", cwd=repo)
    assert done.returncode == 0, done.stdout
    assert {t["id"]: t["attempts"] for t in status(repo)["tasks"]} == {"1": 2, "2": 1, "3": 2}
    assert git(repo, "show", "HEAD:shop/cart.py") == "2"
    assert leftovers(repo) == []
