"""A conflict as text: files, who wrote what and why, the sides beside or below each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.style import Style
from rich.text import Text

from maestro_tui.core.conflicts import ConflictFile, Hunk, Side
from maestro_tui.core.state import RunState
from maestro_tui.ui.formatting import clip, fit, lines, one_line, plural
from maestro_tui.ui.glyphs import PENDING, TICK
from maestro_tui.ui.palette import Palette
from maestro_tui.ui.screens.conflict_draft import Draft, Place

BESIDE = 100  # cells from which on three columns can be read
CONTEXT = 3  # lines both sides agree on, before and after
MOST_LINES = 400  # of a side; more is for the editor
_WORDS = {
    "ours": "ours, what is merged",
    "theirs": "theirs, what the task wrote",
    "both": "both, what is merged first",
    "base": "as it was before both",
    "delete": "the file is deleted",
    "worktree": "as it is in the worktree",
    "text": "the whole file edited by hand",
}
_KINDS = {
    "120000": "link",
    "160000": "submodule",
    "100755": "executable file",
    "100644": "file",
}


@dataclass(frozen=True, slots=True)
class View:
    """How it is drawn."""

    colours: Palette
    width: int
    beside: bool


def answer_words(answer: str) -> str:
    """An answer as a person would say it."""
    return "edited by hand" if answer.startswith("=") else _WORDS.get(answer, answer)


def progress(draft: Draft) -> str:
    """How far one is."""
    return f"{draft.decided()} of {plural(len(draft.places), 'place')} decided"


def who(state: RunState, names: Sequence[str], side: str, view: View) -> Text:
    """Who wrote a side, and why: titles, and the first words of what they were told."""
    text = Text.assemble((f"{side:<7}", view.colours.style("primary", bold=True)))
    known = [state.tasks[n] for n in names if n in state.tasks]
    if not known:
        text.append("was there before the run", view.colours.muted)
    for number, task in enumerate(known[:2]):
        text.append("; " if number else "")
        text.append(one_line(f"{task.id} {task.task.title}"), "bold")
        attempt = task.attempt
        told = (attempt.instructions if attempt else "") or task.task.text
        why = next((row for row in map(one_line, told.splitlines()) if row), "")
        text.append(f" — {why}" if why else "", view.colours.muted)
    if len(known) > 2:
        text.append(f"; and {len(known) - 2} more", view.colours.muted)
    text.truncate(view.width, overflow="ellipsis")
    return text


def file_rows(draft: Draft, current: int, view: View, most: int) -> Text:
    """The files, each with how many of its places are decided; scrolled to the current one."""
    files = draft.conflict.files
    first = max(0, min(current - most // 2, len(files) - most))
    rows = []
    for index in range(first, min(first + most, len(files))):
        file = files[index]
        total = len(file.hunks) or 1
        done = draft.decided(index)
        full = done == total
        row = Text("▸ " if index == current else "  ")
        variable = "state-merged" if full else "state-waiting"
        row.append(f"{TICK if full else PENDING} ", view.colours.style(variable, bold=True))
        counts = f" {done}/{total}"
        kind = f"  {file.kind}" if view.width >= 60 else ""
        name = fit(_tail(one_line(file.path), view.width - 4 - len(counts + kind)),
                   max(4, view.width - 4 - len(counts + kind)))  # fmt: skip
        row.append(name, "bold" if index == current else "")
        row.append(kind + counts, view.colours.muted)
        rows.append(row)
    return Text("\n").join(rows)


def _tail(path: str, width: int) -> str:
    """The end of a path says more than its beginning."""
    return path if len(path) <= width or width < 2 else "…" + path[-(width - 1) :]


def place_text(draft: Draft, place: Place, state: RunState, view: View) -> Text:
    """Everything about the current place."""
    file = draft.file(place)
    colours = view.colours
    text = Text(one_line(file.path), "bold")
    text.append(f"  {file.kind}", colours.muted)
    if place.hunk:
        text.append(f"  place {place.hunk} of {len(file.hunks)}", colours.muted)
    text.append("\n")
    if file.said:
        text.append(one_line(file.said) + "\n", colours.muted)
    text.append_text(who(state, file.writers, "ours", view)).append("\n")
    text.append_text(who(state, (draft.conflict.task,), "theirs", view)).append("\n")
    answer = draft.answer(place)
    if answer:
        text.append(f"{TICK} {answer_words(answer)}\n", colours.style("state-merged", bold=True))
    else:
        text.append(f"{PENDING} not decided\n", colours.style("state-asking", bold=True))
    text.append("\n")
    if place.hunk:
        text.append_text(_hunk(draft, place, view))
    else:
        text.append_text(_whole(file, view))
    return text


def _whole(file: ConflictFile, view: View) -> Text:
    """A file without lines to choose from: what there is on each side."""
    text = Text()
    for name, side in (("base", file.base), ("ours", file.ours), ("theirs", file.theirs)):
        text.append(f"  {name:<7}", view.colours.style("primary", bold=True))
        text.append(_side(side) + "\n")
    if file.other:
        text.append(f"  with   {one_line(file.other)}\n")
    return text


def _side(side: Side) -> str:
    if not side.blob:
        return "not there"
    return f"{_KINDS.get(side.mode, side.mode)} {side.blob[:10]}"


def _hunk(draft: Draft, place: Place, view: View) -> Text:
    file = draft.file(place)
    position = file.parts.index(file.hunks[place.hunk - 1])
    seen = 0
    for index, part in enumerate(file.parts):
        if isinstance(part, Hunk):
            seen += 1
            if seen == place.hunk:
                position = index
                break
    before = file.parts[position - 1] if position else ""
    after = file.parts[position + 1] if position + 1 < len(file.parts) else ""
    text = Text()
    if isinstance(before, str):
        text.append_text(_context(lines(before.rstrip("\n"))[-CONTEXT:] if before else [], view))
    hunk = file.hunks[place.hunk - 1]
    text.append_text(_beside(hunk, view) if view.beside else _stacked(hunk, draft, view))
    answer = draft.answer(place)
    if answer.startswith("="):
        text.append("edited\n", view.colours.style("primary", bold=True))
        text.append("".join(f"  {row}\n" for row in lines(answer[1:].rstrip("\n"))[:MOST_LINES]))
    if isinstance(after, str):
        text.append_text(_context(lines(after)[:CONTEXT] if after else [], view))
    return text


def _context(rows: Sequence[str], view: View) -> Text:
    return Text("".join(f"  {row}\n" for row in rows), view.colours.muted)


def _sides(hunk: Hunk) -> tuple[tuple[str, tuple[str, ...]], ...]:
    return (("base", hunk.base), ("ours, merged", hunk.ours), ("theirs", hunk.theirs))


def _marked(side: tuple[str, ...], base: tuple[str, ...], kept: set[str]) -> list[tuple[str, str]]:
    """Lines with a sign: "+" is new on this side, "-" (in the base) is on neither."""
    found = []
    for line in side[:MOST_LINES]:
        sign = " "
        if side is base:
            sign = " " if line in kept else "-"
        elif line not in base:
            sign = "+"
        found += [(sign, row) for row in lines(line.rstrip("\n"))]
    if len(side) > MOST_LINES:
        found.append((" ", f"… {len(side) - MOST_LINES} more lines; e edits them"))
    return found


def _style(sign: str, view: View) -> Style:
    variable = {"+": "state-merged", "-": "state-failed"}.get(sign)
    return view.colours.style(variable) if variable else Style.null()


def _stacked(hunk: Hunk, draft: Draft, view: View) -> Text:
    text = Text()
    kept = set(hunk.ours) | set(hunk.theirs)
    for name, side in _sides(hunk):
        shown = f"{name}, {one_line(draft.conflict.task)}" if name == "theirs" else name
        text.append(f"{shown}\n", view.colours.style("primary", bold=True))
        if not side:
            text.append("  (no lines)\n", view.colours.muted)
        for sign, row in _marked(side, hunk.base, kept):
            text.append(f"{sign} {row}\n", _style(sign, view))
    return text


def _beside(hunk: Hunk, view: View) -> Text:
    width = (view.width - 4) // 3
    kept = set(hunk.ours) | set(hunk.theirs)
    sides = _sides(hunk)
    columns = [_marked(side, hunk.base, kept) for _, side in sides]
    text = Text("│".join(fit(f" {name}", width) for name, _ in sides) + "\n",
                view.colours.style("primary", bold=True))  # fmt: skip
    for number in range(max(len(c) for c in columns)):
        for index, column in enumerate(columns):
            text.append("│" if index else "", view.colours.muted)
            sign, row = column[number] if number < len(column) else (" ", "")
            text.append(fit(clip(f"{sign} {row}", width), width), _style(sign, view))
        text.append("\n")
    return text


def result_text(draft: Draft, index: int, view: View) -> Text:
    """The current file as it would be."""
    file = draft.conflict.files[index]
    text = Text(f"{one_line(file.path)}: what would be merged\n\n", "bold")
    found = draft.result(index)
    if found is None:
        answer = draft.answer(Place(index, 0))
        words = answer_words(answer) if answer else "not decided"
        text.append(f"  {words}\n", view.colours.muted)
        return text
    for row in lines(found.rstrip("\n")):
        undecided = row.startswith(("<<<<<<<", "|||||||", "=======", ">>>>>>>"))
        style = view.colours.style("state-asking", bold=True) if undecided else Style.null()
        text.append(row + "\n", style)
    return text
