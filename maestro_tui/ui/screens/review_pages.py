"""The pages of the review besides the strategy: the plan's own lines, the conflicts, the graph."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rich.style import Style
from rich.text import Text

from maestro_tui.plans.analysis import transitive_reduction
from maestro_tui.plans.drawing import draw
from maestro_tui.plans.matrix import LEGEND, as_text, matrix_of, pairs_in_words
from maestro_tui.plans.model import ADVISORY_SOURCES, Edge, Strategy, Task
from maestro_tui.ui.formatting import clip, fit, lines, one_line
from maestro_tui.ui.palette import Palette
from maestro_tui.ui.screens.review_text import edge_words, guessed_edge

PAGES = ("strategy", "source", "conflicts", "graph")
# The lines of a document, or why they cannot be shown.
Source = Callable[[str], Sequence[str] | str]
_AROUND = 2  # lines before and after the line of an edge
_MOST_LINES = 200  # of one task's text


def source_page(strategy: Strategy, task_id: str, source: Source, colours: Palette) -> Text:
    """What the plan says about a task and each of its orders, with line numbers."""
    out = Text()
    if not task_id:
        return out
    plan, task = strategy.plan, strategy.plan.task(task_id)
    name = task.prompt or plan.source
    found = source(name)
    document = [] if isinstance(found, str) else found
    out.append(
        f"{one_line(task.id)}  {one_line(task.title)}\n", colours.style("primary", bold=True)
    )
    if isinstance(found, str):
        out.append(f"  {one_line(found)}\n", colours.style("state-asking"))
    elif not task.line:
        out.append("  the plan gives no line for this task\n", colours.muted)
    else:
        out.append(f"  {one_line(name)}\n", colours.muted)
        _span(out, document, task.line, _end(strategy, task), colours)
    said: dict[tuple[str, int, str], list[Edge]] = {}
    for edge in (*strategy.edges, *strategy.advisory):
        if edge.task == task_id:
            said.setdefault((edge.source, edge.line, edge.note), []).append(edge)
    for edges in said.values():
        edge = edges[0]
        advice = edge.source in ADVISORY_SOURCES
        doubt = advice or guessed_edge(edge)
        style = colours.style("state-asking", bold=True) if doubt else Style(bold=True)
        words = "may need" if advice else "waits for"
        names = ", ".join(one_line(e.after) for e in edges)
        out.append(f"\n{words} {names}", style)
        out.append(f"  {edge_words(edge)}\n", colours.muted)
        if advice:
            out.append("  nobody waits for it; c makes it an order\n", colours.muted)
        elif edge.line and document and not task.prompt:
            _span(out, document, edge.line - _AROUND, edge.line + _AROUND, colours, edge.line)
    if not said:
        out.append("\nwaits for nothing\n", colours.muted)
    return out


def _end(strategy: Strategy, task: Task) -> int:
    """The last line of a task: where its body ends, else before the next task or phase."""
    ends = [part.split("-")[-1] for part in task.body]
    last = max((int(end) for end in ends if end.isdigit()), default=0)
    plan = strategy.plan
    starts = [t.line for t in plan.tasks] + [p.line for p in plan.phases]
    behind = min((n for n in starts if n > task.line), default=task.line + _MOST_LINES)
    return last if last >= task.line else behind - 1


def _span(
    out: Text,
    document: Sequence[str],
    first: int,
    last: int,
    colours: Palette,
    marked: int = 0,
) -> None:
    """Lines with their numbers; the marked one, or else the first, stands out."""
    first, last = max(1, first), min(last, len(document))
    marked = marked or first
    if first > len(document):
        out.append(f"  the document has no line {first} any more\n", colours.style("state-asking"))
    digits = len(str(last))
    for number in range(first, min(last, first + _MOST_LINES - 1) + 1):
        here = number == marked
        mark = "▸" if here else " "
        out.append(
            f" {mark}{number:>{digits}} ", colours.style("accent") if here else colours.muted
        )
        out.append(lines(document[number - 1])[0] + "\n", Style(bold=True) if here else "")
    if last - first >= _MOST_LINES:
        out.append(f"  … up to line {last}\n", colours.muted)


def conflicts_page(strategy: Strategy, colours: Palette, width: int) -> Text:
    """Tasks against tasks, then every pair in words."""
    out = Text()
    out.append("Tasks that meet in files\n", colours.style("primary", bold=True))
    if not strategy.conflicts:
        out.append("  none: no two tasks write the same place\n", colours.muted)
        return out
    matrix = matrix_of(strategy.conflicts, [t.id for t in strategy.plan.tasks])
    for row in as_text(matrix, width - 2):
        out.append(f"  {lines(row)[0]}\n")
    out.append(f"  {LEGEND}\n", colours.muted)
    asking = colours.style("state-asking", bold=True)
    for pair, why in pairs_in_words(strategy.conflicts):
        doubt = "advice only" in why
        out.append("\n" + ("? " if doubt else "  "), asking)
        out.append(one_line(pair), Style(bold=True))
        out.append(f"\n    {one_line(why)}", colours.muted)
    if strategy.advisory:
        out.append("\n\n  I makes the selected task wait, W all of them; u undoes\n", colours.muted)
    return out


def graph_page(strategy: Strategy, colours: Palette, width: int, selected: str = "") -> Text:
    """Every task below what it waits for; orders that follow from others are not drawn."""
    out = Text()
    out.append("Who waits for whom", colours.style("primary", bold=True))
    out.append("   ◆ longest path   ≠ made because of files\n", colours.muted)
    rows = draw(strategy.waves, transitive_reduction(strategy.edges), strategy.critical_path)
    wide = max((len(row.lanes) for row in rows), default=0)
    because = {(e.task, e.after) for e in strategy.edges if e.source == "file-conflict"}
    titles = {t.id: one_line(t.title) for t in strategy.plan.tasks}
    wave = 0
    for row in rows:
        new = row.wave and row.wave != wave
        wave = row.wave or wave
        out.append(f"{f'wave {row.wave}' if new else '':<8} ", colours.style("primary", bold=True))
        out.append(
            f"{row.lanes:<{wide}} ", colours.style("accent" if row.task else "state-waiting")
        )
        if row.task:
            here = row.task == selected
            out.append(f" {one_line(row.task)} ", Style(bold=True, reverse=here))
            after = ", ".join(("≠" if (row.task, a) in because else "") + a for a in row.after)
            room = width - 12 - wide - len(row.task)
            if after and len(after) + 20 < room:
                out.append(fit(titles[row.task], min(36, room - len(after) - 8)).rstrip())
                out.append(f"  after {one_line(after)}", colours.muted)
            else:
                out.append(clip(titles[row.task], room))
                if after:
                    out.append(f"\n{'':<{9 + wide + 2}}after {one_line(after)}", colours.muted)
        out.append("\n")
    return out
