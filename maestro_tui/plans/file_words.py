"""The words of a line that are surely files or folders of a repository, each found once.

Several questions are asked of one line: which files it writes, whether it begins with one, which
ones it only mentions. The answers share one search, for a long plan has very many lines.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from maestro_tui.plans.paths import looks_like_path, strip_path

_LINK = r"\[[^\[\]\n]*\]\([^()\s]+(?:\([^()]*\)[^()\s]*)*\)"
_CHAR = r"(?:[\w.@~<>{}*+\[\]$,-]|\((?=[\w-]+\)/)|(?<=\w)\)(?=/))"
_TOKEN = re.compile(
    # Each starts only where its word does, or a long word would be tried at every letter.
    rf"{_LINK}|`([^`\n]+)`|((?<![\w.@~<>{{}}*+\[\]$-])(?:(?!,){_CHAR})++(?:/{_CHAR}*)+"
    r"|(?<![\w-])[\w-]++\.[A-Za-z]\w{0,5}\b)"
)
_MAYBE = re.compile(r"\.[\w*{]|/")  # without one there is no path
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
_AT_THE_TOP = re.compile(
    r"(readme|changelog|contributing|claude|agents|license|gemini|security|todo|roadmap|architecture)\.(md|txt|rst)"
    r"|(package(-lock)?|tsconfig[\w.]*|turbo|vercel|composer|deno|biome|nx|angular|components)\.json|pyproject\.toml|setup\.(py|cfg)"
    r"|[\w.-]+\.toml|go\.(mod|sum)|(docker-)?compose[\w.-]*\.ya?ml|requirements[\w.-]*\.txt|[\w.-]+\.config\.\w+|pytest\.ini|tox\.ini"
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
    if not _MAYBE.search(text):
        return ()
    out = []
    for token in _TOKEN.finditer(text):
        path = strip_path(token[1] or token[2] or linked_path(token[0]))
        if is_file(path):
            out.append(FileWord(path, token.start(), token.end(), token[2] is not None))
    return tuple(out)


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
