"""File paths in prose: found, stripped of decoration, and kept inside the repository."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from maestro_tui.plans import globs
from maestro_tui.plans.model import Diagnostic

_LINK = re.compile(r"\[([^\]]*)\]\(([^()\s]*(?:\([^()]*\)[^()\s]*)*)\)")
_CODE = re.compile(r"`+([^`]+)`+")
_TAG = re.compile(
    r"[\[(]\s*(new|create[ds]?|add(?:ed)?|modif(?:y|ied)|updat(?:e|ed)|change[ds]?|edit(?:ed)?|"
    r"delet(?:e|ed)|remove[ds]?|tests?)\b[^\])]*[\])]",
    re.IGNORECASE,
)
_VERB = re.compile(r"^(create|add|new|modify|update|edit|change|delete|remove|test)s?\b:?\s+", re.I)
_TO_READ = re.compile(  # "Verify only: `src/a.py`" in a list of files
    r"\W*(?:(?:verify|read|check|inspect|review|look at)(?: only)?|reference(?: only)?|read-only|"
    r"no changes?|unchanged|do not (?:touch|change|modify))\b\W*:\W",
    re.IGNORECASE,
)
_ACTIONS = {
    "new": "create", "cre": "create", "add": "create", "mod": "modify", "upd": "modify",
    "cha": "modify", "edi": "modify", "del": "delete", "rem": "delete", "tes": "test",
}  # fmt: skip
_BARE = frozenset(
  {
    "makefile", "dockerfile", "justfile", "procfile", "rakefile", "gemfile", "vagrantfile",
    "jenkinsfile", "license", "readme", "changelog", "codeowners", "containerfile",
    "caddyfile", "brewfile", ".gitignore", ".env", ".dockerignore", ".gitattributes",
    ".editorconfig", ".npmrc", ".prettierrc", ".eslintrc", ".babelrc", ".nvmrc",
  }
)  # fmt: skip
_SUFFIX = re.compile(r"\.[A-Za-z][\w+-]{0,11}$|\.[A-Za-z0-9]{1,5}$|\.\*$|\.\{[^{}]+\}$")
_PLACEHOLDER = re.compile(r"<[\w-]{1,30}>")  # src/<name>.py, migrations/<ts>_x.sql
_NO_PATH = re.compile(r"[\s\"'<>|;=]")
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)
_NUMBER = re.compile(r"[\d.,]+%?")
_LETTER = re.compile(r"\w")
_UNDECORATED = re.compile(r"(?!\.?/)[\w./-]*[\w/-]")  # most paths: nothing to take off
_LINE_NUMBER = re.compile(r"(?<=[\w)])(?::\d+(?:\+|[-–,]\d+)*(?::\d+)?|#L\d+(?:-L?\d+)?)$")
_WEB_OR_FILE = re.compile(r"(file|https?):")
_SEPARATOR = re.compile(r"[,;、，]")
_DELIMITER = re.compile(r"[,;、，`{}()\[\]]")
_AND = re.compile(r"\s(?:and|und|et|plus|\+|&)\s")
_EXPLANATION = re.compile(r"\s[—–-]{1,2}\s|\s#\s")
_DRIVE = re.compile(r"[A-Za-z]:")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
# From the root, or below a home folder; names that repositories themselves bear are left out.
_TOP_FOLDER = re.compile(
    r"/(?:(?:home|Users)/(?:[^/\s]+/){1,8}?)?(?=(?:src|packages|apps|crates|internal|cmd|pkg|tests?|"
    r"docs|scripts|migrations|components|backend|frontend|services|e2e|prisma|\.github)/"
    r"[^\s]*(?:\.\w{1,8}|\*)$)"
)
_BOLD_NAME = re.compile(r"\*\*(\w+)\*\*(?=\.py$)")  # __init__.py, as formatters mangle it
_WORDS = frozenset({"e.g.", "i.e.", "etc.", "n/a", "and/or", "either/or", "tbd", "none", "w/o"})


class PathRef(NamedTuple):
    """A path as found, and what is done to it as far as the words beside it say."""

    path: str
    action: str = ""  # create | modify | delete | test | "" = not said
    line: int = 0


def looks_like_path(text: str) -> bool:
    """Whether a word is a path or a glob rather than prose."""
    text = _PLACEHOLDER.sub("x", text) if "<" in text else text
    if not text or len(text) > 300 or text.lower() in _WORDS or _NO_PATH.search(text):
        return False
    if text.startswith(("-", "@", "#", "$")) or ("://" in text and _SCHEME.match(text)):
        return False
    if text.lower() in _BARE or text.startswith("**/"):
        return True
    last = text.rstrip("/").rsplit("/", 1)[-1]
    if _NUMBER.fullmatch(text) or not ("*" in text or _LETTER.search(text)):
        return False
    return "/" in text or "*" in text or _SUFFIX.search(last) is not None


def strip_path(text: str) -> str:
    """The path without link, quotes, ``file://``, line numbers, trailing punctuation and ``./``."""
    if _UNDECORATED.fullmatch(text):
        return text
    text = text.strip().strip("`'\"“”‘’")
    if text.startswith("*") and text.endswith("*") and not text.endswith(("/*", "/**")):
        text = text.strip("*")
    text = _LINE_NUMBER.sub("", text)
    if text.startswith(("file://", "/")):
        text = _within_the_repository(text.removeprefix("file://"))
    if "**" in text:
        text = _BOLD_NAME.sub(r"__\1__", text)
    text = text.strip(",;").rstrip(".:") if not text.endswith("..") else text
    while text.startswith("./"):
        text = text[2:]
    return text


