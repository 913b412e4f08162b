"""Find and read the frontmatter of an agent file, recovering what is not valid YAML.

One real definition file in ten does not parse as YAML (unquoted colons, ``- @name``, unindented
continuation lines), yet a person reads it without effort. Three readers, cheapest first: plain
``key: value`` lines, then YAML, then a line-based recovery by known keys.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

# A line of one of these at column 0 opens a field when YAML has failed; anything else continues
# the field above it, so that "Examples:" inside a description stays in the description.
_KEYS = (
    "name description model tools owns marker tier color colour type version hooks capabilities "
    "priority temperature mode role triggers memory allowed_tools allowedTools disallowedTools "
    "skills permissionMode effort maxTurns isolation background mcpServers mcp_servers "
    "timeout_seconds max_retries required_tools min_tools orchestration category tags meta "
    "knowledge_base author license when_to_use argument-hint specialization"
)
KNOWN_KEYS = frozenset(_KEYS.split())

_KEY_LINE = re.compile(r"^([A-Za-z_][\w-]*)[ \t]*:(?:[ \t]+(.*))?$")
_RULE = re.compile(r"^-{3,}\s*$")
_PREAMBLE = re.compile(r"^\s*(#{1,6} .*|<!--.*-->)?\s*$")
# Values YAML reads as the very same string: no indicators, no quotes, no comment, no ": ".
_PLAIN = re.compile(r"[A-Za-z](?:[^:#'\"&*!|>%@`{}\[\]\\]|:(?=\S))*(?<![\s:])")
_PLAIN_ITEM = re.compile(r"[A-Za-z*][\w./*{},-]*")
_YAML_WORDS = frozenset({"y", "n", "yes", "no", "true", "false", "on", "off", "null"})


@dataclass(frozen=True, slots=True)
class Block:
    """The frontmatter's text, where it starts, and the body after it."""

    text: str
    line: int  # 1-based line of the first line of ``text``
    body: str
    problem: str = ""  # why it is not an ordinary frontmatter; empty when it is
    fix: str = ""


@dataclass(frozen=True, slots=True)
class Fields:
    """What a frontmatter says, and what had to be repaired to read it."""

    values: dict[str, Any] = field(default_factory=dict)
    problem: str = ""
    fix: str = ""
    line: int = 0  # of the problem


def find_block(text: str) -> Block | None:
    """The frontmatter of a document, or None when it has none.

    Also accepts what formatters make of one: a heading before the opening fence, a lost opening
    fence, a closing fence grown to a long rule.
    """
    lines = text.split("\n")
    start = 0
    while start < min(len(lines), 8) and _PREAMBLE.match(lines[start]):
        start += 1
    if start >= len(lines):
        return None
    if lines[start].rstrip() == "---":
        return _fenced(lines, start)
    key = _KEY_LINE.match(lines[start])
    if key and key[1] in ("name", "description"):
        return _unfenced(lines, start)
    return None


def _fenced(lines: list[str], start: int) -> Block | None:
    for end in range(start + 1, len(lines)):
        if not _RULE.match(lines[end]):
            continue
        text = "\n".join(lines[start + 1 : end])
        problem = fix = ""
        if start:
            if not re.search(r"^(name|description)\s*:", text, re.M):
                return None  # a rule under a title, not a frontmatter
            problem = "the frontmatter does not start at the first line"
            fix = "move the opening --- to line 1, above everything else"
        elif lines[end].rstrip() != "---":
            problem = f"the frontmatter is closed by a long rule at line {end + 1}"
            fix = f"make line {end + 1} exactly ---"
        return Block(text, start + 2, "\n".join(lines[end + 1 :]).strip("\n"), problem, fix)
    end = _paragraph_end(lines, start + 1)
    return Block(
        "\n".join(lines[start + 1 : end]),
        start + 2,
        "\n".join(lines[end:]).strip("\n"),
        "the frontmatter is never closed",
        f"add a line --- after line {end}",
    )


def _unfenced(lines: list[str], start: int) -> Block:
    end = _paragraph_end(lines, start)
    after = end
    while after < len(lines) and not lines[after].strip():
        after += 1
    if after < len(lines) and _RULE.match(lines[after]):
        after += 1
    return Block(
        "\n".join(lines[start:end]),
        start + 1,
        "\n".join(lines[after:]).strip("\n"),
        "the frontmatter has no opening fence",
        "write --- as line 1, before the name",
    )


def _paragraph_end(lines: list[str], start: int) -> int:
    """The first line that cannot belong to a frontmatter nobody closed."""
    for i in range(start, len(lines)):
        if not lines[i].strip() or _RULE.match(lines[i]) or lines[i].startswith("# "):
            return i
    return len(lines)


def read_fields(block: Block) -> Fields:
    """The frontmatter's keys and values; never raises, says what it had to repair."""
    plain = read_plain(block.text)
    if plain is not None:
        return Fields(plain)
    # Imported here: it costs more than reading all built-in definitions.
    import yaml

    try:
        values = yaml.load(block.text, Loader=_loader(block.text))
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        at = mark.line if mark is not None else 0
        rows = block.text.split("\n")
        row = rows[at] if at < len(rows) else ""
        problem, fix, shift = _explain(str(getattr(error, "problem", "") or error), row, rows, at)
        return Fields(recover(block.text), problem, fix, block.line + shift)
    if isinstance(values, dict):
        return Fields({str(k): v for k, v in values.items()})
    recovered = recover(block.text)
    if recovered:
        return Fields(
            recovered,
            "the frontmatter is not a list of keys",
            'write one "key: value" a line',
            block.line,
        )
    return Fields({}, "the frontmatter holds no keys", "add name: and description:", block.line)


