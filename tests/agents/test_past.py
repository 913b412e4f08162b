"""What a killed agent had done, read from the log of its attempt."""

from __future__ import annotations

import json
from pathlib import Path

from maestro_tui.agents.drivers.past import finished_steps, reminder


def use(name: str, **given: str) -> str:
    block = {"type": "tool_use", "name": name, "input": given}
    return json.dumps({"type": "assistant", "message": {"content": [block]}})


def result(*, ok: bool = True) -> str:
    block = {"type": "tool_result", "content": "x", "is_error": not ok}
    return json.dumps({"type": "user", "message": {"content": [block]}})


def test_only_what_came_to_an_end_counts(tmp_path: Path) -> None:
    log = tmp_path / "output.log"
    lines = [use("Write", file_path="/w/a.py"), result(), "no JSON", use("Bash", command="make"),
             result(ok=False), use("Bash", command="sleep 600")]  # fmt: skip
    log.write_text("\n".join(lines))
    assert finished_steps(str(log)) == ["Write /w/a.py", "Bash make (failed)"]
    assert "- Write /w/a.py\n- Bash make (failed)" in reminder(str(log))


def test_nothing_done_is_nothing_said(tmp_path: Path) -> None:
    assert reminder(str(tmp_path / "none")) == ""
