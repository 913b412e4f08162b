"""``maestro plan export --update``, ``edit`` and ``done``, as they are typed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

TEXT = "# Shop\n\n- [ ] T001 Write `app/a.py`\n- [ ] T002 Write `app/b.py`\n"


def plan(folder: Path, *words: str, editor: str = "true") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "maestro_tui", "plan", *words],
        cwd=folder,
        env={**os.environ, "EDITOR": editor, "VISUAL": "", "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_export_edit_and_update_keep_what_was_edited(tmp_path: Path) -> None:
    (tmp_path / "tasks.md").write_text(TEXT)
    assert plan(tmp_path, "export", "tasks.md").stdout == "tasks.plan.toml\n"
    again = plan(tmp_path, "export", "tasks.md")
    assert again.returncode == 2
    assert "--update" in again.stderr
    target = tmp_path / "tasks.plan.toml"
    script = tmp_path / "ed.py"
    script.write_text(
        "import pathlib, sys\n"
        "file = pathlib.Path(sys.argv[1])\n"
        "text = file.read_text()\n"
        'file.write_text(text.replace(\'id = "T001"\', \'id = "T001"\\nmodel = "opus"\'))\n'
    )
    edited = plan(tmp_path, "edit", "tasks.md", editor=f"{sys.executable} {script}")
    assert edited.returncode == 0, edited.stderr
    assert "reads well, 2 tasks. Next: maestro run tasks.plan.toml" in edited.stdout
    (tmp_path / "tasks.md").write_text(TEXT + "- [ ] T003 Write `app/c.py`\n")
    stale = plan(tmp_path, "check", "tasks.plan.toml")
    assert "tasks.md has changed since this plan was exported" in stale.stdout
    updated = plan(tmp_path, "export", "tasks.md", "--update")
    assert updated.returncode == 0, updated.stderr
    assert "T003: new in the document" in updated.stdout
    text = target.read_text()
    assert 'model = "opus"' in text
    assert "app/c.py" in text
    assert "has changed since" not in plan(tmp_path, "check", "tasks.plan.toml").stdout


def test_edit_says_what_is_wrong_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "tasks.md").write_text(TEXT)
    script = tmp_path / "ed.py"
    script.write_text(
        "import pathlib, sys\n"
        "file = pathlib.Path(sys.argv[1])\n"
        "file.write_text(file.read_text().replace('title = \"Shop\"', 'titel = \"Shop\"', 1))\n"
    )
    edited = plan(tmp_path, "edit", "tasks.md", editor=f"{sys.executable} {script}")
    assert edited.returncode == 2
    assert "tasks.plan.toml:" in edited.stdout
    assert "Did you mean 'title'?" in edited.stdout
    gone = plan(tmp_path, "edit", "tasks.md", editor="no-such-editor-here")
    assert gone.returncode == 2
    assert "set $EDITOR" in gone.stderr


def test_done_flips_the_boxes_and_undo_flips_them_back(tmp_path: Path) -> None:
    file = tmp_path / "tasks.md"
    file.write_bytes(TEXT.replace("\n", "\r\n").encode())
    marked = plan(tmp_path, "done", "tasks.md", "T001", "T002")
    assert marked.returncode == 0, marked.stderr
    assert file.read_bytes() == TEXT.replace("[ ]", "[x]").replace("\n", "\r\n").encode()
    assert plan(tmp_path, "done", "tasks.md", "T002", "--undo").returncode == 0
    assert file.read_bytes().count(b"[x]") == 1
    unknown = plan(tmp_path, "done", "tasks.md", "T009")
    assert unknown.returncode == 2
    assert "Known: T001, T002" in unknown.stderr
    assert "Name the tasks" in plan(tmp_path, "done", "tasks.md").stderr


def test_the_order_where_none_is_stated_is_chosen(tmp_path: Path) -> None:
    text = "# P\n\n## 1. One\n\n- [ ] 1.1 Write `a.py`\n- [ ] 1.2 Write `b.py`\n"
    (tmp_path / "tasks.md").write_text(text)
    drawn = {
        order: plan(tmp_path, "show", "tasks.md", "--order", order, "--graph", "mermaid").stdout
        for order in ("convention", "explicit", "strict")
    }
    assert "t0 -.-> t1" in drawn["convention"]
    assert "t0" not in drawn["explicit"].replace('t0["', "")
    assert "t0 -.-> t1" in drawn["strict"]
