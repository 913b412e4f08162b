"""What an agent definition is, and how one file becomes one.

A definition is a Markdown file: the frontmatter says who the agent is and what it owns, the body
is its role. Files come from many hands, so reading one never fails: it gives a verdict.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from maestro_tui.roster.frontmatter import Fields, find_block, read_fields

Verdict = Literal["valid", "recovered", "not-an-agent"]

TIERS = ("haiku", "sonnet", "opus")  # cheapest first

# A definition larger than this is no definition; reading it would only cost memory.
MAX_BYTES = 1_000_000

_MARKER = re.compile(r"[A-Za-z0-9][\w.-]{0,99}")


@dataclass(frozen=True, slots=True)
class AgentDefinition:
    """Who an agent is: the part of a definition file that routing, prompts and limits read.

    ``model`` is passed on as written (closed lists of model names are out of date at once);
    ``timeout_s`` and ``retries`` are None when the file does not say.
    """

    name: str
    description: str = ""
    body: str = ""
    model: str = ""
    tools: tuple[str, ...] = ()
    owns: tuple[str, ...] = ()
    marker: str = ""
    tier: str = ""  # haiku | sonnet | opus, "" when neither said nor seen in the model
    role: str = ""  # lead, architect, implementer, reviewer ...
    timeout_s: float | None = None
    retries: int | None = None
    required_tools: tuple[str, ...] = ()
    min_tools: int = 0
    mcp_servers: tuple[str, ...] = ()
    priority: str = ""
    dependencies: tuple[str, ...] = ()  # agents it wants to run after
    max_parallel: int = 0  # 0 = no limit stated
    effort: str = ""  # as the driver knows it
    fallback_model: str = ""
    max_turns: int = 0  # 0 = no limit stated
    budget_usd: float = 0.0
    permission_mode: str = ""  # shown, never obeyed
    source: str = ""  # path of the file
    scope: str = "built-in"  # built-in | user | extra | project


@dataclass(frozen=True, slots=True)
class AgentFile:
    """The verdict on one file: what was read, what is wrong with it and the one-line fix.

    ``claude_code`` tells what Claude Code does with the same file ("loads", "skips"), because
    most of these files are written for it and a skipped one is skipped silently.
    """

    path: str
    verdict: Verdict
    scope: str = "built-in"
    definition: AgentDefinition | None = None
    line: int = 0
    problem: str = ""
    fix: str = ""
    claude_code: str = "loads"


def read_definition(path: Path, scope: str = "built-in") -> AgentFile:
    """One file's verdict; an unreadable file is a verdict too, so that a scan goes on."""
    try:
        with path.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        return _refused(str(path), scope, f"cannot be read: {reason}", "check its permissions")
    if len(data) > MAX_BYTES:
        return _refused(str(path), scope, "larger than 1 MB", "move it out of the agents folder")
    stem = path.parent.name if path.name in ("AGENT.md", "AGENTS.md") else path.stem
    return parse_definition(data, source=str(path), stem=stem.removesuffix(".agent"), scope=scope)


def parse_definition(
    data: bytes | str, *, source: str, stem: str, scope: str = "built-in"
) -> AgentFile:
    """The verdict on a definition's content; ``stem`` names the agent when the file does not."""
    text = data.decode("utf-8", errors="replace") if isinstance(data, bytes) else data
    bom = text.startswith("\ufeff")
    crlf = "\r\n" in text
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    block = find_block(text)
    if block is None:
        return _refused(
            source, scope, "no frontmatter", "add a line ---, name:, description:, and a line ---"
        )
    fields = read_fields(block)
    values, nested = _lift_meta(fields.values)
    name, description = _line(values.get("name")), _text(values.get("description"))
    if not name and not description:
        return _refused(
            source,
            scope,
            fields.problem or "neither name nor description",
            fields.fix or "add name: and description: to the frontmatter",
            fields.line or block.line,
        )
    definition = _build(values, name or stem, description, block.body, source, scope)
    marker = _line(values.get("marker"))
    fix = "write a plain file name such as MODELS_COMPLETE.md"
    wrong = f'marker "{marker[:60]}" is not a file name' if marker != definition.marker else ""
    notes = [
        (block.problem, block.fix, 1),
        (fields.problem, fields.fix, fields.line),
        (nested, "move name and description to the top level", block.line),
        ("starts with a byte-order mark" if bom else "", "save it as UTF-8 without BOM", 1),
        ("" if name else "no name", f"add name: {stem}", block.line),
        ("" if description else "no description", "add a one-line description:", block.line),
        (wrong, fix, block.line),
    ]
    notes = [note for note in notes if note[0]]
    if not notes:
        return AgentFile(source, "valid", scope, definition)
    return AgentFile(
        source,
        "recovered",
        scope,
        definition,
        notes[0][2],
        "; ".join(note[0] for note in notes),
        "; ".join(note[1] for note in notes),
        _claude_code(bom, crlf, bool(block.problem or nested or not name), fields),
    )


