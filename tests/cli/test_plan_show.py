"""``maestro plan show``: readable at 80 columns, complete as JSON, never refuses to print."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest

PLAN = """\
# Plan: shop

## Phase 1: Base
### Stream A: Models
Files: app/models.py
Estimate: 20 min
Verify: `pytest -q tests/models`

### Stream B: Settings and \x1b[31mred\x1b[0m words
Files: app/settings.py, app/models.py

## Phase 2: API
Files: app/api.py
Depends on: Phase 1
"""


def show(folder: Path, text: str, *words: str, **env: str) -> subprocess.CompletedProcess[str]:
    (folder / "plan.md").write_text(text)
    return subprocess.run(
        [sys.executable, "-m", "maestro_tui", "plan", "show", "plan.md", *words],
        cwd=folder,
        capture_output=True,
        text=True,
        env=os.environ | {"COLUMNS": "80", "HOME": str(folder)} | env,
        timeout=60,
    )


def test_a_tree_for_people(tmp_path: Path) -> None:
    done = show(tmp_path, PLAN)
    assert (done.returncode, done.stderr) == (0, "")
    shown = done.stdout
    assert "\x1b" not in shown
    assert "○ A  Models" in shown
    assert "modify   app/models.py" in shown
    assert "after    A (added: both write the same files)" in shown
    assert re.search(r"after +(A, )?B +\(label, line 14\)", shown)
    assert "F+" in shown
    assert "A and B: both write app/models.py (order added)" in shown
    assert "A → B → 2" in shown
    assert "◆ on the critical path" in shown
    assert "20 min (stated by the plan)" in shown
    assert "partly stated, partly assumed: 1 stated, 2 by default" in shown
    assert "prices of 2026-11-21" in shown
    assert "agent    " in shown
    assert max(map(len, shown.splitlines())) <= 80


def test_a_cycle_is_shown_with_its_path(tmp_path: Path) -> None:
    text = "## Phase 1: a\nNeeds: Phase 2\n## Phase 2: b\nNeeds: Phase 1\n"
    done = show(tmp_path, text)
    assert done.returncode == 0
    assert "○ 1  a" in done.stdout
    assert "1 -> 2 -> 1" in " ".join(done.stdout.split())
    data = json.loads(show(tmp_path, text, "--json").stdout)
    assert len(data["tasks"]) == 2
    assert [d["code"] for d in data["diagnostics"]].count("cycle") == 1
    assert show(tmp_path, text, "--graph", "text").returncode == 2


def test_json_has_everything(tmp_path: Path) -> None:
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "settings.py").write_text("from app import api\n")
    data = json.loads(show(tmp_path, PLAN, "--json").stdout)
    wanted = {"tasks", "phases", "edges", "diagnostics", "waves", "conflicts", "critical_path"}
    assert wanted | {"estimate", "format", "confidence", "needs", "stage", "agents"} <= set(data)
    stated = [(e["task"], e["after"]) for e in data["edges"] if e["source"] == "label"]
    assert ("2", "1") in stated
    assert {e["source"]: e["advisory"] for e in data["edges"]} == {
        "label": False, "file-conflict": False,
    }  # fmt: skip
    assert [c["kind"] for c in data["conflicts"]] == ["same-file", "import"]
    assert "import-against-order" in [d["code"] for d in data["diagnostics"]]
    assert data["estimate"]["basis"] == "mixed"
    assert [n["agents"] for n in data["needs"]] == [1, 1, 1]


@pytest.mark.parametrize(
    ("kind", "words"),
    [("mermaid", "flowchart TD"), ("dot", "digraph plan {"), ("text", "◆  A  Models")],
)
def test_graphs(tmp_path: Path, kind: str, words: str) -> None:
    assert words in show(tmp_path, PLAN, "--graph", kind).stdout


def test_a_large_plan_says_what_is_launched_first(tmp_path: Path) -> None:
    rows = [f"### Task {n}: t{n}\nFiles: src/f{n}.py\n" for n in range(1, 7)]
    text = "# P\n## Phase 1: One\n" + "".join(rows[:3]) + "## Phase 2: Two\nNeeds: Phase 1\n"
    text += "".join(rows[3:])
    (tmp_path / "maestro.toml").write_text("[run]\nlarge_plan_files = 4\n")
    (tmp_path / ".git").mkdir()
    shown = " ".join(show(tmp_path, text).stdout.split())
    assert "6 files are more than 4: only stage 1 of 2" in shown
    stage = json.loads(show(tmp_path, text, "--json").stdout)["stage"]
    assert (len(stage["tasks"]), len(stage["later"])) == (3, 3)


def test_colour_only_on_a_terminal_that_wants_it(tmp_path: Path) -> None:
    (tmp_path / "plan.md").write_text(PLAN)

    def on_a_terminal(**env: str) -> str:
        master, slave = pty.openpty()
        kept = {k: v for k, v in os.environ.items() if k != "NO_COLOR"}
        process = subprocess.Popen(
            [sys.executable, "-m", "maestro_tui", "plan", "show", "plan.md"],
            cwd=tmp_path,
            stdout=slave,
            stderr=slave,
            env=kept | {"TERM": "xterm", "HOME": str(tmp_path)} | env,
        )
        os.close(slave)
        out = b""
        while True:
            try:
                piece = os.read(master, 65536)
            except OSError:
                break
            if not piece:
                break
            out += piece
        os.close(master)
        assert process.wait(timeout=60) == 0
        return out.decode()

    assert "\x1b[1m" in on_a_terminal()
    assert "\x1b" not in on_a_terminal(NO_COLOR="1")


def test_showing_needs_no_screen(tmp_path: Path) -> None:
    (tmp_path / "plan.md").write_text(PLAN)
    code = (
        "import sys; from maestro_tui.cli.main import main; main(['plan', 'show', 'plan.md']);"
        "sys.exit(any(m in sys.modules for m in ('textual', 'rich', 'git')))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-500:]


def test_agents_of_the_configured_folders_are_proposed_as_a_run_would(tmp_path: Path) -> None:
    folder = tmp_path / "own agents"
    folder.mkdir()
    (folder / "shopkeeper.md").write_text(
        "---\nname: shopkeeper\ndescription: keeps the shop\nowns: ['app/**']\n---\nKeep it.\n"
    )
    plan = PLAN.replace("### Stream A: Models", "### Stream A: Models\nAgent: shopkeeper")
    data = json.loads(show(tmp_path, plan, "--json").stdout)
    assert "shopkeeper" not in [a["agent"] for a in data["agents"]]
    config = tmp_path / "config"
    config.mkdir()
    (config / "config.toml").write_text(f"[agents]\nfolders = [{json.dumps(str(folder))}]\n")
    done = show(tmp_path, plan, "--json", MAESTRO_CONFIG_DIR=str(config))
    assert done.stderr == ""
    agents = {a["task"]: a["agent"] for a in json.loads(done.stdout)["agents"]}
    assert agents["A"] == "shopkeeper"


def test_check_counts_what_imports_advise(tmp_path: Path) -> None:
    (tmp_path / "app").mkdir()
    (tmp_path / "app/models.py").write_text("")
    (tmp_path / "app/views.py").write_text("from app import models\n")
    (tmp_path / "plan.md").write_text(
        "# Plan\n\n## Phase 1: All\n### Stream A: Models\nFiles: app/models.py\n\n"
        "### Stream B: Views\nFiles: app/views.py\n"
    )

    def check(*words: str) -> str:
        command = [sys.executable, "-m", "maestro_tui", "plan", "check", "plan.md", *words]
        env = os.environ | {"HOME": str(tmp_path)}
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, env=env)
        assert done.returncode == 0, done.stderr
        return done.stdout

    assert "an import speaks for an order the plan does not state" in check()
    assert [r["code"] for r in json.loads(check("--json"))].count("import-unordered") == 1
    (tmp_path / "app/views.py").write_text("")
    assert "speak" not in check()
