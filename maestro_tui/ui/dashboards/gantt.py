"""Who worked when: a Gantt chart drawn with characters, live or of a finished run."""

from __future__ import annotations

from rich.style import Style
from rich.text import Text

from maestro_tui.report.timeline import Bar, Span, Timeline, timeline
from maestro_tui.ui.dashboards.page import Page, Scene, name_cell, name_width
from maestro_tui.ui.formatting import duration, fit

_STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 43200, 86400)
_APART = 10  # cells between two marks of the axis, at least
# One character each, so that the kinds differ without colour.
_INK = {"prepare": "░", "work": "█", "land": "▒"}
_VARIABLE = {"prepare": "state-preparing", "work": "state-running", "land": "state-checking"}


def gantt(scene: Scene) -> Page:
    """The page."""
    found = timeline(scene.state, scene.now)
    width = name_width(scene, 14, 32)
    cells = max(20, scene.width - width - 10) * scene.zoom
    page = Page(frozen=width)
    page.head = [_legend(scene), _axis(scene, found, width, cells)]
    wave = 0
    for bar in sorted(found.bars, key=lambda b: (b.wave, b.spans[0].start if b.spans else 1e18)):
        if bar.wave != wave:
            wave = bar.wave
            head = Text(fit(f" Wave {wave}", width), scene.colours.style("primary", bold=True))
            page.line(head.append("┈" * cells, scene.colours.muted))
        line = name_cell(scene, scene.state.tasks[bar.task], width)
        line.append_text(_bar(scene, found, bar, cells))
        page.line(line, bar.task)
    return page


def _legend(scene: Scene) -> Text:
    line = Text(" ")
    names = {"prepare": "worktree", "work": "agent", "land": "checks, merge"}
    for kind, words in names.items():
        line.append(_INK[kind] * 2, scene.colours.style(_VARIABLE[kind]))
        line.append(f" {words}  ")
    line.append("✓", scene.colours.style("state-merged"))
    line.append(" merged  ")
    line.append("✗", scene.colours.style("state-failed"))
    line.append(f" failed attempt  z zoom {scene.zoom}×")
    return line


def _axis(scene: Scene, found: Timeline, width: int, cells: int) -> Text:
    wanted = found.seconds / max(1, cells // _APART)
    step = next((s for s in _STEPS if s >= wanted), _STEPS[-1])
    marks = [" "] * (cells + 8)
    at = 0.0
    while at <= found.seconds:
        place = round(at / found.seconds * cells)
        for offset, letter in enumerate("│" + (duration(at) if at else "0")):
            if place + offset < len(marks):
                marks[place + offset] = letter
        at += step
    return Text(" " * width + "".join(marks), scene.colours.muted)


def _bar(scene: Scene, found: Timeline, bar: Bar, cells: int) -> Text:
    """Every span at least one cell; a later one is drawn over an earlier one."""
    ink: list[tuple[str, Style]] = [(" ", Style.null())] * cells
    for span in bar.spans:
        _paint(scene, found, span, ink)
    line = Text()
    last = max((n for n, (letter, _) in enumerate(ink) if letter != " "), default=-1)
    for letter, style in ink[: last + 1]:
        line.append(letter, style)
    worked = sum(s.end - s.start for s in bar.spans if s.kind == "work")
    if bar.merged_at:
        line.append(" ✓", scene.colours.style("state-merged", bold=True))
    elif bar.spans and bar.spans[-1].ok is False:
        line.append(" ✗", scene.colours.style("state-failed", bold=True))
    if bar.spans:
        line.append(f" {duration(worked)}", scene.colours.muted)
    return line


def _paint(scene: Scene, found: Timeline, span: Span, ink: list[tuple[str, Style]]) -> None:
    cells = len(ink)
    first = int((span.start - found.start) / found.seconds * cells)
    last = int((span.end - found.start) / found.seconds * cells + 0.999)
    first = max(0, min(first, cells - 1))
    failed = span.ok is False and span.kind == "work"
    style = scene.colours.style("state-failed" if failed else _VARIABLE[span.kind])
    for cell in range(first, max(first + 1, min(last, cells))):
        ink[cell] = (_INK[span.kind], style)