def _refused(source: str, scope: str, problem: str, fix: str, line: int = 1) -> AgentFile:
    return AgentFile(source, "not-an-agent", scope, None, line, problem, fix, "skips")


def _claude_code(bom: bool, crlf: bool, unusable: bool, fields: Fields) -> str:
    """What Claude Code does with a file that is not quite right, as its users report it."""
    if bom or unusable:
        return "skips"
    if not fields.problem:
        return "loads"
    # It repairs an unquoted colon on one line, but only where lines end in LF.
    return "loads" if '": "' in fields.problem and not crlf else "skips"


def _lift_meta(values: dict[str, Any]) -> tuple[dict[str, Any], str]:
    """Name and description may sit one level down, under ``meta:``."""
    meta = values.get("meta")
    if "name" in values or not isinstance(meta, dict) or not isinstance(meta.get("name"), str):
        return values, ""
    return {**meta, **values}, "name and description stand under meta:"


def _build(
    values: dict[str, Any], name: str, description: str, body: str, source: str, scope: str
) -> AgentDefinition:
    orchestration = values.get("orchestration")
    orders = orchestration if isinstance(orchestration, dict) else {}
    model = _line(values.get("model"))
    marker = _line(values.get("marker"))
    timeout = _number(values.get("timeout_seconds"))
    retries = _number(values.get("max_retries"))
    return AgentDefinition(
        name=name,
        description=description,
        body=body,
        model=model,
        tools=names(values.get("tools", values.get("allowed_tools", values.get("allowedTools")))),
        owns=names(values.get("owns")),
        marker=marker if _MARKER.fullmatch(marker) else "",
        tier=tier_of(_line(values.get("tier"))) or tier_of(model),
        role=_line(values.get("role")),
        timeout_s=timeout if timeout else None,
        retries=None if retries is None else int(retries),
        required_tools=names(values.get("required_tools")),
        min_tools=int(_number(values.get("min_tools")) or 0),
        mcp_servers=names(values.get("mcp_servers", values.get("mcpServers"))),
        priority=_line(orders.get("priority", values.get("priority"))),
        dependencies=names(orders.get("dependencies")),
        max_parallel=int(_number(orders.get("max_parallel")) or 0),
        effort=_line(values.get("effort")),
        fallback_model=_line(values.get("fallback_model", values.get("fallbackModel"))),
        max_turns=int(_number(values.get("max_turns", values.get("maxTurns"))) or 0),
        budget_usd=_number(values.get("budget_usd", values.get("max_budget_usd"))) or 0.0,
        permission_mode=_line(values.get("permissionMode")),
        source=source,
        scope=scope,
    )


def tier_of(model: str) -> str:
    """The tier a model name belongs to, "" when it does not show one."""
    lowered = model.lower()
    return next((tier for tier in TIERS if tier in lowered), "")


def names(value: Any) -> tuple[str, ...]:
    """A list field in any of its spellings: list, mapping of switches, or comma-separated text.

    Commas inside parentheses or braces separate nothing: ``Bash(git:*, gh:*)`` is one tool.
    """
    if isinstance(value, dict):
        return tuple(str(k) for k, on in value.items() if on is not False)
    if isinstance(value, (list, tuple)):
        return tuple(str(v).strip() for v in value if isinstance(v, (str, int)) and str(v).strip())
    if not isinstance(value, str):
        return ()
    parts, depth, current = [], 0, ""
    for char in value.strip().removeprefix("[").removesuffix("]"):
        depth += (char in "({") - (char in ")}")
        if (char == "," and depth <= 0) or char == "\n":
            parts.append(current)
            current = ""
        else:
            current += char
    cleaned = (part.strip().removeprefix("- ").strip("'\" ") for part in [*parts, current])
    return tuple(part for part in cleaned if part)


def _line(value: Any) -> str:
    """A scalar on one line, free of control characters; anything else is as good as absent."""
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        return ""
    return " ".join("".join(c if c.isprintable() else " " for c in str(value)).split())[:200]


def _text(value: Any) -> str:
    return value.strip() if isinstance(value, str) else ""


def _number(value: Any) -> float | None:
    """A count or a duration: a negative or non-numeric one is as good as absent."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if 0 <= number < 1e9 else None
