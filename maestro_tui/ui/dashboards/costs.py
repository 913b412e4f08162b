"""What it costs: four classes of tokens and money, by task, wave and agent."""

from __future__ import annotations

from rich.text import Text

from maestro_tui.core.budgets import limit_of
from maestro_tui.report.costs import Cost, of_agents, of_tasks, of_waves
from maestro_tui.ui.dashboards.page import Page, Scene, name_cell, name_width
from maestro_tui.ui.formatting import bar, count, fit, money, one_line

_HEADS = ("tokens", "input", "output", "cache read", "cache write")
_SHORT = ("tokens", "input", "output", "read", "written")
_ROOMY = 110  # from this width on, columns are wide and have their long names


def costs(scene: Scene) -> Page:
    """The page."""
    page = Page()
    width, colours, state = name_width(scene), scene.colours, scene.state
    page.head = [_total(scene), _heads(scene, width)]
    accent = colours.style("primary", bold=True)
    tasks = [(t, of_tasks([t])) for t in state.tasks.values()]
    dearest = max((c.tokens for _, c in tasks), default=0.0)
    page.title("By wave", accent)
    for number, cost in of_waves(state):
        page.line(_line(scene, Text(fit(f"   Wave {number}", width)), cost, dearest))
    page.title("By agent", accent)
    for agent, cost in of_agents(state):
        page.line(_line(scene, Text(fit("   " + one_line(agent), width)), cost, dearest))
    page.title("By task", accent)
    for task, cost in sorted(tasks, key=lambda p: (-p[1].money, -p[1].tokens)):
        page.line(_line(scene, name_cell(scene, task, width), cost, dearest), task.id)
    return page


def _total(scene: Scene) -> Text:
    state = scene.state
    cost = of_tasks(state.tasks.values())
    line = Text(" ")
    line.append(money(cost.reported) if cost.reported is not None else "no price reported", "bold")
    if cost.reported is not None:
        line.append(" reported by the agents", scene.colours.muted)
    if cost.estimated:
        line.append(f"  + {money(cost.estimated)}", "bold")
        line.append(" estimated from tokens", scene.colours.muted)
    limit = limit_of(state, "run")
    if limit:
        line.append(f"  {cost.money / limit:.0%} of the budget of {money(limit)}")
    if cost.unpriced:
        attempts = "attempt" if cost.unpriced == 1 else "attempts"
        line.append(
            f"  + {cost.unpriced} {attempts} with tokens but no price",
            scene.colours.style("state-asking"),
        )
    strategy = state.strategy
    if strategy is not None and strategy.estimate.cost_high:
        low, high = strategy.estimate.cost_low, strategy.estimate.cost_high
        line.append(f"  estimated before: {money(low)}–{money(high)}", scene.colours.muted)
    line.truncate(scene.width, overflow="ellipsis")
    return line


def _heads(scene: Scene, width: int) -> Text:
    line = Text(fit(" ", width), scene.colours.muted)
    line.append(f"{'cost':>9}    ")
    for name in _HEADS if scene.width >= _ROOMY else _SHORT:
        line.append(f"{name:>{_cell(scene)}}")
    return line


def _cell(scene: Scene) -> int:
    return 12 if scene.width >= _ROOMY else 8


def _line(scene: Scene, name: Text, cost: Cost, dearest: float) -> Text:
    """Money first: it is what one looks for."""
    line, muted = name, scene.colours.muted
    if cost.estimated:
        line.append(f"{'~' + money(cost.money):>9}", "bold")
        line.append(" + ?" if cost.unpriced else "    ", scene.colours.style("state-asking"))
    elif cost.reported is not None:
        line.append(f"{money(cost.reported):>9}", "bold")
        line.append(" + ?" if cost.unpriced else "    ", scene.colours.style("state-asking"))
    else:
        line.append(f"{'no price' if cost.tokens else '–':>9}    ", muted)
    for value in (cost.tokens, cost.input, cost.output, cost.cache_read, cost.cache_write):
        line.append(f"{count(value) if value else '–':>{_cell(scene)}}", "" if value else muted)
    room = scene.width - line.cell_len - 3
    if room >= 8 and dearest:
        size = min(room, 30)
        share = bar(round(cost.tokens / dearest * size), size, size).rstrip("─")
        line.append("  " + share[:size], scene.colours.style("primary"))
    return line
