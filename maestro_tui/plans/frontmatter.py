"""YAML frontmatter with the place of every value; a broken one is read line by line.

Real frontmatter is often not YAML: ``content: Fix: the parser`` or a tab. One broken value must
not hide the others, so the fallback knows only keys, lists and what stands behind the colon.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import yaml

from maestro_tui.plans.data import Node
from maestro_tui.plans.model import Diagnostic
from maestro_tui.plans.yaml_loader import loader_for

_MOST = 300_000  # characters; more than that is no frontmatter, and YAML is slow
_KEY = re.compile(r"^([A-Za-z_][\w-]*)[ \t]*:(?:[ \t]+(.*)|)$")


@dataclass(frozen=True, slots=True)
class Frontmatter:
    """The frontmatter's values; ``end`` is the line of the closing rule, 0 when there is none."""

    root: Node
    end: int = 0
    problem: Diagnostic | None = None


@lru_cache(maxsize=2)
def frontmatter_of(text: str) -> Frontmatter:
    """The frontmatter at the top of a text; offsets and lines are those of the text."""
    first = text.find("\n")
    if first < 0 or text[:first].rstrip() != "---":
        return Frontmatter(Node({}))
    close = re.compile(r"^(---|\.\.\.)[ \t]*$", re.MULTILINE).search(text, first + 1, first + _MOST)
    if close is None:
        return Frontmatter(Node({}))
    inside = text[first + 1 : close.start()]
    end = inside.count("\n") + 2
    try:
        root = _composed(inside, first + 1)
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        problem = _problem(error)
        return Frontmatter(_by_line(inside, first + 1), end, problem)
    if root is None or not isinstance(root.value, dict):
        return Frontmatter(_by_line(inside, first + 1), end)
    return Frontmatter(root, end)


def _problem(error: Exception) -> Diagnostic:
    mark = getattr(error, "problem_mark", None)
    deep = "nested too deeply" if isinstance(error, RecursionError) else ""
    why = deep or getattr(error, "problem", None) or type(error).__name__
    return Diagnostic(
        "frontmatter-yaml",
        "info",
        mark.line + 2 if mark else 1,
        f"The frontmatter is not valid YAML ({why}); it is read line by line.",
        "Put the value in quotes.",
    )


def _composed(text: str, base: int) -> Node | None:
    loader = loader_for(text)(text)
    try:
        node = loader.get_single_node()
    finally:
        loader.dispose()
    if node is None:
        return None
    starts = [0, *(m.end() for m in re.finditer("\n", text))]

    def offset(mark: Any) -> int:
        start = starts[min(int(mark.line), len(starts) - 1)]
        return base + min(len(text), start + int(mark.column))

    return _converted(node, offset)


def _converted(top: Any, offset: Any) -> Node:
    """YAML's nodes as ours, without recursion; a node named twice is made once."""
    made: dict[int, Node] = {}
    waiting = [top]
    out = made[id(top)] = _made(top, offset)
    while waiting:
        node = waiting.pop()
        mine = made[id(node)]
        if isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                if isinstance(key, yaml.ScalarNode):
                    if id(value) not in made:
                        made[id(value)] = _made(value, offset)
                        waiting.append(value)
                    mine.value.setdefault(key.value, made[id(value)])
        elif isinstance(node, yaml.SequenceNode):
            for value in node.value:
                if id(value) not in made:
                    made[id(value)] = _made(value, offset)
                    waiting.append(value)
                mine.value.append(made[id(value)])
    return out


def _made(node: Any, offset: Any) -> Node:
    value: Any
    if isinstance(node, yaml.MappingNode):
        value = {}
    elif isinstance(node, yaml.SequenceNode):
        value = []
    else:
        value = _scalar(node)
    return Node(value, offset(node.start_mark), offset(node.end_mark), node.start_mark.line + 2)


def _scalar(node: Any) -> str | bool | None:
    """Words stay words (``007``, ``1.10``); only what means nothing or true/false changes."""
    if node.style is None and node.tag.endswith(":null"):
        return None
    if node.style is None and node.tag.endswith(":bool"):
        return bool(node.value.lower() in ("true", "yes", "on"))
    return str(node.value)


def _by_line(text: str, base: int) -> Node:
    """Keys at the margin, lists below them, and keys within the items of those lists."""
    root = Node({}, base, base + len(text), 2)
    fields: dict[str, Node] = root.value
    holder: Node | None = None  # the value that lines further in belong to
    item: Node | None = None
    inner: Node | None = None
    at = base
    for number, line in enumerate(text.split("\n"), 2):
        start, at = at, at + len(line) + 1
        indent = len(line) - len(line.lstrip())
        plain = line.strip()
        dash = re.match(r"-[ \t]+|-$", plain)
        if not plain or plain.startswith("#"):
            continue
        if indent == 0 and not dash:
            key = _KEY.match(line)
            if key is not None:
                holder = fields[key[1]] = _value_at(key[2] or "", line, start, number)
                item = inner = None
            continue
        if holder is None:
            continue
        if dash and (item is None or indent <= item.end):
            inner = None
            if holder.value is None:
                holder.value = []
            if isinstance(holder.value, list):
                item = _item(plain[dash.end() :], line, start, number, indent)
                holder.value.append(item)
        elif item is not None and isinstance(item.value, dict):
            inner = _into(item, inner, plain, line, start, number, bool(dash))
    for node in fields.values():
        for entry in node.items():
            entry.end = entry.start
    return root


def _item(rest: str, line: str, start: int, number: int, indent: int) -> Node:
    key = _KEY.match(rest)
    if key is None:
        node = _value_at(rest, line, start, number)
    else:
        node = Node({key[1]: _value_at(key[2] or "", line, start, number)}, start, 0, number)
    node.end = indent  # while reading: how far in the dash is
    return node


def _into(
    item: Node, inner: Node | None, plain: str, line: str, start: int, number: int, dash: bool
) -> Node | None:
    """A line inside an item: another key of it, or an entry of the list under its last key."""
    key = None if dash else _KEY.match(plain)
    if key is not None:
        inner = item.value[key[1]] = _value_at(key[2] or "", line, start, number)
    elif dash and inner is not None:
        if inner.value is None:
            inner.value = []
        if isinstance(inner.value, list):
            inner.value.append(_value_at(plain[1:].strip(), line, start, number))
    elif inner is not None and isinstance(inner.value, str):
        inner.value = f"{inner.value} {plain}"
    return inner


def _value_at(written: str, line: str, start: int, number: int) -> Node:
    text = written.strip()
    at = line.rfind(text) if text else len(line)
    node = Node(None, start + at, start + at + len(text), number)
    if re.fullmatch(r"\[.*\]", text):
        parts = [p.strip().strip("\"'") for p in text[1:-1].split(",")]
        node.value = [Node(p, node.start, node.end, number) for p in parts if p]
    elif len(text) > 1 and text[0] == text[-1] and text[0] in "\"'":
        node.value = text[1:-1]
    elif text and text not in ("|", ">", ">-", "|-", "null", "~"):
        node.value = text
    return node
