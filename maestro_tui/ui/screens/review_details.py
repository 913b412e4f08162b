"""One task of a strategy in full, before anything is started."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.screen import ModalScreen

from maestro_tui.plans.model import Strategy
from maestro_tui.ui.actions import bindings
from maestro_tui.ui.palette import palette, redraw_in_new_colours
from maestro_tui.ui.screens.review_text import details
from maestro_tui.ui.widgets.key_bar import KeyBar
from maestro_tui.ui.widgets.pager import Pager

Prompt = Callable[[Strategy, str], str]


class ReviewDetails(ModalScreen[str]):
    """One task in full, and its neighbours; the result is the task shown last."""

    BINDINGS = bindings("reviewed")
    DEFAULT_CSS = """
    ReviewDetails { align: center middle; }
    ReviewDetails > Vertical {
        width: 100; max-width: 98%; height: 94%; background: $surface; border: round $primary;
    }
    ReviewDetails Pager { background: $surface; }
    """

    def __init__(
        self, strategy: Strategy, task: str, order: Sequence[str], prompt: Prompt | None
    ) -> None:
        super().__init__()
        self._strategy, self.task_id, self._order, self._prompt = strategy, task, order, prompt

    def compose(self) -> ComposeResult:
        """One long text."""
        with Vertical() as box:
            box.border_subtitle = "j k scroll · n N next, previous task · Esc back"
            yield Pager()
        yield KeyBar()

    def on_mount(self) -> None:
        """Show it."""
        self._show()
        self.query_one(Pager).focus()
        redraw_in_new_colours(self, partial(self._show, top=False))

    def _show(self, *, top: bool = True) -> None:
        prompt = partial(self._prompt, self._strategy) if self._prompt is not None else None
        text = details(self._strategy, self.task_id, palette(self.app), prompt)
        self.query_one(Pager).show(text, top=top)

    def action_neighbour(self, step: int) -> None:
        """The next or previous task."""
        at = self._order.index(self.task_id) + step
        self.task_id = self._order[at % len(self._order)]
        self._show()

    def action_close(self) -> None:
        """Back to the table, on this task."""
        self.dismiss(self.task_id)
