"""Who writes what others write: the matrix of tasks, and each pair with its files."""

from __future__ import annotations

from rich.text import Text

from maestro_tui.plans.model import Conflict
from maestro_tui.ui.dashboards.page import Page, Scene, name_cell, name_width
from maestro_tui.ui.formatting import clip, fit, one_line

_SIGNS = {
    "same-file": ("■", "state-failed", "both write the same file"),
    "glob-overlap": ("▦", "state-blocked", "their patterns overlap"),
    "import": ("→", "state-checking", "one imports what the other writes"),
}
_UNKNOWN = ("?", "state-asking", "meet")


def conflicts(scene: Scene) -> Page:
    """The page."""
    page = Page()
    strategy = scene.state.strategy
    found = strategy.conflicts if strategy else ()
    page.head = [_legend(scene)]
    _foreseen(scene, page)
    if not found:
        page.note(
            "No two tasks of this plan write the same files or import each other's.",
            scene.colours.muted,
        )
        return page
    ids = [name for name in scene.state.tasks if any(name in (c.first, c.second) for c in found)]
    width = name_width(scene, 16, 30)
    page.frozen = width
    page.line(_numbers(scene, len(ids), width))
    pairs = {frozenset((c.first, c.second)): c for c in found}
    for row, name in enumerate(ids):
        line = name_cell(scene, scene.state.tasks[name], width - 4)
        line.append(f"{row + 1:>3} ", scene.colours.muted)
        for column, other in enumerate(ids):
            line.append_text(_cell(scene, pairs.get(frozenset((name, other))), row, column))
        page.line(line, name)
    page.title(f"The pairs  {len(found)}", scene.colours.style("primary", bold=True))
    for conflict in found:
        page.line(_pair(scene, conflict), conflict.first)
    return page


def _foreseen(scene: Scene, page: Page) -> None:
    """What would conflict if everything were merged as it is now."""
    coming = scene.state.foreseen
    if not coming:
        return
    title = f"Would conflict, as it is now  {len(coming)}"
    page.title(title, scene.colours.style("state-failed", bold=True))
    for one in coming:
        other = str(one["other"]) or "what is merged"
        line = Text("   ").append("≠ ", scene.colours.style("state-failed", bold=True))
        line.append(fit(one_line(f"{one['task']} ↔ {other}"), 24))
        line.append(" " + clip(", ".join(one_line(p) for p in one["paths"]), 400), "bold")
        page.line(line, str(one["task"]))


def _legend(scene: Scene) -> Text:
    line = Text(" ")
    for kind, (sign, variable, _) in _SIGNS.items():
        line.append(sign, scene.colours.style(variable, bold=True))
        line.append(f" {kind.replace('-', ' ')}   ")
    line.append("underlined: put in order", "underline")
    line.truncate(scene.width, overflow="ellipsis")
    return line


def _numbers(scene: Scene, count: int, width: int) -> Text:
    return Text(" " * width + "".join(f"{n:>3}" for n in range(1, count + 1)), scene.colours.muted)


def _cell(scene: Scene, conflict: Conflict | None, row: int, column: int) -> Text:
    if row == column:
        return Text("  ╲", scene.colours.muted)
    if conflict is None:
        return Text("  ·", scene.colours.muted)
    sign, variable, _ = _SIGNS.get(conflict.kind, _UNKNOWN)
    cell = Text("  ")
    style = scene.colours.style(variable, bold=True)
    return cell.append(sign, style + scene.colours.underline if conflict.serialised else style)


def _pair(scene: Scene, conflict: Conflict) -> Text:
    sign, variable, words = _SIGNS.get(conflict.kind, _UNKNOWN)
    line = Text("   ")
    line.append(sign + " ", scene.colours.style(variable, bold=True))
    line.append(fit(one_line(f"{conflict.first} ↔ {conflict.second}"), 24))
    order = "one after the other" if conflict.serialised else "not put in order"
    line.append(" " + clip(", ".join(one_line(p) for p in conflict.paths), 400), "bold")
    return line.append(f"  {words}, {order}", scene.colours.muted)
