"""A conflict as data: files, hunks, sides; and what a person chose for each.

"ours" is what is merged already, "theirs" what the task wrote, as everywhere in Maestro's words.
A screen shows :class:`Conflict` and answers the question with the key ``resolve`` and the text of
:func:`write_choices`; the command line writes the same text by hand.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from difflib import SequenceMatcher

# What can be said about a whole file, and about one hunk of it.
FILE_ANSWERS = ("ours", "theirs", "both", "base", "delete", "worktree")
HUNK_ANSWERS = ("ours", "theirs", "both", "base")
Lines = tuple[str, ...]
_CHOICE = re.compile(r"(?P<path>[^\s=]+?)(?:#(?P<hunk>\d+))?=(?P<answer>[a-z]+)\Z")


@dataclass(frozen=True, slots=True)
class Hunk:
    """Lines on which both sides differ, each with its line end."""

    ours: tuple[str, ...]
    base: tuple[str, ...]
    theirs: tuple[str, ...]

    def lines(self, answer: str) -> tuple[str, ...]:
        """The lines of that answer; "both" is what is merged, then what the task wrote.

        Where one side changes only what stands at the ends of lines, "both" is the other side's
        text with these ends.
        """
        if answer == "both":
            for one, other in ((self.ours, self.theirs), (self.theirs, self.ours)):
                if _ends_only(self.base, one):
                    return _with_ends(one, self.base, other)
            return (*_ended(self.ours), *self.theirs)
        found: tuple[str, ...] = {"ours": self.ours, "base": self.base, "theirs": self.theirs}[
            answer
        ]
        return found


def _ended(lines: tuple[str, ...]) -> tuple[str, ...]:
    """Lines that others may follow."""
    if lines and not lines[-1].endswith("\n"):
        return (*lines[:-1], lines[-1] + "\n")
    return lines


def _ends_only(base: Lines, side: Lines) -> bool:
    """Whether a side differs from the base only in line ends and in white space before them."""
    return len(base) == len(side) and [x.rstrip() for x in base] == [x.rstrip() for x in side]


def _with_ends(one: Lines, base: Lines, other: Lines) -> Lines:
    """``other``, where it has lines of the base as they are in ``one``, the rest with its ends."""
    crlf = all(line.endswith("\r\n") for line in one)
    found: list[str] = []
    matcher = SequenceMatcher(None, base, other, autojunk=False)
    for tag, start, end, first, last in matcher.get_opcodes():
        if tag == "equal":
            found += one[start:end]
        else:
            found += [
                line.rstrip("\r\n") + ("\r\n" if crlf else "\n") if line.endswith("\n") else line
                for line in other[first:last]
            ]
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Side:
    """A file on one side: git's mode and object, "" where it is not there."""

    mode: str = ""
    blob: str = ""


@dataclass(frozen=True, slots=True)
class ConflictFile:
    """One path in conflict, why, and the answers it can have.

    ``kind``: content, both-added, modify/delete, rename/delete, rename/rename, file/directory,
    binary, lfs, mode, symlink, submodule, case. ``parts`` is the file in order: strings both sides
    agree on and hunks; empty where there are no lines to choose from.
    """

    path: str
    kind: str
    said: str  # in a sentence
    ours: Side
    base: Side
    theirs: Side
    answers: tuple[str, ...]
    writers: tuple[str, ...] = ()  # tasks that wrote the merged side, newest first
    parts: tuple[str | Hunk, ...] = ()
    other: str = ""  # the path it collides with (case, rename)
    stand_in: str = ""  # where git put a side that has no room beside the other

    @property
    def hunks(self) -> tuple[Hunk, ...]:
        """The places to choose at, first is number 1 in a choice."""
        return tuple(p for p in self.parts if isinstance(p, Hunk))

    def compose(self, answers: Iterable[str | tuple[str, ...]]) -> str:
        """The file with an answer for each hunk: a word of ``HUNK_ANSWERS`` or lines."""
        given = iter(answers)
        out: list[str] = []
        for part in self.parts:
            if isinstance(part, str):
                out.append(part)
                continue
            answer = next(given)
            out.extend(part.lines(answer) if isinstance(answer, str) else answer)
        return "".join(out)


