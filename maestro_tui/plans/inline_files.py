"""The files a sentence says will be written: ``Update `a.py`: ...``, ``Add a model in src/b.py``.

A path in prose is often only an example, a route or a thing to read. So one counts only where a verb
or a preposition in front of it says that the work happens there; the others are kept as mentions.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from maestro_tui.plans.blocks import Block
from maestro_tui.plans.paths import PathRef, looks_like_path, strip_path

_CREATE = r"creat(?:e|es|ing)|add(?:s|ing)?|writ(?:e|es|ing)|new|implement(?:s|ing)?|scaffold|generate|introduce|build|" \
          r"author|draft|set up|setup|initiali[sz]e|define|document"  # fmt: skip
_MODIFY = r"updat(?:e|es|ing)|modif(?:y|ies|ying)|edit(?:s|ing)?|chang(?:e|es|ing)|extend(?:s|ing)?|refactor|fix(?:es)?|" \
          r"wire|register|integrate|enhance|replace|adjust|configure|expose|export|rewrite|convert|migrate|patch|" \
          r"append|insert|rework|simplify|clean up|deprecate|enable|hook|adapt|port|split|improve|optimi[sz]e"  # fmt: skip
_DELETE = r"delet(?:e|es|ing)|remov(?:e|es|ing)|drop"
_VERB = re.compile(rf"\b(?:({_CREATE})|({_MODIFY})|({_DELETE}))\b", re.IGNORECASE)
_PLACE = re.compile(r"(?:\b(?:in|into|at|inside|within|under|to)\b|[:：→–—(-]|を|に|は)\s*(?:the\s+|a\s+|new\s+|file\s+)*[`*(\[]*$", re.I)
_TOKEN = re.compile(r"\[[^\]\n]*\]\([^()\s]+(?:\([^()]*\)[^()\s]*)*\)|`([^`\n]+)`|((?:[\w.@~<>{}*\[\]$-]|\((?=[\w-]+\)/)|(?<=\w)\)(?=/))+(?:/(?:[\w.@<>{},*\[\]$+-]|\((?=[\w-]+\)/)|(?<=\w)\)(?=/))*)+|[\w-]+\.[A-Za-z][\w]{0,5}\b)")
_JOIN = re.compile(r"^[\s,;&+)\]`*]*(?:and|or|und|et|と|および|、)?[\s`*(\[]*$", re.IGNORECASE)
_ROOTS = frozenset(
    "src lib app apps packages tests test docs doc cmd internal pkg crates scripts backend frontend server client "
    "api web tools config .github .claude .cursor examples e2e spec specs migrations public assets components "
    "services infra deploy db database benchmarks plugins modules".split()
)
_SUFFIXES = frozenset(
    "py pyi ts tsx js jsx mjs cjs mts cts go rs rb java kt kts swift c h cc cpp hpp cs php scala ex exs erl elm hs ml mli clj "
    "lua r jl dart vue svelte astro css scss sass less html htm md mdx rst txt json jsonc json5 jsonl yaml yml toml ini cfg conf env "
    "lock sql prisma graphql gql proto sh bash zsh fish ps1 bat xml svg png csv tf tfvars hcl nix gradle properties "
    "ipynb tmpl tpl j2 jinja ejs hbs mk cmake bzl bazel snap gitignore service plist pbxproj tcss po pot avsc zig nim "
    "v sv sol move cairo vy el org adoc tex mod sum".split()
)  # fmt: skip


def is_file(path: str) -> bool:
    """Whether a word in prose is surely a file or folder of a repository, not a route or a type."""
    if not looks_like_path(path) or path.startswith(("/", "~", "@", "http", "<")) or ".." in path:
        return False
    last = path.rstrip("/").rsplit("/", 1)[-1]
    suffix = last.rsplit(".", 1)[-1].lower() if "." in last else ""
    if suffix in _SUFFIXES:
        return True
    first = path.split("/", 1)[0].lower()
    return "/" in path and first in _ROOTS and not path.isupper()


def inline_files(text: str, line: int, default: str = "") -> list[PathRef]:
    """The files one line says are written, in order; ``default`` is the action where no verb tells.

    With a default even a line without a verb counts, as long as a preposition leads to the path.
    """
    out: list[PathRef] = []
    verbs = list(_VERB.finditer(text))
    end = -1
    used: set[int] = set()
    for token in _TOKEN.finditer(text):
        raw = token[1] or token[2] or _linked(token[0])
        path = strip_path(raw)
        if not is_file(path) or ("/" not in path and token[2] and not default):
            continue
        joined = end >= 0 and _JOIN.match(text[end : token.start()]) is not None
        before = [v for v in verbs if v.end() <= token.start()]
        action = out[-1].action if joined and out else ""
        if not joined:
            verb = before[-1] if before else None
            placed = _PLACE.search(text[: token.start()]) is not None
            taken = verb is not None and verb.start() in used
            near = verb is not None and _leads(text[verb.end() : token.start()])
            if out and re.match(r"[`*)\s]*(:|\s[-–—])\s", text[end:]):
                break  # what follows the colon explains the change
            if verb is None and not (default and (placed or token.start() < 3)):
                continue
            if taken and not placed:
                continue
            if verb is not None and not near and not placed:
                continue
            action = _action(verb, default)
            if verb is not None:
                used.add(verb.start())
        out.append(PathRef(path, action, line))
        end = token.end()
    return out


def _leads(between: str) -> bool:
    """Whether the words between a verb and a path still speak of that path."""
    return len(between) <= 60 and re.search(r"[:.;]\s|`[^`]+`", between) is None


def _action(verb: re.Match[str] | None, default: str) -> str:
    if verb is None:
        return default
    found = "create" if verb[1] else "modify" if verb[2] else "delete"
    if found == "delete":
        return "delete"
    return default if found == "create" and default else found


def _linked(link: str) -> str:
    found = re.match(r"\[([^\]]*)\]\((.*)\)$", link)
    if found is None:
        return ""
    label = strip_path(found[1])
    return label if is_file(label) and ("/" in label or "://" in found[2]) else found[2]


_HEAD = re.compile(r"^[\W_]*(files?|path|file ?path|file ?name|location|ファイル|文件|파일|archivo|fichier|datei|файл|tệp)", re.I)


def table_files(block: Block) -> list[PathRef]:
    """The files of a table that has a column of them, with the action its row names."""
    if not block.rows or not any(_HEAD.match(c) for c in block.rows[0]):
        return []
    column = next(n for n, c in enumerate(block.rows[0]) if _HEAD.match(c))
    out = []
    for offset, row in enumerate(block.rows[1:], 2):
        if column >= len(row):
            continue
        rest = " ".join(c for n, c in enumerate(row) if n != column)[:80]
        verb = _VERB.search(rest)
        for raw in re.findall(r"`([^`]+)`", row[column]) or [row[column]]:
            path = strip_path(_linked(raw) or raw)
            if is_file(path) or (looks_like_path(path) and "/" in path and " " not in path):
                out.append(PathRef(path, _action(verb, "") if verb else "", block.line + offset))
    return out


def mentioned(texts: Iterable[tuple[str, int]]) -> list[str]:
    """Every path-like word, once: what an agent may want to look at, though nobody says it is written."""
    out: dict[str, None] = {}
    for text, _ in texts:
        for token in _TOKEN.finditer(text):
            path = strip_path(token[1] or token[2] or _linked(token[0]))
            if is_file(path):
                out.setdefault(path)
    return list(out)