def _within_the_repository(text: str) -> str:
    """``/src/a.py`` and ``/home/u/repo/src/a.py`` from where a repository's own folders begin.

    Planners write the root of the repository as "/" or as it is on their own machine; where no
    such folder stands in the path it is left as it is, for others to refuse.
    """
    found = _TOP_FOLDER.match(text)
    return text[found.end() :] if found is not None else text


def find_paths(text: str, line: int = 0) -> list[PathRef]:
    """The paths in the value of a files label or in one of its list items, in order."""
    out: list[PathRef] = []
    if ":" in text and _TO_READ.match(text):
        return out
    for part in _parts(_LINK.sub(_link_target, text) if "](" in text else text):
        tag = _TAG.search(part)
        verb = _VERB.match(part.lstrip("*_ "))
        word = tag[1] if tag else (verb[1] if verb else "")
        action = _ACTIONS.get(word[:3].lower(), "")
        for path in _paths_of(part, tag[0] if tag else ""):
            out.append(PathRef(path, action, line))
    return out


def _link_target(found: re.Match[str]) -> str:
    label, target = found[1].strip("`"), found[2]
    if target.startswith("file://") and "/" not in label:
        inside = strip_path(target)
        if not inside.startswith("/"):
            return f"`{inside}`"
    if looks_like_path(strip_path(label)) and _WEB_OR_FILE.match(target):
        return f"`{label}`"
    return f"`{target}`"


def _parts(text: str) -> list[str]:
    """The value cut at commas, semicolons and "and", but not inside braces, brackets or code."""
    parts = _split(text) if _SEPARATOR.search(text) else [text]
    return [p for part in parts for p in _AND.split(part) if p.strip()]


def _split(text: str) -> list[str]:
    out, depth, code, start = [], 0, False, 0
    for found in _DELIMITER.finditer(text):
        char = found[0]
        if char == "`":
            code = not code
        elif char in "{([":
            depth += 1
        elif char in "})]":
            depth -= 1
        elif depth <= 0 and not code:
            out.append(text[start : found.start()])
            start, depth = found.end(), 0
    return [*out, text[start:]]


def _paths_of(part: str, tag: str) -> list[str]:
    coded = [strip_path(c) for c in _CODE.findall(part)]
    found = [c for c in coded if looks_like_path(c)]
    if found or coded:
        return found
    words = part.replace(tag, " ") if tag else part
    words = _EXPLANATION.split(words)[0]
    for word in words.split():
        path = strip_path(word)
        if path.startswith("(") and path.endswith(")"):
            continue
        if looks_like_path(path):
            found.append(path)
            if not words.strip().startswith(word):
                break  # a path inside a sentence: take one, the rest is explanation
    return found


def is_directory(path: str) -> bool:
    """Whether a path names a folder: a trailing slash, or several segments and no suffix."""
    if path.endswith("/"):
        return True
    last = path.rsplit("/", 1)[-1]
    return "/" in path and "." not in last and not globs.is_glob(path) and last.lower() not in _BARE


def unsafe_reason(path: str) -> str:
    """Why a path may not be written by an agent; empty when it may."""
    text = path.replace("\\", "/")
    if text.startswith("/") or _DRIVE.match(text):
        return "is absolute"
    if text.startswith("~"):
        return "is in a home folder"
    segments = [s for s in text.split("/") if s not in ("", ".")]
    if ".." in segments:
        return "leaves the repository"
    if _CONTROL.search(text):
        return "holds control characters"
    if not segments and text.strip("/.") == "" and text != "**":
        return "names no file"
    first = segments[0].lower() if segments else ""
    if first in (".git", ".maestro") or ".git" in (s.lower() for s in segments):
        return f"is inside {first if first in ('.git', '.maestro') else '.git'}"
    return ""


def check_paths(paths: Iterable[str], line: int, owner: str) -> list[Diagnostic]:
    """An error for each path that may not be written."""
    return [
        Diagnostic(
            "path-outside",
            "error",
            line,
            f"{owner}: the path {path!r} {why}; agents write only inside the repository.",
            "Write the path relative to the top of the repository, such as src/module.py.",
        )
        for path in dict.fromkeys(paths)
        if (why := unsafe_reason(path))
    ]
