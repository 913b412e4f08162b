"""Which files does a shell command write, as far as its words show it?

A help, not a wall: a program can write what its arguments do not say. The wall is the sandbox
where there is one, and the comparison of every change with the plan at the end.
"""

from __future__ import annotations

import os
import re
import shlex

_HEREDOC = re.compile(r"<<-?\s*(['\"]?)(\w+)\1([^\n]*)\n.*?^\s*\2\s*$", re.DOTALL | re.MULTILINE)
_ENDS = frozenset({"&&", "||", ";", "|", "&", "|&", "(", ")", ";;"})
_REDIRECT = re.compile(r"^(?:&>>?|>>?|>\||>&|<>)$")
_WORDS_FIRST = frozenset({"sudo", "env", "command", "time", "nohup", "exec"})
_ALL = frozenset({"rm", "rmdir", "unlink", "touch", "truncate", "tee", "shred"})
_LAST = frozenset({"cp", "install", "ln", "rsync"})
_UNKNOWN = re.compile(r"[$`*?\[\]{}]")


def written(command: str, folder: str) -> list[str]:
    """Absolute paths the command names as places to write; what is computed is left out."""
    found: list[str] = []
    for line in (
        _HEREDOC.sub(lambda m: "<<" + m[3] + "\n", command).replace("\\\n", " ").split("\n")
    ):
        try:
            lexer = shlex.shlex(line, posix=True, punctuation_chars="();<>|&")
            lexer.whitespace_split = True
            words = list(lexer)
        except ValueError:
            continue
        folder = _line(words, folder, found)
    return list(dict.fromkeys(found))


def _line(words: list[str], folder: str, found: list[str]) -> str:
    """Add what one line writes; the folder in which the next one runs."""
    simple: list[str] = []
    index = 0
    while index <= len(words):
        word = words[index] if index < len(words) else ";"
        if word in _ENDS:
            folder = _simple(simple, folder, found)
            simple = []
        elif _REDIRECT.match(word):
            target = words[index + 1] if index + 1 < len(words) else ""
            if simple and simple[-1].isdigit():
                simple.pop()  # 2>file
            if not (word == ">&" and (target.isdigit() or target == "-")):
                _add(target, folder, found)
            index += 1
        else:
            simple.append(word)
        index += 1
    return folder


def _simple(words: list[str], folder: str, found: list[str]) -> str:
    while words and (words[0] in _WORDS_FIRST or re.match(r"^\w+=", words[0])):
        words = words[1:]
    if not words:
        return folder
    name, rest = os.path.basename(words[0]), words[1:]
    plain = [w for w in rest if not w.startswith("-")]
    if name == "cd" and plain and not _UNKNOWN.search(plain[0]):
        return os.path.normpath(os.path.join(folder, os.path.expanduser(plain[0])))
    if name in _ALL:
        targets = plain
    elif name == "mv":
        targets = plain  # what it takes away, and what it makes
    elif name in _LAST:
        targets = plain[-1:]
    elif name in ("sed", "perl") and any(w.startswith(("-i", "-pi", "--in-place")) for w in rest):
        targets = plain[1:] if "-e" not in rest else plain
    elif name == "dd":
        targets = [w[3:] for w in rest if w.startswith("of=")]
    elif name in ("bash", "sh", "dash", "zsh") and "-c" in rest[:-1]:
        found.extend(written(rest[rest.index("-c") + 1], folder))
        targets = []
    else:
        targets = []
    for target in targets:
        _add(target, folder, found)
    return folder


def _add(target: str, folder: str, found: list[str]) -> None:
    if target and not _UNKNOWN.search(target) and not target.startswith("/dev/"):
        found.append(os.path.normpath(os.path.join(folder, os.path.expanduser(target))))
