"""Completion markers: what an agent says it did. Parsed as data, believed in nothing."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

MAX_BYTES = 256 << 10
_HEADING = re.compile(r"^\s{0,3}(?:#{1,6}\s+(?P<h>.+?)\s*#*|\**(?P<b>[A-Za-z ]{3,30}):?\**:?)\s*$")
_PATH = re.compile(r"`([^`\s]+)`|^([\w./@()\[\]-]+\.[\w]+)\b")
_FILES = re.compile(r"\b(files?|created|modified|changed|deliverables)\b", re.I)
_INTERFACES = re.compile(r"\b(interfaces?|api|contracts?|exports?|endpoints?)\b", re.I)
_CHECKS = re.compile(r"\b(checks?|tests?|validation|verification|results?)\b", re.I)


def read_marker(path: Path) -> str:
    """The marker's text, clipped; bytes that are no UTF-8 are replaced."""
    with path.open("rb") as file:
        return file.read(MAX_BYTES).decode("utf-8", "replace")


def parse_marker(text: str) -> dict[str, Any]:
    """What the marker claims: ``files`` (paths), ``interfaces`` and ``checks`` (lines)."""
    claims: dict[str, list[str]] = {"files": [], "interfaces": [], "checks": []}
    section = ""
    fenced = False
    for raw in text.splitlines():
        if raw.lstrip().startswith(("```", "~~~")):
            fenced = not fenced
            continue
        heading = None if fenced else _HEADING.match(raw)
        if heading:
            section = _section(heading.group("h") or heading.group("b") or "")
            continue
        line = re.sub(r"^\s*(?:[-*+]|\d+[.)])\s+(?:\[[ xX]\]\s*)?", "", raw).strip()
        if not line or not section:
            continue
        if section == "files":
            found = _PATH.search(line)
            if found and not fenced:
                claims["files"].append((found.group(1) or found.group(2)).split(":")[0])
        else:
            claims[section].append(line[:300])
    return {k: list(dict.fromkeys(v))[:200] for k, v in claims.items()}


def _section(title: str) -> str:
    for name, pattern in (("files", _FILES), ("interfaces", _INTERFACES), ("checks", _CHECKS)):
        if pattern.search(title):
            return name
    return ""
