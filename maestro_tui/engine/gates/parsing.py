"""Which runner's output a gate's log is, and what it says."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from maestro_tui.engine.gates import golang, javascript, python, rust
from maestro_tui.engine.gates.junit import junit, named_reports
from maestro_tui.engine.gates.report import Report, plain

REACH = 8 << 20  # of a log's end; a summary stands there
_READERS: tuple[Callable[[str], Report | None], ...] = (
    golang.go_json,
    python.pytest,
    rust.cargo,
    golang.go_plain,
    javascript.jest,
    javascript.vitest,
    javascript.node,
    python.unittest,
)


def parse(text: str) -> Report | None:
    """What the runners in this output said together; None when none is recognised.

    One gate may call several (``go test ./... && npm test``), so each is asked.
    """
    clean = plain(text)
    found = [r for reader in _READERS if (r := reader(clean)) is not None]
    if not found:
        return None
    return Report(
        " + ".join(dict.fromkeys(r.runner for r in found)),
        frozenset().union(*(r.failures for r in found)),
        frozenset().union(*(r.passed for r in found)),
        all(r.named for r in found),
    )


def read(log: Path, command: str, tree: Path, since: float) -> Report | None:
    """The report a gate's run left: JUnit files its command names, else what its log says."""
    reports = []
    for path in named_reports(command, tree, since):
        try:
            one = junit(path.read_bytes())
        except OSError:
            continue
        if one is not None:
            reports.append(one)
    if reports:
        return Report(
            "junit",
            frozenset().union(*(r.failures for r in reports)),
            frozenset().union(*(r.passed for r in reports)),
        )
    return parse(tail_text(log))


def tail_text(log: Path) -> str:
    """The end of a log, decoded."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - REACH))
            return file.read().decode("utf-8", "replace")
    except OSError:
        return ""
