"""The pages of a task's details, as text."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from pathlib import Path

from rich.text import Text

from maestro_tui.core.questions import dependents_of
from maestro_tui.core.state import Attempt, RunState, TaskRun
from maestro_tui.ui.formatting import count, duration, lines, money, one_line
from maestro_tui.ui.glyphs import CROSS, PENDING, TASK, TICK
from maestro_tui.ui.palette import Palette
from maestro_tui.ui.widgets.cards import agent_of
from maestro_tui.ui.widgets.checks import checks_of

PAGES = ("story", "prompt", "files", "attempts", "marker", "diff")
_MOST = 256 * 1024  # of a file; more is never a prompt or a completion document


def page_text(
    page: str,
    state: RunState,
    task: TaskRun,
    folder: Path | None,
    colours: Palette,
    diff: str = "",
) -> Text:
    """The text of a page for the newest attempt's folder; ``diff`` for the page of that name."""
    return _MAKERS[page](_Page(state, task, folder, colours, diff))


class _Page:
    """Collects lines."""

    def __init__(
        self,
        state: RunState,
        task: TaskRun,
        folder: Path | None,
        colours: Palette,
        diff: str = "",
    ) -> None:
        self.diff = diff
        self.state, self.task, self.folder, self.colours = state, task, folder, colours
        self.text = Text()

    def head(self, words: str) -> None:
        """A heading, with a gap above."""
        if self.text:
            self.text.append("\n")
        self.text.append(words + "\n", self.colours.style("primary", bold=True))

    def fact(self, name: str, value: str) -> None:
        """A name and a value, when there is one."""
        if value:
            self.text.append(f"  {name:<12} ", self.colours.muted)
            self.text.append(one_line(value) + "\n")

    def line(self, words: str, style: str = "") -> None:
        """A plain line."""
        self.text.append(words + "\n", style)

    def quiet(self, words: str) -> None:
        """A line that says there is nothing."""
        self.text.append(f"  {words}\n", self.colours.muted)

    def file(self, path: Path | None, nothing: str) -> None:
        """A file's text, harmless; or that there is none."""
        body = _read(path)
        if not body.strip():
            self.quiet(nothing)
        for row in lines(body):
            style = self.colours.bold if row.startswith("#") else ""
            self.text.append(row + "\n", style)


def _story(page: _Page) -> Text:
    task, state = page.task, page.state
    page.head("Now")
    page.fact("state", TASK[task.state].word)
    page.fact("because", task.why)
    page.fact("agent", agent_of(task))
    page.fact("chosen", task.assignment.agent_reason)
    page.fact("wave", str(task.wave))
    page.fact("after", ", ".join(task.after))
    page.fact("blocks", ", ".join(dependents_of(state, task)))
    page.head("What happened")
    if not task.history:
        page.quiet("nothing yet")
    for at, to, why in task.history:
        look = TASK[to]
        page.text.append(f"  {_moment(state, at):>8}  ", page.colours.muted)
        page.text.append(f"{look.glyph} {look.word:<10} ", page.colours.look(look))
        page.text.append(one_line(why) + "\n")
    answers = [a for a in state.answers if a.question.task == task.id and a.answer]
    if answers:
        page.head("What was decided")
    for answer in answers:
        words = f"{one_line(answer.question.title)}: {answer.answer} ({one_line(answer.by)})"
        page.text.append(f"  {_moment(state, answer.at):>8}  ", page.colours.muted)
        page.text.append(words + (f" — {one_line(answer.text)}" if answer.text else "") + "\n")
    if task.task.text:
        page.head("What the plan says")
        for row in lines(task.task.text):
            page.line("  " + row)
    return page.text


def _prompt(page: _Page) -> Text:
    attempt = page.task.attempt
    if attempt is not None and attempt.instructions:
        page.head("Your instructions for this attempt")
        for row in lines(attempt.instructions):
            page.line("  " + row)
    page.head("Prompt")
    path = page.folder / "prompt.md" if page.folder else None
    page.file(path, "no attempt has begun; the prompt is written when one does")
    return page.text


