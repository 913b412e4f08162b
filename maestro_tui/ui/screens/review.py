"""The strategy before anything is started: what will be done, by whom, with which commands."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Sequence
from dataclasses import replace

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Static

from maestro_tui.plans.errors import PlanError
from maestro_tui.plans.model import Strategy
from maestro_tui.plans.strategy import revise as default_revise
from maestro_tui.ui.actions import bindings
from maestro_tui.ui.formatting import clip, one_line
from maestro_tui.ui.palette import palette, redraw_in_new_colours
from maestro_tui.ui.screens.drafting import Drafting, Revise
from maestro_tui.ui.screens.review_details import Prompt, ReviewDetails
from maestro_tui.ui.screens.review_pages import (
    PAGES,
    Source,
    conflicts_page,
    graph_page,
    source_page,
)
from maestro_tui.ui.screens.review_text import Totals, running, sections
from maestro_tui.ui.widgets.key_bar import KeyBar
from maestro_tui.ui.widgets.pager import Pager
from maestro_tui.ui.widgets.review_table import ReviewTable

Reread = Callable[[str], Strategy]  # the document as another format, from its name
_BESIDE = 120  # columns from which the plan's lines stand beside the page


def _no_source(name: str) -> str:
    return f"the lines of {name or 'the plan'} are not at hand"


class ReviewScreen(Screen[Strategy | None]):
    """Answers yes (with the strategy as it then is) or no (None); changes it in between."""

    BINDINGS = bindings("review")
    DEFAULT_CSS = """
    ReviewScreen #title { height: 1; background: $panel; padding: 0 1; }
    ReviewScreen #totals { height: auto; padding: 0 1; background: $surface; }
    ReviewScreen ReviewTable { height: auto; min-height: 5; max-height: 45%; }
    ReviewScreen #pages { height: 1; padding: 0 1; background: $surface; }
    ReviewScreen #below { height: 1fr; }
    ReviewScreen #below Pager { width: 1fr; border-top: solid $panel; }
    ReviewScreen #below Pager:focus { border-top: solid $primary; }
    ReviewScreen #beside { display: none; }
    ReviewScreen.-zoomed ReviewTable, ReviewScreen.-zoomed #totals { display: none; }
    ReviewScreen.-beside #beside { display: block; border-left: solid $panel; }
    ReviewScreen #ask { height: 1; background: $panel; padding: 0 1; }
    """

    def __init__(
        self,
        strategy: Strategy,
        *,
        source_name: str = "",
        driver: str = "",
        commands: Sequence[str] = (),
        facts: Sequence[str] = (),
        revise: Revise = default_revise,
        prompt: Prompt | None = None,
        source: Source = _no_source,
        reread: Reread | None = None,
    ) -> None:
        super().__init__()
        self._read, self._reread, self._page = source, reread, 0
        self.draft = Drafting(strategy, revise)
        self._source = one_line(source_name or strategy.plan.source)
        self._driver, self._commands, self._facts = driver, commands, facts
        self._prompt = prompt

    @property
    def strategy(self) -> Strategy:
        """As a yes would take it."""
        return self.draft.strategy

    def compose(self) -> ComposeResult:
        """Title, figures, tasks, everything else, the question."""
        yield Static("", id="title", markup=False)
        yield Static("", id="totals", markup=False)
        yield ReviewTable(self.strategy)
        yield Static("", id="pages", markup=False)
        with Horizontal(id="below"):
            yield Pager(id="page")
            yield Pager(id="beside")
        yield Static("", id="ask", markup=False)
        yield KeyBar()

    def on_mount(self) -> None:
        """Show it."""
        self._show()
        self.query_one(ReviewTable).focus()
        redraw_in_new_colours(self, self._show)

    def on_resize(self) -> None:
        """Lines are cut to the width."""
        self._show_totals()
        self._show_page()

    def on_screen_resume(self) -> None:
        """Back from a dialog or another theme."""
        if self.is_mounted:
            self._show()

    def _show(self) -> None:
        self._show_totals()
        self.query_one(ReviewTable).show(self.strategy)
        self._show_page()

    def _show_page(self, *, top: bool = False) -> None:
        """The page below the tasks, and the plan's lines beside it where there is room."""
        colours, strategy = palette(self.app), self.strategy
        task = self.query_one(ReviewTable).selected
        name = PAGES[self._page]
        beside = self.size.width >= _BESIDE and name == "strategy"
        self.set_class(beside, "-beside")
        width = max(40, self.size.width - 4)
        if name == "source":
            text = source_page(strategy, task, self._read, colours)
        elif name == "conflicts":
            text = conflicts_page(strategy, colours, width)
        elif name == "graph":
            text = graph_page(strategy, colours, width, task)
        else:
            text = sections(
                strategy,
                colours,
                driver=self._driver,
                commands=self._commands,
                facts=self._facts,
            )
        self.query_one("#page", Pager).show(text, top=top)
        if beside:
            lines = source_page(strategy, task, self._read, colours)
            self.query_one("#beside", Pager).show(lines, top=True)
        self._show_tabs()

    def _show_tabs(self) -> None:
        colours = palette(self.app)
        count = len(self.strategy.conflicts)
        words = ("Strategy", "Source", f"Conflicts {count}" if count else "Conflicts", "Graph")
        line = Text()
        for number, word in enumerate(words):
            line.append(f" {number + 1} ", colours.style("accent", bold=True))
            here = number == self._page
            line.append(f"{word}" + ("▾ " if here else "  "), colours.bold if here else "")
        zoomed = self.has_class("-zoomed")
        line.append("   z ", colours.style("accent", bold=True))
        line.append("tasks again" if zoomed else "whole screen", colours.muted)
        self.query_one("#pages", Static).update(line)

    def _show_totals(self) -> None:
        colours = palette(self.app)
        width = max(20, self.size.width - 2)
        plan = self.strategy.plan
        name = f"  {self._source}" if self._source else ""
        title = Text.assemble(("? Review  ", colours.style("state-asking", bold=True)))
        # The plan's name first: a long path has to make do with what is left.
        title.append(clip(one_line(plan.title), max(20, width - 12 - len(name))), colours.bold)
        title.append(clip(name, max(0, width - title.cell_len)), colours.muted)
        self.query_one("#title", Static).update(title)
        totals = Totals(self.strategy, self._driver)
        rows = [
            Text(clip(totals.scope(), width), colours.bold),
            Text(clip(totals.time(), width)),
            Text(clip(totals.cost(), width)),
        ]
        asking = colours.style("state-asking", bold=True)
        rows += [Text(row, asking) for row in textwrap.wrap(totals.stage(), width)]
        reading = Text(clip(totals.reading(), width), colours.muted)
        if plan.confidence != "high":
            reading = Text(clip("? " + totals.reading(), width), colours.style("state-asking"))
        rows.append(reading)
        if doubts := totals.doubts():
            rows.append(Text(clip(doubts, width), colours.style("state-asking")))
        self.query_one("#totals", Static).update(Text("\n").join(rows))
        self._ask()

    def _ask(self) -> None:
        colours = palette(self.app)
        line = Text.assemble(("Start this? ", colours.bold))
        if self.draft.error:
            line = Text("✗ " + one_line(self.draft.error), colours.style("state-failed"))
        else:
            one = self.strategy.max_parallel == 1
            answers = (("y", "yes"), ("m", "modify"), ("s", "at once" if one else "sequential"))
            for letter, words in (*answers, ("d", "details"), ("n", "no")):
                line.append(f"  {letter} ", colours.style("accent", bold=True))
                line.append(words)
            if self.draft.changed:
                line.append(" · u undoes", colours.muted)
        self.query_one("#ask", Static).update(line)

    # -- answers -------------------------------------------------------------------------------
    def action_yes(self) -> None:
        """Run it as it is shown."""
        if not running(self.strategy):
            self.draft.error = "Every task is left out; m takes one in again, n leaves."
            self._show_totals()
        elif self.strategy.plan.errors:
            self.draft.error = "The plan has errors and cannot be run; they are listed above."
            self._show_totals()
        else:
            self.dismiss(self.strategy)

    def action_no(self) -> None:
        """Nothing is started; asked again when changes would be lost."""
        if self.draft.changed:
            self._ask_to_leave("Your changes to the strategy are lost; nothing was started.")
        else:
            self.dismiss(None)

    def action_back(self) -> None:
        """Esc only asks."""
        self._ask_to_leave("Nothing was started and nothing is changed on disk.")

    def _ask_to_leave(self, line: str) -> None:
        from maestro_tui.ui.dialogs.confirm import confirm  # not needed for the first frame

        self.app.push_screen(confirm("Leave the review?", (line,), "Yes, leave"), self._left)

    def _left(self, answer: str | None) -> None:
        if answer == "yes":
            self.dismiss(None)

    # -- changes -------------------------------------------------------------------------------
    def action_modify(self) -> None:
        """Task by task."""
        from maestro_tui.ui.dialogs.modify import ModifyDialog  # not needed for the first frame

        dialog = ModifyDialog(self.draft, self.query_one(ReviewTable).selected)
        self.app.push_screen(dialog, self._modified)

    def _modified(self, task: str | None) -> None:
        self._show()
        if task:
            self.query_one(ReviewTable).select(task)

    def action_sequential(self) -> None:
        """One agent at a time, or as before."""
        self.draft.toggle_sequential()
        self._show()

    def action_mode(self) -> None:
        """Wave by wave, or streaming."""
        self.draft.toggle_mode()
        self._show()

    def action_turn(self, step: int) -> None:
        """Agents at once."""
        self.draft.turn(step)
        self._show()

    def action_exclude(self) -> None:
        """Leave the selected task out, or take it in again."""
        self.draft.toggle_excluded(self.query_one(ReviewTable).selected)
        self._show()

    def action_undo(self) -> None:
        """The last change back."""
        if not self.draft.undo():
            self.notify("Nothing to undo", markup=False, timeout=2)
        self._show()

    def action_order(self) -> None:
        """What counts where the plan says nothing: convention, one by one, or nothing."""
        self.draft.next_order()
        self._show()

    def action_advice(self) -> None:
        """The selected task waits for what it imports."""
        self._take_advice(self.query_one(ReviewTable).selected)

    def action_all_advice(self) -> None:
        """Every task waits for what it imports."""
        self._take_advice("")

    def _take_advice(self, task: str) -> None:
        if not self.draft.take_advice(task) and not self.draft.error:
            of = f" for {one_line(task)}" if task else ""
            self.notify(f"No advice from imports{of}", markup=False, timeout=2)
        self._show()

    def action_whole(self) -> None:
        """All stages of a very large plan at once."""
        if self.strategy.stage is None:
            self.notify("The whole plan is launched already", markup=False, timeout=2)
        else:
            self.draft.take_whole()
        self._show()

    def action_read_as(self) -> None:
        """The document in the format that comes second; again, and it is back."""
        plan = self.strategy.plan
        if self._reread is None or not plan.runner_up:
            self.notify("The document has no other reading", markup=False, timeout=2)
            return
        try:
            strategy = self._reread(plan.runner_up)
        except PlanError as error:
            self.draft.error = f"not as {plan.runner_up}: {error}"
        else:
            other = replace(strategy.plan, runner_up=plan.format)
            self.draft.take(replace(strategy, plan=other))
        self._show()

    # -- looking -------------------------------------------------------------------------------
    def action_details(self) -> None:
        """The selected task in full."""
        table = self.query_one(ReviewTable)
        order = [a.task for a in table.rows]
        dialog = ReviewDetails(self.strategy, table.selected, order, self._prompt)
        self.app.push_screen(dialog, self._modified)

    def on_review_table_opened(self, event: ReviewTable.Opened) -> None:
        """Enter on a task."""
        event.stop()
        self.action_details()

    def action_page(self, number: int) -> None:
        """Strategy, source, conflicts or graph."""
        self._page = number
        self._show_page(top=True)

    def action_zoom(self) -> None:
        """The page on the whole screen, and back."""
        zoomed = not self.has_class("-zoomed")
        self.set_class(zoomed, "-zoomed")
        self.query_one("#page" if zoomed else ReviewTable).focus()
        self._show_tabs()

    def on_review_table_moved(self, event: ReviewTable.Moved) -> None:
        """The plan's lines follow the selected task."""
        event.stop()
        if PAGES[self._page] in ("source", "graph") or self.has_class("-beside"):
            self._show_page(top=PAGES[self._page] == "source")

    def action_other_panel(self) -> None:
        """Tasks, the page, the plan's lines beside it, and round."""
        panels: list[Widget] = [self.query_one("#page", Pager)]
        if not self.has_class("-zoomed"):
            panels.insert(0, self.query_one(ReviewTable))
        if self.has_class("-beside"):
            panels.append(self.query_one("#beside", Pager))
        at = next((n for n, panel in enumerate(panels) if panel.has_focus), -1)
        panels[(at + 1) % len(panels)].focus()
