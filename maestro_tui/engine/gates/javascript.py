"""jest, vitest and ``node --test``."""

from __future__ import annotations

import re

from maestro_tui.engine.gates.report import Report, name_of, report

_TOOK = re.compile(r"\s*\(?[\d.]+ ?m?s\)?$")
_JEST_END = re.compile(r"^Tests: +(?:(\d+) failed, )?.*\d+ total$", re.M)
_JEST_SUITES = re.compile(r"^Test Suites: +(?:(\d+) failed, )?.*\d+ total$", re.M)
_VITEST_END = re.compile(r"^\s*Tests\s+(?:(\d+) failed)?.*\(\d+\)$", re.M)
_VITEST_FILES = re.compile(r"^\s*Test Files\s+(?:(\d+) failed)?.*\(\d+\)$", re.M)
_NODE_END = re.compile(r"^(?:ℹ|#) fail (\d+)$", re.M)
_TAP = re.compile(r"^( *)(not )?ok \d+ -? ?(.*)$")


def jest(text: str) -> Report | None:
    """Failures are headed by a bullet beneath the line of their file."""
    end = _JEST_END.search(text)
    if end is None:
        return None
    failures: set[str] = set()
    file = ""
    for line in text.splitlines():
        if line.startswith(("FAIL ", "PASS ")):
            file = _TOOK.sub("", line[5:].strip())
        elif line.startswith("  ● ") and "Console" not in line:
            failures.add(name_of(f"{file} › {line[4:]}"))
    broken = _JEST_SUITES.search(text)
    suites = int(broken[1] or 0) if broken else 0
    return report("jest", failures, set(), max(int(end[1] or 0), suites))


def vitest(text: str) -> Report | None:
    """Failures are listed as " FAIL  file > suite > test"."""
    end = _VITEST_END.search(text)
    files = _VITEST_FILES.search(text)
    if files is None:
        return None
    failures = {
        name_of(_TOOK.sub("", line.strip()[5:]))
        for line in text.splitlines()
        if line.startswith((" FAIL ", "FAIL "))
    }
    count = int(end[1] or 0) if end else 0
    return report("vitest", failures, set(), max(count, int(files[1] or 0)))


def node(text: str) -> Report | None:
    """The reporters "spec" and "tap"; a test inside another is named with it."""
    ends = _NODE_END.findall(text)
    if not ends:
        return None
    tap = re.search(r"^TAP version \d+$", text, re.M) is not None
    failures, passed = _tap(text) if tap else _spec(text)
    return report("node --test", failures, passed, sum(int(n) for n in ends))


def _spec(text: str) -> tuple[set[str], set[str]]:
    """Ticks and crosses, indented by two for each level; a suite's name stands above its tests."""
    failures: set[str] = set()
    passed: set[str] = set()
    path: list[str] = []
    for line in text.splitlines():
        if line.startswith("✖ failing tests:"):
            break
        found = re.match(r"^( *)([✖✔▶]) (.*)$", line)
        if not found:
            continue
        depth = len(found[1]) // 2
        name = _TOOK.sub("", found[3])
        del path[depth:]
        if found[2] == "▶":
            path.append(name)
            continue
        whole = name_of(" > ".join([*path, name]))
        (failures if found[2] == "✖" else passed).add(whole)
    return failures, passed


def _tap(text: str) -> tuple[set[str], set[str]]:
    """A subtest's lines come before its parent's, four spaces further in."""
    failures: set[str] = set()
    passed: set[str] = set()
    path: dict[int, str] = {}
    for line in text.splitlines():
        if found := re.match(r"^( *)# Subtest: (.*)$", line):
            path[len(found[1]) // 4] = found[2]
            continue
        found = _TAP.match(line)
        if not found:
            continue
        depth = len(found[1]) // 4
        name, _, directive = found[3].partition(" # ")
        parents = [path[level] for level in sorted(path) if level < depth]
        whole = name_of(" > ".join([*parents, name]))
        if found[2] and not directive.upper().startswith(("TODO", "SKIP")):
            failures.add(whole)
        else:
            passed.add(whole)
    return failures, passed