def _files(page: _Page) -> Text:
    task = page.task
    page.head("Checks")
    for name, ok, detail in checks_of(task):
        glyph = PENDING if ok is None else TICK if ok else CROSS
        variable = "state-waiting" if ok is None else "state-merged" if ok else "state-failed"
        page.text.append(f"  {glyph} {name:<10} ", page.colours.style(variable, bold=True))
        page.text.append(detail + "\n")
    page.head("Owns")
    for pattern in task.owned:
        page.line("  " + one_line(pattern))
    if not task.owned:
        page.quiet("nothing")
    attempt = task.attempt
    page.head("Changed")
    stray = set(attempt.stray) if attempt else set()
    for path in attempt.files if attempt else ():
        style = "bold" if path in stray else ""
        page.line(f"  {one_line(path)}" + ("   not its own" if path in stray else ""), style)
    if attempt is None or not attempt.files:
        page.quiet("known once the agent's work is checked")
    if attempt is not None and attempt.conflicts:
        page.head("Conflicts")
        for path in attempt.conflicts:
            page.line("  " + one_line(path))
    return page.text


def _attempts(page: _Page) -> Text:
    if not page.task.attempts:
        page.quiet("none yet")
    for attempt in reversed(page.task.attempts):
        page.head(
            f"Attempt {attempt.number}" + (f" — {attempt.outcome}" if attempt.outcome else "")
        )
        _attempt(page, attempt)
    return page.text


def _attempt(page: _Page, attempt: Attempt) -> None:
    page.fact("agent", attempt.agent)
    page.fact("began", _moment(page.state, attempt.created_at))
    page.fact("worked", duration(attempt.seconds) if attempt.ended_at else "")
    ended = f"{attempt.reason}, exit {attempt.exit}" if attempt.exit is not None else attempt.reason
    page.fact("ended", ended)
    page.fact("error", attempt.error)
    page.fact("process", str(attempt.pid or ""))
    page.fact("branch", attempt.branch)
    page.fact("base", attempt.base[:10])
    page.fact("commit", attempt.commit[:10])
    page.fact("worktree", attempt.worktree)
    page.fact("tools used", str(attempt.tools or ""))
    for name in ("input", "output", "cache_read", "cache_write"):
        used = attempt.usage.get(name) or 0
        page.fact(name.replace("_", " "), f"{count(used)} tokens" if used else "")
    cost = attempt.usage.get("cost_usd")
    page.fact("cost", f"{money(cost)} as reported" if cost is not None else "")
    guess = attempt.usage.get("estimated_usd") if cost is None else None
    page.fact("cost", f"about {money(guess)}, from its tokens" if guess is not None else "")
    page.fact("model", attempt.model or page.task.model or page.task.assignment.model)
    page.fact("session", attempt.session)
    page.fact("open it", f"{session_line(page.task, attempt)}   (y copies it)"
              if session_line(page.task, attempt) else "")  # fmt: skip
    page.fact("told", attempt.instructions)
    page.fact("after", attempt.failure)


def session_line(task: TaskRun, attempt: Attempt) -> str:
    """The command that opens the attempt's session by hand; empty where there is none."""
    if task.assignment.driver != "claude" or not attempt.session:
        return ""
    line = f"claude --resume {shlex.quote(attempt.session)}"
    return f"cd {shlex.quote(attempt.worktree)} && {line}" if attempt.worktree else line


def _diff(page: _Page) -> Text:
    page.head("Changed so far, against where it began")
    attempt = page.task.attempt
    if attempt is None or not attempt.base:
        page.quiet("no attempt has begun")
    elif not page.diff:
        page.quiet("nothing yet")
    styles = {"+": "state-merged", "-": "state-failed", "@": "primary"}
    for row in lines(page.diff):
        variable = styles.get(row[:1], "")
        page.text.append(row + "\n", page.colours.style(variable) if variable else "")
    return page.text


def _marker(page: _Page) -> Text:
    name = page.task.assignment.marker
    page.head(one_line(name) or "Completion document")
    kept = page.folder / "marker" / name if page.folder and name else None
    attempt = page.task.attempt
    live = Path(attempt.worktree) / name if attempt and attempt.worktree and name else None
    path = kept if kept is not None and kept.is_file() else live
    page.file(path, "the agent has not written it yet")
    return page.text


def _moment(state: RunState, at: float) -> str:
    """How long after the run's start."""
    return "+" + duration(at - (state.started_at or state.created_at))


def _read(path: Path | None) -> str:
    """The beginning of a regular file; empty when there is none or it cannot be read."""
    try:
        if path is None or path.is_symlink() or not path.is_file():
            return ""
        with path.open("rb") as file:
            data = file.read(_MOST)
    except OSError:
        return ""
    return data.decode("utf-8", "replace")


_MAKERS: dict[str, Callable[[_Page], Text]] = {
    "story": _story,
    "prompt": _prompt,
    "files": _files,
    "attempts": _attempts,
    "marker": _marker,
    "diff": _diff,
}
