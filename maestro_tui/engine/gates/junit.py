"""JUnit XML, which most runners can write."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

from maestro_tui.engine.gates.report import Report, name_of

MAX_BYTES = 64 << 20
_XML = re.compile(r"[^\s=\"']+\.xml\b")


def junit(data: bytes) -> Report | None:
    """A report file; None when it is none. Document types are refused: a report needs no entity."""
    if len(data) > MAX_BYTES or b"<!DOCTYPE" in data or b"<!ENTITY" in data:
        return None
    try:
        root = ElementTree.fromstring(data)
    except ElementTree.ParseError:
        return None
    if root.tag not in ("testsuites", "testsuite"):
        return None
    failures: set[str] = set()
    passed: set[str] = set()
    for case in root.iter("testcase"):
        name = name_of(f"{case.get('classname') or ''} {case.get('name') or ''}")
        bad = case.find("failure") is not None or case.find("error") is not None
        if bad:
            failures.add(name)
        elif case.find("skipped") is None:
            passed.add(name)
    for suite in root.iter("testsuite"):  # errors outside any test: a suite that did not start
        if suite.find("error") is not None:
            failures.add(name_of(f"{suite.get('name') or 'suite'} (suite)"))
    return Report("junit", frozenset(failures), frozenset(passed - failures))


def named_reports(command: str, tree: Path, since: float) -> list[Path]:
    """The report files a gate's command names, where it has just written them."""
    found = []
    for name in dict.fromkeys(_XML.findall(command)):
        path = tree / name
        try:
            fresh = path.is_file() and path.stat().st_mtime >= since - 1.0
        except OSError:
            continue
        if fresh:
            found.append(path)
    return found
