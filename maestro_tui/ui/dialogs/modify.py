"""Changes a strategy task by task; every change is analysed at once and can be undone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from rich.style import Style
from rich.text import Text
from textual import events, on
from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.message import Message
from textual.screen import ModalScreen
from textual.suggester import SuggestFromList
from textual.widget import Widget
from textual.widgets import Input, Static

from maestro_tui.plans.durations import format_duration
from maestro_tui.plans.model import Strategy
from maestro_tui.ui.actions import bindings
from maestro_tui.ui.formatting import clip, one_line, plural
from maestro_tui.ui.palette import palette, redraw_in_new_colours
from maestro_tui.ui.screens.drafting import Drafting
from maestro_tui.ui.screens.review_text import WHEN, edge_words, guessed_agent, guessed_edge
from maestro_tui.ui.widgets.key_bar import KeyBar

_FILES = ("create", "modify", "delete", "test", "scope")
_HINTS = {
    "agent": "an agent's name",
    "model": "a model's name; empty: the agent's own",
    "after": "ids of the tasks it waits for, with commas between",
    "wave": "the number of the wave to run in",
    "gate": "a command Maestro runs on the merged tree; empty: no such gate",
}


@dataclass(frozen=True, slots=True)
class Field:
    """One thing that can be changed."""

    kind: str  # agent, model, after, gate, or a kind of files
    label: str
    value: str  # as it is typed
    note: str = ""
    guess: bool = False
    number: int = 0  # of the gate


def fields_of(strategy: Strategy, task_id: str) -> list[Field]:
    """What can be changed about a task, and the gates of the run."""
    task, a = strategy.plan.task(task_id), strategy.assignment(task_id)
    guess = guessed_agent(a)
    found = [
        Field("agent", "agent", a.agent, a.agent_reason, guess),
        Field("model", "model", a.model, "" if a.model else "the agent's own"),
    ]
    for kind in _FILES:
        note = ""
        if kind == "scope" and not task.files:
            note = "the plan names no files; may write " + ", ".join(a.owned)
        found.append(Field(kind, kind, ", ".join(getattr(task, kind)), note))
    edges = [e for e in strategy.edges if e.task == task_id]
    reasons = "; ".join(f"{e.after}: {edge_words(e)}" for e in edges)
    advice = [e for e in strategy.advisory if e.task == task_id]
    reasons = "; ".join(filter(None, (reasons, *(f"{e.after}? {edge_words(e)}" for e in advice))))
    wait = Field("after", "after", ", ".join(a.after), reasons, any(map(guessed_edge, edges)))
    found.append(wait)
    waves = f"of {len(strategy.waves)}; a larger number lets it wait for the wave before"
    found.append(Field("wave", "wave", str(a.wave) if a.wave else "", waves if a.wave else ""))
    for number, gate in enumerate(strategy.gates):
        when = WHEN[gate.when]
        found.append(Field("gate", f"gate {number + 1}", gate.run, when, number=number))
    new = len(strategy.gates)
    found.append(Field("gate", "new gate", "", "Enter adds one", number=new))
    return found


class Fields(Widget, can_focus=True):
    """The fields as lines; Enter edits the marked one."""

    BINDINGS = bindings("fields")
    COMPONENT_CLASSES: ClassVar[set[str]] = {"fields--cursor"}
    DEFAULT_CSS = "Fields { height: auto; & .fields--cursor { background: $cursor; } }"

    @dataclass
    class Wanted(Message):
        """A field is to be edited."""

        field: Field

    def __init__(self) -> None:
        super().__init__()
        self.fields: list[Field] = []
        self.cursor = 0

    def show(self, fields: list[Field]) -> None:
        """Other values."""
        self.fields = fields
        self.cursor = min(self.cursor, len(fields) - 1)
        self.refresh(layout=True)

    @property
    def current(self) -> Field:
        """The marked field."""
        return self.fields[self.cursor]

    def get_content_height(self, container: object, viewport: object, width: int) -> int:
        """A line each."""
        return len(self.fields)

    def render(self) -> Text:
        """Name, value, note."""
        colours = palette(self.app)
        width = self.size.width
        rows = []
        for number, field in enumerate(self.fields):
            here = number == self.cursor
            mark = (" ▸ " if here else "   ", colours.style("primary", bold=True))
            row = Text.assemble(mark)
            row.append(f"{field.label:<9} ", colours.muted)
            if field.guess:
                row.append("? ", colours.style("state-asking", bold=True))
            room = width - row.cell_len
            value = clip(one_line(field.value), room if not field.note else max(20, room - 24))
            row.append(value or "—", Style(bold=here))
            note = clip(one_line(field.note), width - row.cell_len - 2)
            row.append(f"  {note}" if note else "", colours.muted)
            row.append(" " * max(0, width - row.cell_len))
            if here and self.has_focus:
                row.stylize(Style(bgcolor=self.get_component_rich_style("fields--cursor").bgcolor))
            rows.append(row)
        return Text("\n").join(rows)

    def _move(self, to: int) -> None:
        self.cursor = max(0, min(len(self.fields) - 1, to))
        self.refresh()
        scroll = self.parent
        if isinstance(scroll, VerticalScroll):
            top, view = scroll.scroll_offset.y, scroll.size.height
            if not top <= self.cursor < top + view:
                scroll.scroll_to(y=max(0, self.cursor - view // 2), animate=False)

    def action_down(self) -> None:
        self._move(self.cursor + 1)

    def action_up(self) -> None:
        self._move(self.cursor - 1)

    def action_edit(self) -> None:
        self.post_message(self.Wanted(self.current))

    def on_click(self, event: events.Click) -> None:
        """A click marks, a double click edits."""
        self._move(event.y)
        if event.chain > 1:
            self.action_edit()


class ModifyDialog(ModalScreen[str]):
    """Edits a draft in place; the result is the task shown last."""

    BINDINGS = bindings("modify")
    DEFAULT_CSS = """
    ModifyDialog { align: center middle; }
    ModifyDialog > Vertical {
        width: 110; max-width: 98%; height: auto; max-height: 94%;
        background: $surface; border: round $primary; padding: 0 1;
    }
    ModifyDialog VerticalScroll { height: auto; max-height: 16; scrollbar-size-vertical: 1; }
    ModifyDialog .result { height: auto; margin-top: 1; }
    ModifyDialog .error { height: auto; max-height: 5; color: $state-failed; display: none; }
    ModifyDialog .hint { height: 1; color: $state-waiting; display: none; }
    ModifyDialog Input { border: none; height: 1; padding: 0; background: $panel; display: none; }
    ModifyDialog.-editing Input, ModifyDialog.-editing .hint { display: block; }
    ModifyDialog.-wrong .error { display: block; }
    """

    def __init__(self, draft: Drafting, task: str) -> None:
        super().__init__()
        self.draft, self.task_id = draft, task
        self._order = [a.task for a in draft.strategy.assignments]
        self._field: Field | None = None

    def compose(self) -> ComposeResult:
        """Fields, input, what is wrong, what it comes to."""
        with Vertical():
            with VerticalScroll(can_focus=False):
                yield Fields()
            yield Static("", classes="hint", markup=False)
            yield Input(compact=True)
            yield Static("", classes="error", markup=False)
            yield Static("", classes="result", markup=False)
        yield KeyBar()

    def on_mount(self) -> None:
        """Show the task."""
        self._show()
        self.query_one(Fields).focus()
        redraw_in_new_colours(self, self._show)

    def _show(self) -> None:
        strategy = self.draft.strategy
        task = strategy.plan.task(self.task_id)
        box = self.query_one(Vertical)
        left_out = "  (left out)" if strategy.assignment(self.task_id).excluded else ""
        box.border_title = Text(f"{one_line(task.id)}  {one_line(task.title)}{left_out}")
        box.border_subtitle = "j k field · Enter edit · n p task · Esc keeps and closes"
        self.query_one(Fields).show(fields_of(strategy, self.task_id))
        self.set_class(bool(self.draft.error), "-wrong")
        wrong = f"✗ {one_line(self.draft.error)}" if self.draft.error else ""
        self.query_one(".error", Static).update(wrong)
        self.query_one(".result", Static).update(self._result())

    def _result(self) -> Text:
        """The run as it now is, and what it was proposed as."""
        colours = palette(self.app)
        now, first = self.draft.strategy, self.draft.first
        a = now.assignment(self.task_id)
        place = f"wave {a.wave}" if a.wave else "not in this run"
        text = Text.assemble((f"{place} · ", colours.muted), (_figures(now), colours.bold))
        if self.draft.changed and _figures(now) != _figures(first):
            text.append(f"\nproposed: {_figures(first)}", colours.muted)
        return text

    # -- editing -------------------------------------------------------------------------------
    def on_fields_wanted(self, event: Fields.Wanted) -> None:
        """Type a new value."""
        event.stop()
        self._field = event.field
        words = self.query_one(Input)
        names = {
            "agent": sorted({a.agent for a in self.draft.strategy.assignments}),
            "after": self._order,
        }.get(event.field.kind, [])
        words.suggester = SuggestFromList(names, case_sensitive=False) if names else None
        words.value = event.field.value
        hint = _HINTS.get(event.field.kind, "paths or globs, with commas between")
        line = f"{event.field.label}: {hint} · Enter takes it · Esc does not"
        self.query_one(".hint", Static).update(line)
        self.add_class("-editing")
        self.refresh_bindings()
        words.focus()

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        if self._field is not None and self._apply(self._field, event.value):
            self._stop_editing()
        self._show()

    def _apply(self, field: Field, value: str) -> bool:
        task, draft = self.task_id, self.draft
        match field.kind:
            case "agent" if not value.strip():
                draft.error = "A task needs an agent; type a name or press Esc."
                return False
            case "agent":
                return draft.change(agent={task: value.strip()})
            case "model":
                return draft.change(model={task: value.strip()})
            case "wave":
                return draft.to_wave(task, value)
            case "after":
                return draft.order_after(task, _names(value))
            case "gate":
                return draft.set_gate(field.number, value)
        return draft.change(files={task: {field.kind: _names(value)}})

    def _stop_editing(self) -> None:
        self._field = None
        self.remove_class("-editing")
        self.refresh_bindings()
        self.query_one(Fields).focus()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """While something is typed only Esc is a key."""
        return action == "back" or not self.has_class("-editing")

    # -- one key each --------------------------------------------------------------------------
    def action_back(self) -> None:
        """Out of the input, then out of the dialog; what was changed stays."""
        self.draft.error = ""
        if self.has_class("-editing"):
            self._stop_editing()
            self._show()
        else:
            self.dismiss(self.task_id)

    def _change(self, change: Callable[[], object]) -> None:
        change()
        self._show()

    def action_exclude(self) -> None:
        """Leave the task out, or take it in again."""
        self._change(lambda: self.draft.toggle_excluded(self.task_id))

    def action_exclude_all(self) -> None:
        """The same with every task that needs it."""
        self._change(lambda: self.draft.toggle_excluded_with_dependents(self.task_id))

    def action_turn(self, step: int) -> None:
        """Agents at once."""
        self._change(lambda: self.draft.turn(step))

    def action_mode(self) -> None:
        """Wave by wave, or streaming."""
        self._change(self.draft.toggle_mode)

    def action_when(self) -> None:
        """When the marked gate runs."""
        field = self.query_one(Fields).current
        if field.kind == "gate" and field.number < len(self.draft.strategy.gates):
            self._change(lambda: self.draft.toggle_gate(field.number))

    def action_undo(self) -> None:
        """The last change back."""
        self._change(self.draft.undo)

    def action_neighbour(self, step: int) -> None:
        """Another task."""
        at = self._order.index(self.task_id) + step
        self.task_id = self._order[at % len(self._order)]
        self.draft.error = ""
        self._show()


def _names(value: str) -> list[str]:
    return [name for part in value.split(",") if (name := part.strip())]


def _figures(strategy: Strategy) -> str:
    tasks = sum(map(len, strategy.waves))
    at_once = strategy.max_parallel
    return " · ".join(
        (
            plural(tasks, "task"),
            plural(len(strategy.waves), "wave"),
            "one at a time" if at_once == 1 else f"{at_once} at once",
            "streaming" if strategy.mode == "streaming" else "wave by wave",
            plural(len(strategy.gates), "gate"),
            f"about {format_duration(strategy.estimate.total_s)}",
        )
    )
