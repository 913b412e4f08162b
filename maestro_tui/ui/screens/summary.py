"""How a run went, and what to do next."""

from __future__ import annotations

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Horizontal

from maestro_tui.core.state import RunStatus, TaskState
from maestro_tui.report.summary import Summary, TaskLine, WaveLine, summarise
from maestro_tui.ui.actions import bindings
from maestro_tui.ui.follow import Changes
from maestro_tui.ui.formatting import clip, count, duration, fit, money, one_line, plural
from maestro_tui.ui.glyphs import RUN, TASK, gate_look_of
from maestro_tui.ui.palette import Palette, palette
from maestro_tui.ui.screens.run_screen import RunScreen
from maestro_tui.ui.source import RunSource
from maestro_tui.ui.widgets.badge import Badge
from maestro_tui.ui.widgets.key_bar import KeyBar
from maestro_tui.ui.widgets.pager import Pager


class SummaryScreen(RunScreen[None]):
    """The end card."""

    SCOPE = "summary"
    BINDINGS = bindings("summary")
    DEFAULT_CSS = """
    SummaryScreen #line { height: 1; align-horizontal: right; }
    SummaryScreen Pager { height: 1fr; background: $background; padding: 0 2; }
    """

    def __init__(self, source: RunSource) -> None:
        super().__init__(source)
        self._pager = Pager()

    def compose(self) -> ComposeResult:
        """One text."""
        with Horizontal(id="line"):
            yield Badge()
        yield self._pager
        yield KeyBar()

    def on_mount(self) -> None:
        """Show and take the keys."""
        self._show()
        self._pager.focus()

    def on_resize(self) -> None:
        """Columns follow the width."""
        self._show()

    def recoloured(self) -> None:
        """In the new colours."""
        if self.is_mounted:
            self._show()

    def apply(self, changes: Changes) -> None:
        """A run that goes on again has other figures."""
        if self.is_mounted:
            self._show()

    def tick(self) -> None:
        """Nothing here moves with the clock."""

    def _show(self) -> None:
        width = max(40, self.size.width - 6)
        text = summary_text(summarise(self._source.state), palette(self.app), width)
        self._pager.show(text)

    def action_board(self) -> None:
        """Back to the board."""
        self.dismiss(None)


def summary_text(summary: Summary, colours: Palette, width: int) -> Text:
    """What matters first: figures, what is missing, where the work is and what is next."""
    text = Text()
    look = RUN[RunStatus(summary.status)]
    text.append(f"{look.glyph} {look.word.capitalize()}", colours.look(look, bold=True))
    text.append(f"  {one_line(summary.title)}", "bold")
    text.append(f"  {one_line(summary.run)}\n\n", colours.muted)
    _figures(text, summary, colours, width)
    _missing(text, summary, colours)
    _head(text, "Where the work is", colours)
    text.append(f"  {one_line(summary.delivered)}\n")
    if summary.marks:
        text.append(f"  {one_line(summary.marks)}\n")
    if summary.next_steps:
        _head(text, "Next", colours)
    for step in summary.next_steps:
        text.append("  $ ", colours.muted)
        text.append(one_line(step) + "\n", colours.style("accent"))
    for wave in summary.waves:
        _wave(text, wave, colours, width)
    return text


def _head(text: Text, words: str, colours: Palette) -> None:
    text.append(f"\n{words}\n", colours.style("primary", bold=True))


def _figures(text: Text, summary: Summary, colours: Palette, width: int) -> None:
    facts = [
        (f"{summary.merged} of {summary.total}", "tasks merged"),
        (str(summary.files), "files changed"),
        (duration(summary.wall_s), "from start to end"),
        (duration(summary.work_s), "of agents' work"),
    ]
    if summary.speed_up >= 1.05:
        facts.append((f"{summary.speed_up:.1f} ×", "faster than in sequence"))
    if summary.tokens:
        facts.append((count(summary.tokens), "tokens"))
    if summary.cost is not None:
        facts.append((money(summary.cost), "as agents reported"))
    if summary.estimated:
        facts.append((f"~{money(summary.estimated)}", "estimated from tokens"))
    columns = max(1, min(3, width // 36))
    for start in range(0, len(facts), columns):
        for value, what in facts[start : start + columns]:
            text.append(f"  {value:>8}", "bold")
            text.append(f"  {what:<24}", colours.muted)
        text.append("\n")


def _missing(text: Text, summary: Summary, colours: Palette) -> None:
    if not summary.not_merged:
        return
    text.append("\nNot merged\n", colours.style("state-failed", bold=True))
    for task, why in summary.not_merged:
        text.append(f"  {one_line(task)}", "bold")
        text.append(f"  {one_line(why)}\n")


def _wave(text: Text, wave: WaveLine, colours: Palette, width: int) -> None:
    longest = max((t.seconds for t in wave.tasks), default=0.0)
    text.append(f"\nWave {wave.number}", colours.style("primary", bold=True))
    words = f"  {plural(len(wave.tasks), 'task')}, longest {duration(longest)}\n"
    text.append(words, colours.muted)
    for line in wave.tasks:
        text.append_text(_task(line, colours, width))
    for name, state, seconds in wave.gates:
        look = gate_look_of(state)
        text.append(f"  {look.glyph} ", colours.look(look, bold=True))
        text.append(f"gate {clip(one_line(name), width - 30)}  ")
        took = f", {duration(seconds)}" if seconds else ""
        text.append(f"{look.word}{took}\n", colours.muted)


def _task(line: TaskLine, colours: Palette, width: int) -> Text:
    look = TASK[TaskState(line.state)]
    words = [f"{line.attempts} tries"] if line.attempts > 1 else []
    words += [money(line.cost)] if line.cost is not None else []
    figures = f"{duration(line.seconds) if line.attempts else '':>7}"
    figures += f"  {plural(line.files, 'file') if line.files else '':>8}  "
    if width >= 96:
        checks = f"checks {line.checks}" if line.checks else ""
        figures = f"{fit(one_line(line.agent), 22)}{figures}{checks:<10}  "
    figures += f"{' '.join(words):<13}"
    room = width - len(figures) - 15
    row = Text.assemble((f"  {look.glyph} ", colours.look(look, bold=True)))
    row.append(fit(one_line(f"{line.task} {line.title}"), room))
    row.append(f" {fit(look.word, 9)} ", colours.look(look))
    row.append(figures.rstrip() + "\n", colours.muted)
    return row
