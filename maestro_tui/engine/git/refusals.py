"""Looks at the files of a resolved conflict: is this a resolution, or only what looks like one?"""

from __future__ import annotations

import ast
import json
import re
import tomllib
import warnings
from collections.abc import Callable

import yaml

_MARKER = re.compile(r"^(?:<{7}|>{7}|\|{7})(?: |$)", re.M)
_CHATTER = re.compile(
    r"^\s*(?:sure[,!.]|certainly[,!.]|here(?:'s| is| are) (?:the|your|a) |i(?:'ve| have) "
    r"(?:resolved|merged|combined|updated)|the (?:merged|resolved) (?:file|version|code)\b"
    r"|let me )",
    re.I,
)
_ENVELOPE = frozenset({"type", "result", "content", "message", "session_id", "role", "tool_use"})
_PROSE = (".md", ".markdown", ".rst", ".txt", ".adoc", ".html")


def refusal(path: str, result: str, sides: tuple[str, ...]) -> str:
    """Why the text of a file cannot be its resolution, "" when nothing speaks against it.

    ``sides`` are the versions it was made from: what is usual in them is no reason.
    """
    if _MARKER.search(result) and not any(_MARKER.search(s) for s in sides):
        return f"conflict markers are still in {path}"
    if not result.strip() and all(s.strip() for s in sides):
        return f"{path} would be empty though neither side is"
    if _is_envelope(result) and not any(_is_envelope(s) for s in sides):
        return f"{path} holds an agent's answer (JSON), not the file"
    if not path.endswith(_PROSE):
        first = result.lstrip()[:200]
        if _CHATTER.match(first) and not any(_CHATTER.match(s.lstrip()[:200]) for s in sides):
            return f"{path} begins with prose (“{first.splitlines()[0][:60]}”), not with the file"
        if first.startswith("```") and not any(s.lstrip().startswith("```") for s in sides):
            return f"{path} is wrapped in a Markdown code fence"
    return _unreadable(path, result, sides)


def _is_envelope(text: str) -> bool:
    stripped = text.strip()
    if not stripped.startswith("{") or len(stripped) > 1 << 20:
        return False
    try:
        data = json.loads(stripped.splitlines()[0] if "\n{" in stripped else stripped)
    except ValueError:
        return False
    return isinstance(data, dict) and len(_ENVELOPE & data.keys()) >= 2


def _python(text: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        ast.parse(text)


_READERS: dict[str, Callable[[str], object]] = {
    ".py": _python,
    ".json": json.loads,
    ".toml": tomllib.loads,
    ".yaml": yaml.safe_load,
    ".yml": yaml.safe_load,
}
MAX_PARSED = 1 << 20


def _unreadable(path: str, result: str, sides: tuple[str, ...]) -> str:
    """A file that both sides could be read as must be readable afterwards."""
    reader = _READERS.get(path[path.rfind(".") :] if "." in path else "")
    if reader is None or len(result) > MAX_PARSED or not sides:
        return ""
    if not all(_reads(reader, side) for side in sides):
        return ""
    try:
        reader(result)
    except (SyntaxError, ValueError, yaml.YAMLError, RecursionError, MemoryError) as error:
        return f"{path} can no longer be read: {' '.join(str(error).split())[:120]}"
    return ""


def _reads(reader: Callable[[str], object], text: str) -> bool:
    try:
        reader(text)
    except (SyntaxError, ValueError, yaml.YAMLError, RecursionError, MemoryError):
        return False
    return True
