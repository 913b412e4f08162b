"""pytest's and unittest's output."""

from __future__ import annotations

import re

from maestro_tui.engine.gates.report import Report, name_of, report

# "== 1 failed, 2 passed in 0.12s ==", with -q without the rules
_END = re.compile(
    r"^=*\s*((?:\d+ (?:failed|passed|errors?|skipped|deselected|xfailed|xpassed|warnings?|rerun)"
    r"(?:, )?)+|no tests ran) in [\d.]+s\b.*$",
    re.M,
)
_COUNT = re.compile(r"(\d+) (failed|errors?)")
_SUMMARY = re.compile(r"^(FAILED|ERROR) (\S.*)$", re.M)
_VERBOSE = re.compile(r"^(\S+::.+?) (PASSED|FAILED|ERROR)(?:\s+\[ *\d+%\])?$", re.M)
_RAN = re.compile(r"^Ran (\d+) tests? in [\d.]+s$", re.M)
_UNIT = re.compile(r"^(?:FAIL|ERROR): (.+)$", re.M)
_UNIT_END = re.compile(r"^FAILED \((.*)\)$", re.M)


def pytest(text: str) -> Report | None:
    """pytest, whatever its verbosity."""
    ends = list(_END.finditer(text))
    if not ends and not re.search(r"^(=+ test session starts|=+ short test summary)", text, re.M):
        return None
    failures: set[str] = set()
    passed: set[str] = set()
    for _, rest in _SUMMARY.findall(text):
        node = _node(rest)
        if node:
            failures.add(node)
    for node, word in _VERBOSE.findall(text):
        (passed if word == "PASSED" else failures).add(name_of(node))
    count = sum(int(n) for end in ends for n, _ in _COUNT.findall(end.group(1)))
    if not ends:  # it broke down before its end: what it named is not all
        return Report("pytest", frozenset(failures), frozenset(passed - failures), False)
    return report("pytest", failures, passed, count)


def _node(rest: str) -> str:
    """The test's name in a line of the short summary, whose reason follows after a dash."""
    if rest.startswith("collecting ") or (".py" not in rest and "::" not in rest):
        return ""
    bracket = rest.find("[")
    dash = rest.find(" - ")
    if 0 <= bracket < dash or (bracket >= 0 and dash < 0):
        close = rest.find("] - ", bracket)
        return name_of(rest[: close + 1] if close >= 0 else rest)
    return name_of(rest[:dash] if dash >= 0 else rest)


def unittest(text: str) -> Report | None:
    """The standard library's runner."""
    if not _RAN.search(text):
        return None
    failures = {name_of(n) for n in _UNIT.findall(text)}
    count = sum(
        int(n)
        for end in _UNIT_END.findall(text)
        for n in re.findall(r"(?:failures|errors)=(\d+)", end)
    )
    return report("unittest", failures, set(), count)
