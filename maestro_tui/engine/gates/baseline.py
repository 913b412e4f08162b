"""How a gate ends on a run's base commit: measured once per commit and command, then kept."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from maestro_tui.engine.attempts import write_atomically
from maestro_tui.engine.gates.delta import Outcome
from maestro_tui.engine.gates.report import Report

VERSION = 1


def baseline_path(folder: Path, base: str, command: str) -> Path:
    """The file of that commit and command."""
    digest = hashlib.sha256(command.encode("utf-8", "surrogateescape")).hexdigest()[:16]
    return folder / f"{base}-{digest}.json"


def load(path: Path, command: str) -> Outcome | None:
    """What was measured earlier; None when it must be measured (again)."""
    try:
        data = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return None
    if not isinstance(data, dict) or data.get("version") != VERSION:
        return None
    if data.get("command") != command:
        return None
    try:
        return _outcome(data)
    except (KeyError, TypeError):
        return None


def save(path: Path, command: str, outcome: Outcome) -> None:
    """Keep a measurement."""
    report = outcome.report
    data: dict[str, Any] = {
        "version": VERSION,
        "command": command,
        "exit": outcome.exit,
        "ok": outcome.ok,
        "timed_out": outcome.timed_out,
        "lines": list(outcome.lines),
    }
    if report is not None:
        data["report"] = {
            "runner": report.runner,
            "failures": sorted(report.failures),
            "named": report.named,
        }
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, json.dumps(data, indent=1).encode())


def _outcome(data: dict[str, Any]) -> Outcome:
    found = data.get("report")
    report = None
    if found is not None:
        report = Report(
            str(found["runner"]),
            frozenset(str(n) for n in found["failures"]),
            named=bool(found["named"]),
        )
    return Outcome(
        data["exit"], bool(data["ok"]), bool(data["timed_out"]), report, tuple(data["lines"])
    )
