"""``go test``, plain and ``-json``."""

from __future__ import annotations

import json
import re

from maestro_tui.engine.gates.report import Report, name_of

_TEST = re.compile(r"^\s*--- (FAIL|PASS): (\S+) \([\d.]+s\)$")
_PACKAGE = re.compile(r"^(FAIL|ok  )\t(\S+)(?:[\t ]+(.*))?$")


def go_plain(text: str) -> Report | None:
    """The default output: tests first, then the line of the package they belong to."""
    failures: set[str] = set()
    passed: set[str] = set()
    failed_here: list[str] = []
    passed_here: list[str] = []
    packages = 0
    for line in text.splitlines():
        if test := _TEST.match(line):
            (failed_here if test[1] == "FAIL" else passed_here).append(test[2])
        elif package := _PACKAGE.match(line):
            packages += 1
            name = package[2]
            passed |= {name_of(f"{name} {test}") for test in passed_here}
            if package[1] == "FAIL":
                found = {name_of(f"{name} {test}") for test in failed_here}
                failures |= found or {name_of(f"{name} {_why(package[3])}")}
            failed_here, passed_here = [], []
    if not packages:
        return None
    return Report("go test", frozenset(failures), frozenset(passed - failures))


def _why(rest: str | None) -> str:
    words = re.search(r"\[(.+?)\]", rest or "")
    return f"({words[1]})" if words else "(package)"


def go_json(text: str) -> Report | None:
    """``-json``: an object a line; a package that fails without a failed test did not build."""
    failures: set[str] = set()
    passed: set[str] = set()
    packages: set[str] = set()
    seen = False
    for line in text.splitlines():
        if not line.startswith("{") or '"Action"' not in line:
            continue
        try:
            data = json.loads(line)
        except ValueError:
            continue
        if not isinstance(data, dict) or not isinstance(data.get("Package"), str):
            continue
        seen = True
        package, test = data["Package"], data.get("Test")
        if data.get("Action") == "fail":
            if test:
                failures.add(name_of(f"{package} {test}"))
            else:
                packages.add(package)
        elif data.get("Action") == "pass" and test:
            passed.add(name_of(f"{package} {test}"))
    if not seen:
        return None
    for package in packages:
        if not any(name.startswith(f"{package} ") for name in failures):
            failures.add(name_of(f"{package} (package)"))
    return Report("go test", frozenset(failures), frozenset(passed - failures))