def read_plain(text: str) -> dict[str, Any] | None:
    """The mapping, when every line is so simple that YAML cannot read it differently; else None.

    Exists so that the built-in definitions load without importing a YAML parser.
    """
    out: dict[str, Any] = {}
    for raw in text.split("\n"):
        if not raw.strip():
            continue
        if raw.startswith("  - ") and out:
            key = next(reversed(out))
            item = raw[4:].rstrip()
            plain = _PLAIN_ITEM.fullmatch(item) and item[0] != "*"
            if not plain or item.lower() in _YAML_WORDS or not isinstance(out[key], list):
                return None
            out[key].append(item)
            continue
        match = _KEY_LINE.match(raw.rstrip())
        if match is None or match[1] in out or match[1].lower() in _YAML_WORDS:
            return None
        value = (match[2] or "").strip()
        if value == "":
            out[match[1]] = []
        elif value.isdecimal() and value.isascii() and (value == "0" or value[0] != "0"):
            out[match[1]] = int(value)
        elif _PLAIN.fullmatch(value) and value.lower() not in _YAML_WORDS:
            out[match[1]] = value
        else:
            return None
    # "key:" with nothing under it is null in YAML.
    return {k: None if v == [] else v for k, v in out.items()} or None


def recover(text: str) -> dict[str, Any]:
    """Fields by lines: a known key at column 0 opens one, everything else continues it."""
    chunks: list[tuple[str, list[str]]] = []
    seen: set[str] = set()
    for line in text.split("\n"):
        match = _KEY_LINE.match(line.rstrip())
        if match and match[1] in KNOWN_KEYS and match[1] not in seen:
            seen.add(match[1])
            chunks.append((match[1], [line.rstrip()]))
        elif chunks:
            chunks[-1][1].append(line.rstrip())
    return {key: _recover_value(key, lines) for key, lines in chunks}


def _recover_value(key: str, lines: list[str]) -> Any:
    import yaml

    try:
        # Most fields are sound on their own; only the broken one needs the rough reading.
        text = "\n".join(lines)
        alone = yaml.load(text, Loader=_loader(text))
    except (yaml.YAMLError, ValueError, RecursionError):
        alone = None
    if isinstance(alone, dict) and list(alone) == [key]:
        value = alone[key]
        if key not in ("name", "description") or isinstance(value, str):
            return value
    first = lines[0].split(":", 1)[1].strip()
    rest = [line.strip() for line in lines[1:]]
    items = [line[2:].strip().strip("'\"") for line in rest if line.startswith("- ")]
    if not first and items and len(items) == len([line for line in rest if line]):
        return items
    if first in ("|", ">", "|-", ">-", "|+", ">+"):
        first = ""
    return _unquote("\n".join([first, *rest]).strip())


def _unquote(text: str) -> str:
    if len(text) > 1 and text[0] == text[-1] and text[0] in "'\"":
        text = text[1:-1]
    elif text[:1] in "'\"" and text.count(text[0]) == 1:
        text = text[1:]  # opened and never closed
    return text.replace("\\n", "\n").replace('\\"', '"')


def _explain(problem: str, row: str, rows: list[str], at: int) -> tuple[str, str, int]:
    """A one-sentence cause, a one-line fix and the row it is about."""
    key = _KEY_LINE.match(row)
    if "mapping values" in problem or (key and ": " in (key[2] or "")):
        name = key[1] if key else "the value"
        return (
            f'{name} holds ": " and is not quoted',
            f'put the value of {name} in double quotes, or write "{name}: |" and indent the text',
            at,
        )
    token = re.match(r"^\s*(?:-|[\w-]+:)\s+([@`%*&!].*)$", row)
    if token:
        return (
            f'"{token[1].split()[0][:40]}" cannot start a YAML value',
            f'quote it: "{token[1].strip()[:60]}"',
            at,
        )
    if not row.startswith((" ", "-")) and not (key and key[1] in KNOWN_KEYS):
        owner = _owner(rows, at)
    else:
        owner = _owner(rows, max(at - 1, 0))
    if owner:
        name, shift = owner
        return (
            f"{name} goes on over lines that are not indented",
            f'write "{name}: |" and indent the lines under it by two spaces',
            shift,
        )
    return (f"not valid YAML: {problem}", "quote the value", at)


def _owner(rows: list[str], at: int) -> tuple[str, int] | None:
    """The known key whose text reaches row ``at``."""
    for i in range(min(at, len(rows) - 1), -1, -1):
        match = _KEY_LINE.match(rows[i])
        if match and match[1] in KNOWN_KEYS:
            return match[1], i
    return None


def _loader(text: str) -> Any:
    from maestro_tui.plans.yaml_loader import loader_for

    return loader_for(text)
