"""What a person has decided about a conflict so far, place by place, and what would come of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from maestro_tui.core.conflicts import (
    HUNK_ANSWERS,
    ChoiceError,
    Conflict,
    ConflictFile,
    FileChoice,
    read_choices,
)

# Seven of a kind, as git writes them: whoever leaves one in an edited text is told.
OURS, BASE, MIDDLE, THEIRS = "<" * 7, "|" * 7, "=" * 7, ">" * 7


@dataclass(frozen=True, slots=True)
class Place:
    """Where something is to be decided: a file, and which of its hunks (0: the whole file)."""

    file: int
    hunk: int


@dataclass(slots=True)
class Draft:
    """Choices that are not complete yet."""

    conflict: Conflict
    choices: dict[str, FileChoice] = field(default_factory=dict)

    @classmethod
    def of(cls, conflict: Conflict, earlier: str) -> Draft:
        """Begin with what was chosen the last time and refused, where it still fits."""
        draft = cls(conflict)
        try:
            known = read_choices(earlier) if earlier else {}
        except ChoiceError:
            return draft
        for file in conflict.files:
            choice = known.get(file.path)
            if choice is not None and all(1 <= n <= len(file.hunks) for n in choice.hunks):
                draft.choices[file.path] = choice
        return draft

    @property
    def places(self) -> tuple[Place, ...]:
        """Every place, in order."""
        return tuple(
            Place(index, number)
            for index, file in enumerate(self.conflict.files)
            for number in (range(1, len(file.hunks) + 1) if file.hunks else (0,))
        )

    def file(self, place: Place) -> ConflictFile:
        """The file of a place."""
        return self.conflict.files[place.file]

    def answer(self, place: Place) -> str:
        """A word, "=" and lines, "text" for a whole file edited by hand; "" while undecided."""
        choice = self.choices.get(self.file(place).path)
        if choice is None:
            return ""
        if choice.text is not None:
            return "text"
        return choice.hunks.get(place.hunk, "") or choice.whole

    def decided(self, index: int | None = None) -> int:
        """How many places have an answer; of one file when ``index`` says which."""
        return sum(1 for p in self.places if (index is None or p.file == index) and self.answer(p))

    @property
    def complete(self) -> bool:
        """Whether nothing is left to decide."""
        return self.decided() == len(self.places)

    def next_open(self, after: Place) -> Place | None:
        """The next undecided place, round the end to the first."""
        places = self.places
        at = places.index(after) + 1
        return next((p for p in (*places[at:], *places[:at]) if not self.answer(p)), None)

    # -- deciding --------------------------------------------------------------------------------
    def may(self, place: Place, answer: str) -> bool:
        """Whether that word answers that place."""
        if place.hunk:
            return answer in HUNK_ANSWERS
        return answer in self.file(place).answers

    def decide(self, place: Place, answer: str) -> None:
        """Answer one place; a word for the whole file is first spread over its hunks."""
        file = self.file(place)
        if not place.hunk:
            self.decide_file(place.file, answer)
            return
        choice = self.choices.get(file.path, FileChoice())
        hunks = dict(choice.hunks)
        if choice.whole in HUNK_ANSWERS:
            hunks = {n: hunks.get(n, choice.whole) for n in range(1, len(file.hunks) + 1)}
        hunks[place.hunk] = answer
        self.choices[file.path] = FileChoice(hunks=hunks)

    def decide_file(self, index: int, answer: str) -> None:
        """Answer a file as a whole."""
        self.choices[self.conflict.files[index].path] = FileChoice(answer)

    def write_file(self, index: int, text: str) -> None:
        """The whole file, as a person wrote it."""
        self.choices[self.conflict.files[index].path] = FileChoice(text=text)

    def clear(self, place: Place) -> None:
        """Take the answer of a place back."""
        file = self.file(place)
        choice = self.choices.pop(file.path, None)
        if choice is None or not place.hunk or choice.text is not None:
            return
        if choice.whole not in ("", *HUNK_ANSWERS):
            return
        numbers = range(1, len(file.hunks) + 1)
        hunks = {n: choice.hunks.get(n) or choice.whole for n in numbers if n != place.hunk}
        kept = {n: answer for n, answer in hunks.items() if answer}
        if kept:
            self.choices[file.path] = FileChoice(hunks=kept)

    # -- what would come of it -------------------------------------------------------------------
    def lines(self, place: Place) -> str:
        """A hunk as it would be; with both sides marked, as git does it, while undecided."""
        hunk = self.file(place).hunks[place.hunk - 1]
        answer = self.answer(place)
        if answer.startswith("="):
            return answer[1:]
        if answer in HUNK_ANSWERS:
            return "".join(hunk.lines(answer))
        task = self.conflict.task
        return "".join(
            (
                f"{OURS} ours, merged\n", *_ended(hunk.ours), f"{BASE} base\n", *_ended(hunk.base),
                f"{MIDDLE}\n", *_ended(hunk.theirs), f"{THEIRS} theirs, {task}\n",
            )
        )  # fmt: skip

    def result(self, index: int) -> str | None:
        """A file as it would be; None where it has no lines to show, or would not be there."""
        file = self.conflict.files[index]
        choice = self.choices.get(file.path)
        if choice is not None and choice.text is not None:
            return choice.text
        if not file.hunks or (choice is not None and choice.whole in ("delete", "worktree")):
            return None
        numbers = range(1, len(file.hunks) + 1)
        return file.compose([(self.lines(Place(index, n)),) for n in numbers])


def _ended(lines: Iterable[str]) -> list[str]:
    return [line if line.endswith("\n") else line + "\n" for line in lines]


def marked(text: str) -> bool:
    """Whether a conflict marker begins a line."""
    return any(line.startswith((OURS, BASE, THEIRS)) for line in text.splitlines())
