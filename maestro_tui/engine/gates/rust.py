"""``cargo test``."""

from __future__ import annotations

import re

from maestro_tui.engine.gates.report import Report, name_of, report

_TARGET = re.compile(r"^\s*Running (?:unittests )?(\S+)(?: \(.*\))?$|^\s*Doc-tests (\S+)$")
_TEST = re.compile(r"^test (.+?) \.\.\. (ok|FAILED)\b")
_RESULT = re.compile(r"^test result: \w+\. \d+ passed; (\d+) failed;")
_COMPILE = re.compile(r"^error: could not compile `([^`]+)`(?: \(([^)]*)\))?")


def cargo(text: str) -> Report | None:
    """Tests by target and name; a target that does not compile counts as one failure."""
    failures: set[str] = set()
    passed: set[str] = set()
    target, count, seen = "", 0, False
    for line in text.splitlines():
        if found := _TARGET.match(line):
            target = found[1] or f"doc-tests {found[2]}"
        elif found := _TEST.match(line):
            seen = True
            name = name_of(f"{target} {found[1]}")
            (failures if found[2] == "FAILED" else passed).add(name)
        elif found := _RESULT.match(line):
            seen = True
            count += int(found[1])
        elif found := _COMPILE.match(line):
            seen = True
            count += 1
            failures.add(name_of(f"compile {found[1]} {found[2] or ''}"))
    return report("cargo test", failures, passed, count) if seen else None
