"""The files a sentence says will be written: ``Update `a.py`: ...``, ``Add a model in src/b.py``.

A path in prose is often only an example, a route or a thing to read. So one counts only where a
verb or a preposition in front of it says that the work happens there; others are kept as mentions.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from maestro_tui.plans.blocks import Block
from maestro_tui.plans.paths import PathRef, looks_like_path, strip_path

_MAKE = r"creat(?:e|es|ing)|writ(?:e|es|ing)|new|scaffold|generate|author|draft"
_PUT = (
    r"add(?:s|ing)?|implement(?:s|ing)?|introduce|build|set up|setup|initiali[sz]e|define|"
    r"document|declare"
)
_MODIFY = (
    r"updat(?:e|es|ing)|modif(?:y|ies|ying)|edit(?:s|ing)?|chang(?:e|es|ing)|extend(?:s|ing)?|refactor|fix(?:es)?|"
    r"wire|register|integrate|enhance|replace|adjust|configure|expose|export|rewrite|convert|migrate|patch|"
    r"append|insert|rework|simplify|clean up|deprecate|enable|hook|adapt|port|split|improve|"
    r"optimi[sz]e|wrap|"
    r"harden|move|rename|extract|mount|pass|use|apply|bump|annotate|delegate|inject|make|normali[sz]e|switch"
)
_DELETE = r"delet(?:e|es|ing)|remov(?:e|es|ing)|drop"
_VERB = re.compile(rf"\b(?:({_MAKE})|({_PUT})|({_MODIFY})|({_DELETE}))\b", re.IGNORECASE)
_PLACE = re.compile(
    r"\b(?:in|into|inside|within|under|at|to|from)\b\s*(?:the\s+|a\s+|new\s+|existing\s+|file\s+)*[`*(\[]*$",
    re.I,
)
_HEAD = re.compile(
    r"^(?:in|edit|file|new file|new|modify|update|create|add|delete|remove)?[\s:*`\[(]*$",
    re.IGNORECASE,
)
_LINK = r"\[[^\[\]\n]*\]\([^()\s]+(?:\([^()]*\)[^()\s]*)*\)"
_CHAR = r"(?:[\w.@~<>{}*+\[\]$,-]|\((?=[\w-]+\)/)|(?<=\w)\)(?=/))"
_TOKEN = re.compile(
    # Each starts only where its word does, or a long word would be tried at every letter.
    rf"{_LINK}|`([^`\n]+)`|((?<![\w.@~<>{{}}*+\[\]$-])(?:(?!,){_CHAR})+(?:/{_CHAR}*)+"
    r"|(?<![\w-])[\w-]+\.[A-Za-z]\w{0,5}\b)"
)
_JOIN = re.compile(r"^[\s,;&+)\]`*]*(?:and|or|und|et|と|および|、)?[\s`*(\[]*$", re.IGNORECASE)
_EXPLAINS = re.compile(r"[`*)\s]*(:|\s[-–—])\s")
_MAYBE = re.compile(r"\.[\w*{]|/")  # without one there is no path
_EMPHASIS = re.compile(r"^[*_]{0,3}")
_NEAR = 80  # how far before a path the words that speak of it may stand
_TO_LOOK_AT = re.compile(
    r"\b(?:references?|imports?|calls?|links?|according|similar|relative|compared|equal|writes?) "
    r"to\b[\s`]*$",
    re.IGNORECASE,
)
_CJK = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff\uac00-\ud7af]")
_CJK_VERB = re.compile(
    r"(作成|新規|生成|创建|新建|생성)|(追加|実装|更新|修正|変更|拡張|編集|統合|移行|添加|实现|修改|추가|구현|수정|변경)|(削除|删除|삭제)"
)
_ROOTS = frozenset(
    [
        "src", "lib", "app", "apps", "packages", "tests", "test", "docs", "doc", "cmd", "internal",
        "pkg", "crates", "scripts", "backend", "frontend", "server", "client", "web",
        "tools", "config", ".github", ".claude", ".cursor", "examples", "e2e", "spec", "specs",
        "migrations", "public", "assets", "components", "services", "infra", "deploy", "db",
        "database", "benchmarks", "plugins", "modules", "core", "ui", "utils", "hooks", "pages",
        "styles", "themes",
    ]
)  # fmt: skip
_SUFFIXES = frozenset(
    [
        "py", "pyi", "ts", "tsx", "js", "jsx", "mjs", "cjs", "mts", "cts", "go", "rs", "rb", "java",
        "kt", "kts", "swift", "c", "h", "cc", "cpp", "hpp", "cs", "php", "scala", "ex", "exs",
        "erl", "elm", "hs", "ml", "mli", "clj", "lua", "r", "jl", "dart", "vue", "svelte", "astro",
        "css", "scss", "sass", "less", "html", "htm", "md", "mdx", "rst", "txt", "json", "jsonc",
        "json5", "jsonl", "yaml", "yml", "toml", "ini", "cfg", "conf", "env", "lock", "sql",
        "prisma", "graphql", "gql", "proto", "sh", "bash", "zsh", "fish", "ps1", "bat", "xml",
        "svg", "png", "csv", "tf", "tfvars", "hcl", "nix", "gradle", "properties", "hx", "gd",
        "tscn", "ipynb", "tmpl", "tpl", "j2", "jinja", "ejs", "hbs", "mk", "cmake", "bzl", "bazel",
        "snap", "gitignore", "service", "plist", "pbxproj", "tcss", "po", "pot", "avsc", "zig",
        "nim", "mdc", "v", "sv", "sol", "move", "cairo", "vy", "el", "org", "adoc", "tex", "mod",
        "sum", "xaml", "csproj", "sln", "razor", "groovy", "m", "mm", "fs", "fsx", "pl", "pm",
        "cls", "vb", "wgsl", "glsl",
    ]
)  # fmt: skip
_AT_THE_TOP = re.compile(
    r"(readme|changelog|contributing|claude|agents|license|gemini|security|todo|roadmap|architecture)\.(md|txt|rst)"
    r"|(package(-lock)?|tsconfig[\w.]*|turbo|vercel|composer|deno|biome|nx|angular|components)\.json|pyproject\.toml|setup\.(py|cfg)"
    r"|[\w.-]+\.toml|go\.(mod|sum)|(docker-)?compose[\w.-]*\.ya?ml|requirements[\w.-]*\.txt|[\w.-]+\.config\.\w+|pytest\.ini|tox\.ini"
    r"|\.[\w.-]+|makefile|dockerfile[\w.-]*|justfile|gemfile|netlify\.toml|pnpm-workspace\.yaml|devenv\.nix|flake\.nix|schema\.prisma",
    re.IGNORECASE,
)


def says_to_do(text: str) -> bool:
    """Whether a line begins with a verb of work: ``Add retries``, ``**Fix** the parser``."""
    return _VERB.match(text.lstrip("*_` ")) is not None


def is_file(path: str) -> bool:
    """Whether a word in prose is surely a file or folder of a repository, not a route or a type."""
    if not looks_like_path(path) or path.startswith(("/", "~", "@", "http", "<")) or ".." in path:
        return False
    last = path.rstrip("/").rsplit("/", 1)[-1]
    suffix = last.rsplit(".", 1)[-1].lower() if "." in last else ""
    if suffix in _SUFFIXES or (suffix == "*" and "/" in path):
        return True
    first = path.split("/", 1)[0].lower()
    return "/" in path and (first in _ROOTS or path.endswith(("/", "/*"))) and not path.isupper()


def is_bare(path: str) -> bool:
    """Whether a name says no folder and is none of those that lie at the top of a repository."""
    return "/" not in path and _AT_THE_TOP.fullmatch(path) is None


def inline_files(text: str, line: int, default: str = "") -> list[PathRef]:
    """The files one line says are written, in order; ``default`` is the action where no verb tells.

    With a default even a line without a verb counts, as long as a preposition leads to the path.
    """
    if not _MAYBE.search(text):
        return []
    if _CJK.search(text):
        return _cjk_files(text, line, default)
    out: list[PathRef] = []
    verbs = list(_VERB.finditer(text))
    passed = 0
    end = -1
    used: set[int] = set()
    for token in _TOKEN.finditer(text):
        raw = token[1] or token[2] or _linked(token[0])
        path = strip_path(raw)
        if not is_file(path) or ("/" not in path and token[2] and not default):
            continue
        if out and _EXPLAINS.match(text, end):
            break  # what follows the colon explains the change
        while passed < len(verbs) and verbs[passed].end() <= token.start():
            passed += 1
        if out and _joins(text[end : token.start()]):
            action = out[-1].action
        else:
            verb = verbs[passed - 1] if passed else None
            found = _led(text, token.start(), verb, used, default)
            if found is None:
                continue
            action = found
        out.append(PathRef(path, action, line))
        end = token.end()
    return out


def _joins(between: str) -> bool:
    """Whether a path goes on the list of the one before: ``a.py, b.py and c.py``."""
    return len(between) <= 40 and _JOIN.match(between) is not None


def _led(
    text: str, start: int, verb: re.Match[str] | None, used: set[int], default: str
) -> str | None:
    """The action that the words before a path give it; None when they do not speak of it."""
    head = text[max(0, start - _NEAR) : start]
    placed = _PLACE.search(head)
    if _TO_LOOK_AT.search(head):
        return None
    if verb is None:
        first = start <= _NEAR and _HEAD.match(head) is not None
        return (default or "modify") if first or (placed and default) else None
    if placed and re.match(r"from\b", placed[0], re.IGNORECASE) and not verb[4]:
        return None
    near = _leads(text[verb.end() : start])
    if not placed and (verb.start() in used or not near):
        return None
    used.add(verb.start())
    if verb[4]:
        return "modify" if placed and "from" in placed[0] else "delete"
    if placed is None:
        return "modify" if verb[3] else "create"
    return "create" if verb[1] and not default else default or "modify"


def _leads(between: str) -> bool:
    """Whether the words between a verb and a path still speak of that path."""
    return len(between) <= 60 and re.search(r"[:.;]\s|`[^`]+`", between) is None


def _cjk_files(text: str, line: int, default: str) -> list[PathRef]:
    """Japanese, Chinese and Korean put the verb last: the first path is what it is about."""
    verb = _CJK_VERB.search(text)
    for token in _TOKEN.finditer(text):
        path = strip_path(token[1] or token[2] or _linked(token[0]))
        if not is_file(path) or ("/" not in path and not _AT_THE_TOP.fullmatch(path)):
            continue
        if verb is None and not default and _HEAD.match(text[: token.start()]) is None:
            return []
        action = default or "modify"
        if verb is not None:
            action = "create" if verb[1] else "modify" if verb[2] else "delete"
        return [PathRef(path, action, line)]
    return []


def leading_file(text: str, line: int) -> PathRef | None:
    """The file an item is about when it starts with its path: ``- `src/a.py` — the parser``."""
    token = _TOKEN.match(_EMPHASIS.sub("", text, count=1)) if _MAYBE.search(text) else None
    if token is None:
        return None
    path = strip_path(token[1] or token[2] or _linked(token[0]))
    if not is_file(path) or "/" not in path:
        return None
    rest = text[token.end() :]
    found = _VERB.search(rest[:40])
    tag = re.search(r"[(\[]\s*(new|create[ds]?|added)\b", rest[:40], re.IGNORECASE)
    action = "create" if tag else "delete" if found and found[4] else "modify"
    return PathRef(path, action, line)


_OWNS = re.compile(
    r"^\W*(?:it |this \w+ |exclusively )?(?:owns?|is responsible for|responsible for|may (?:only )?"
    r"(?:write|touch|edit|change)|works? (?:only )?(?:on|in)|touches|writes)\s+(?:only |the )*",
    re.IGNORECASE,
)


def owned_files(text: str, line: int) -> list[PathRef]:
    """The files and folders a sentence says somebody owns: ``Owns `src/a.py` and `docs/`.``"""
    found = _OWNS.match(text) if _MAYBE.search(text) else None
    if found is None:
        return []
    out: list[PathRef] = []
    end = found.end()
    for token in _TOKEN.finditer(text, found.end()):
        between = text[end : token.start()]
        path = strip_path(token[1] or token[2] or _linked(token[0]))
        if not is_file(path) or (between.strip(" `") and not _joins(between)):
            break
        out.append(PathRef(path, "", line))
        end = token.end()
    return out


_TO_READ = re.compile(
    r"\W*(?:read|review|see|study|understand|check|follow|inspect|analy[sz]e|explore|verify|run|"
    r"re-?run|open|look|compare|audit|confirm|ensure|test)\b",
    re.IGNORECASE,
)
_OPENS = re.compile(r"(?:[(\[（]|\s(?:[-–—|]|->|=>|→)|[:：→])\s*[`*]*$")
_CLOSES = re.compile(r"[`*]*\s*(?:[)\]）,;]|$|\s[-–—|]\s|\((?!\w+\)/))")


def aside_files(text: str, line: int) -> list[PathRef]:
    """The files that stand alone beside a title: ``Models (`src/a.py`)``, ``API - a/b.py``.

    No verb speaks of them and none is needed: a title has no other reason to name a file there.
    """
    out: list[PathRef] = []
    end = -1
    for token in _TOKEN.finditer(text) if _MAYBE.search(text) else ():
        path = strip_path(token[1] or token[2] or _linked(token[0]))
        if not is_file(path):
            continue
        listed = bool(out) and _joins(text[end : token.start()])
        alone = token[1] and not text[token.end() :].strip("`*. ") and not _TO_READ.match(text)
        if (
            listed
            or alone
            or (
                _OPENS.search(text[max(0, token.start() - 6) : token.start()])
                and _CLOSES.match(text, token.end())
            )
        ):
            out.append(PathRef(path, "", line))
            end = token.end()
    return out


def _linked(link: str) -> str:
    found = re.match(r"\[([^\]]*)\]\((.*)\)$", link)
    if found is None:
        return ""
    label = strip_path(found[1])
    return label if is_file(label) and ("/" in label or "://" in found[2]) else found[2]


_COLUMN = re.compile(
    r"^[\W_]*(files?|path|file ?path|file ?name|location|ファイル|文件|파일|archivo|fichier|"
    r"datei|файл|tệp)",
    re.I,
)


def table_files(block: Block) -> list[PathRef]:
    """The files of a table that has a column of them, with the action its row names."""
    if not block.rows or not any(_COLUMN.match(c) for c in block.rows[0]):
        return []
    column = next(n for n, c in enumerate(block.rows[0]) if _COLUMN.match(c))
    out = []
    for offset, row in enumerate(block.rows[1:], 2):
        if column >= len(row):
            continue
        rest = " ".join(c for n, c in enumerate(row) if n != column)[:80]
        verb = _VERB.search(rest)
        action = _action_of(verb)
        for raw in re.findall(r"`([^`]+)`", row[column]) or [row[column]]:
            path = strip_path(_linked(raw) or raw)
            if is_file(path) or (looks_like_path(path) and "/" in path and " " not in path):
                out.append(PathRef(path, action, block.line + offset - 1))
    return out


def _action_of(verb: re.Match[str] | None) -> str:
    """What a verb found alone in a cell says is done."""
    if verb is None:
        return ""
    return "create" if verb[1] or verb[2] else "modify" if verb[3] else "delete"


def mentioned(texts: Iterable[tuple[str, int]]) -> list[str]:
    """Every path-like word, once: what an agent may want to look at without writing it."""
    out: dict[str, None] = {}
    for text, _ in texts:
        if not _MAYBE.search(text):
            continue
        for token in _TOKEN.finditer(text):
            path = strip_path(token[1] or token[2] or _linked(token[0]))
            if is_file(path):
                out.setdefault(path)
    return list(out)
