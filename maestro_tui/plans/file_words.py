"""The words of a line that are surely files or folders of a repository, each found once.

Several questions are asked of one line: which files it writes, whether it begins with one, which
ones it only mentions. The answers share one search, for a long plan has very many lines.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from maestro_tui.plans.paths import looks_like_path, strip_path

_LINK = r"\[[^\[\]\n]*\]\([^()\s]+(?:\([^()]*\)[^()\s]*)*\)"
_CHAR = r"(?:[\w.@~<>{}*+\[\]$,-]|\((?=[\w-]+\)/)|(?<=\w)\)(?=/))"
_TOKEN = re.compile(
    # Each starts only where its word does, or a long word would be tried at every letter.
    rf"{_LINK}|`([^`\n]+)`|((?<![\w.@~<>{{}}*+\[\]$-])(?:(?!,){_CHAR})++(?:/{_CHAR}*)+"
    r"|(?<![\w-])\.?[\w-]++\.[A-Za-z]\w{0,5}\b)"
)
_MAYBE = re.compile(r"\.[\w*{]|/")  # without one there is no path
_DOTTED = re.compile(r"\.[A-Za-z]")  # what a plain word without a folder must hold
# Most paths, told with one look: what else is asked of a path holds of all that are so written.
_PLAIN = re.compile(r"(?!http)[A-Za-z_][\w-]*(?:/[\w-]+)*\.([A-Za-z]\w*)", re.ASCII)
_LINKED = re.compile(r"\[([^\]]*)\]\((.*)\)$")
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
_WITHOUT_SUFFIX = frozenset(["dockerfile", "makefile", "justfile", "procfile", "gemfile"])
_AT_THE_TOP = re.compile(
    r"(readme|changelog|contributing|claude|agents|license|gemini|security|todo|roadmap|architecture)\.(md|txt|rst)"
    r"|(package(-lock)?|tsconfig[\w.]*|turbo|vercel|composer|deno|biome|nx|angular|components)\.json|pyproject\.toml|setup\.(py|cfg)"
    r"|[\w.-]+\.toml|go\.(mod|sum)|(docker-)?compose[\w.-]*\.ya?ml|requirements[\w.-]*\.txt|[\w.-]+\.config\.\w+|pytest\.ini|tox\.ini"
    r"|pom\.xml|(build|settings)\.gradle(\.kts)?|[\w.-]+\.lock|pnpm-lock\.yaml"
    r"|\.[\w.-]+|makefile|dockerfile[\w.-]*|justfile|gemfile|netlify\.toml|pnpm-workspace\.yaml|devenv\.nix|flake\.nix|schema\.prisma",
    re.IGNORECASE,
)


class FileWord(NamedTuple):
    """A file in a line: its path, where the word stands, and whether it stands there unmarked."""

    path: str
    start: int
    end: int
    plain: bool  # neither code nor a link


def file_words(text: str) -> tuple[FileWord, ...]:
    """The files a line names, in order."""
    return _file_words(text) if "/" in text or "." in text else ()


@lru_cache(maxsize=1 << 10)
def _file_words(text: str) -> tuple[FileWord, ...]:
    if "/" not in text and not _MAYBE.search(text):
        return ()
    if "](" in text or "``" in text or "\n" in text or text.count("`") % 2:
        return tuple(_searched(text, 0, len(text)))
    out: list[FileWord] = []
    at = 0
    coded = False
    for part in text.split("`"):
        end = at + len(part)
        if "/" in part or "." in part:
            if not coded:
                _search_words(text, at, part, out)
            elif is_file(path := strip_path(part)):
                out.append(FileWord(path, at - 1, end + 1, False))
        at = end + 1
        coded = not coded
    return tuple(out)


def _search_words(text: str, at: int, part: str, out: list[FileWord]) -> None:
    """Adds the files among the words of a part of the text, which begins at ``at``."""
    for word in part.split():
        if "/" not in word and ("." not in word or not _DOTTED.search(word)):
            continue
        at = text.index(word, at)
        end = at + len(word)
        if ("/" in word or word.find(".", -7) >= 0) and _is_plain_file(word):
            out.append(FileWord(word, at, end, True))
        else:
            out += _searched(text, at, end)
        at = end


def _searched(text: str, start: int, end: int) -> Iterator[FileWord]:
    for token in _TOKEN.finditer(text, start, end):
        path = strip_path(token[1] or token[2] or linked_path(token[0]))
        if is_file(path):
            yield FileWord(path, token.start(), token.end(), token[2] is not None)


def _is_plain_file(path: str) -> bool:
    found = _PLAIN.fullmatch(path) if len(path) <= 300 else None
    return found is not None and found[1].lower() in _SUFFIXES


def is_file(path: str) -> bool:
    """Whether a word in prose is surely a file or folder of a repository, not a route or a type."""
    if _is_plain_file(path):
        return True
    if " " in path:
        return False
    if not looks_like_path(path) or path.startswith(("/", "~", "@", "http", "<")) or ".." in path:
        return False
    last = path.rstrip("/").rsplit("/", 1)[-1]
    suffix = last.rsplit(".", 1)[-1].lower() if "." in last else ""
    if (
        last.lower() in _WITHOUT_SUFFIX
        or suffix in _SUFFIXES
        or (suffix == "*" and "/" in path)
        or last.startswith(".env.")
    ):
        return True
    first = path.split("/", 1)[0].lower()
    if "/" in path and at_the_top(last):
        return True
    return "/" in path and (first in _ROOTS or path.endswith(("/", "/*"))) and not path.isupper()


def is_bare(path: str) -> bool:
    """Whether a name says no folder and is none of those that lie at the top of a repository."""
    return "/" not in path and not at_the_top(path)


def at_the_top(path: str) -> bool:
    """Whether a name is one of those that lie at the top of a repository."""
    return _AT_THE_TOP.fullmatch(path) is not None


def linked_path(link: str) -> str:
    """The path a Markdown link stands for: its label where that is a path, else its target."""
    found = _LINKED.match(link)
    if found is None:
        return ""
    label = strip_path(found[1])
    if found[2].startswith("file://") and "/" not in label:
        inside = strip_path(found[2])
        if not inside.startswith("/"):
            return inside
    return label if is_file(label) and ("/" in label or "://" in found[2]) else found[2]