@dataclass(frozen=True, slots=True)
class Conflict:
    """A task's merge that waits: the two commits, and every file they disagree on."""

    task: str
    head: str  # the integration branch then
    commit: str  # the task's
    tree: str  # the merge as far as git could do it
    files: tuple[ConflictFile, ...]


@dataclass(slots=True)
class FileChoice:
    """What is to become of one path: a whole answer, answers by hunk number, or a text."""

    whole: str = ""
    hunks: dict[int, str] = field(default_factory=dict)  # number from 1: a word, or "=" + text
    text: str | None = None


class ChoiceError(ValueError):
    """A choice that cannot be read; the message says which, and what may be written."""


def read_choices(text: str) -> dict[str, FileChoice]:
    """Choices by path, from ``PATH=ANSWER`` and ``PATH#HUNK=ANSWER`` words, or from JSON.

    JSON is ``{path: answer | [answer per hunk] | {"text": whole file}}``, where an answer in a list
    may also be ``{"text": lines}``.
    """
    if text.lstrip().startswith("{"):
        return _read_json(text)
    choices: dict[str, FileChoice] = {}
    for word in text.split():
        found = _CHOICE.match(word)
        if found is None:
            raise ChoiceError(
                f"{word!r} is no choice; write PATH=ANSWER or PATH#HUNK=ANSWER, the answer one of "
                + ", ".join(FILE_ANSWERS)
            )
        choice = choices.setdefault(found["path"], FileChoice())
        if found["hunk"]:
            choice.hunks[int(found["hunk"])] = _known(found["answer"], HUNK_ANSWERS, word)
        else:
            choice.whole = _known(found["answer"], FILE_ANSWERS, word)
    if not choices:
        raise ChoiceError("nothing was chosen; write PATH=ANSWER for each file in conflict")
    return choices


def _known(answer: str, answers: tuple[str, ...], where: str) -> str:
    if answer not in answers:
        raise ChoiceError(f"{where}: {answer!r} is not one of {', '.join(answers)}")
    return answer


def _read_json(text: str) -> dict[str, FileChoice]:
    try:
        data = json.loads(text)
    except ValueError as error:
        raise ChoiceError(f"the choices are no JSON: {error}") from None
    choices = {}
    for path, value in data.items():
        if isinstance(value, str):
            choices[path] = FileChoice(_known(value, FILE_ANSWERS, path))
        elif isinstance(value, dict) and isinstance(value.get("text"), str):
            choices[path] = FileChoice(text=value["text"])
        elif isinstance(value, list):
            hunks = {}
            for number, one in enumerate(value, start=1):
                where = f"{path}#{number}"
                if isinstance(one, dict) and isinstance(one.get("text"), str):
                    hunks[number] = "=" + one["text"]
                else:
                    hunks[number] = _known(str(one), HUNK_ANSWERS, where)
            choices[path] = FileChoice(hunks=hunks)
        else:
            raise ChoiceError(f'{path}: write an answer, a list of them, or {{"text": …}}')
    return choices


def write_choices(choices: Mapping[str, FileChoice]) -> str:
    """The inverse of :func:`read_choices`, for a screen's answer."""
    data: dict[str, object] = {}
    for path, choice in choices.items():
        if choice.text is not None:
            data[path] = {"text": choice.text}
        elif choice.whole:
            data[path] = choice.whole
        else:
            data[path] = [
                {"text": one[1:]} if one.startswith("=") else one
                for _, one in sorted(choice.hunks.items())
            ]
    return json.dumps(data, ensure_ascii=False)


def resolve_text(file: ConflictFile, choice: FileChoice) -> str:
    """A file's text by hunk; ChoiceError names a hunk without an answer."""
    if choice.text is not None:
        return choice.text
    answers: list[str | tuple[str, ...]] = []
    count = len(file.hunks)
    strangers = [n for n in choice.hunks if not 1 <= n <= count]
    if strangers:
        raise ChoiceError(f"{file.path} has {count} hunk(s); there is no #{strangers[0]}")
    for number in range(1, count + 1):
        answer = choice.hunks.get(number) or choice.whole
        if not answer:
            raise ChoiceError(f"{file.path}#{number} has no answer")
        if answer.startswith("="):
            answers.append((answer[1:],))
        else:
            answers.append(_known(answer, HUNK_ANSWERS, f"{file.path}#{number}"))
    return file.compose(answers)
