"""The two lines on top: what runs, how far it is, what it costs, and who waits for you."""

from __future__ import annotations

from time import monotonic

from rich.text import Text
from textual import events
from textual.geometry import Region

from maestro_tui.core.budgets import limit_of, money_of
from maestro_tui.core.limits import slots, slowed_by
from maestro_tui.core.state import ACTIVE, RunState, RunStatus, TaskState
from maestro_tui.report.progress import Progress, progress, remaining_s
from maestro_tui.ui.formatting import bar, clip, clock, count, duration, money, one_line, plural
from maestro_tui.ui.glyphs import GROUPS, RUN, spinner
from maestro_tui.ui.palette import Palette, palette
from maestro_tui.ui.widgets.badge import Badge, badge
from maestro_tui.ui.widgets.spinning import turned
from maestro_tui.ui.widgets.text_lines import TextLines

_BAR_MIN, _BAR_MAX = 8, 30
_SLOWED = "slowed: "
_AT_ONCE = 200  # tasks for which the time left is reckoned with all news; of more, now and then
_RECKON_S = 4.9
_GAP = "  "


class RunHeader(TextLines):
    """The run as a whole; redrawn on change and once a second while it moves."""

    DEFAULT_CSS = """
    RunHeader { height: 2; background: $panel; color: $foreground; padding: 0 1; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._state: RunState | None = None
        self._waiting = 0
        self._now = 0.0
        self._stopping = False
        self._badge = range(0)
        self._lines: list[Text] = []
        self._colours: Palette | None = None  # of the lines
        self._spinner = -1  # its place in the first line
        self._left: float | None = None  # seconds the rest will take
        self._left_at = -_RECKON_S

    def show(self, state: RunState, waiting: int, now: float, *, stopping: bool = False) -> None:
        """Show this state at this moment."""
        self._state, self._waiting, self._now = state, waiting, now
        self._stopping = stopping
        if self.is_mounted and (fresh := self._both()) != self._lines:
            self._lines = fresh
            self.refresh()

    def spin(self, now: float) -> list[Region]:
        """Turn the spinner; what of it is to be painted."""
        state = self._state
        if state is None or self._spinner < 0 or not self._lines:
            return []
        if int(elapsed(state, now)) != int(elapsed(state, self._now)):
            self.show(state, self._waiting, now, stopping=self._stopping)
            return []
        self._now = now
        self._lines = [turned(self._lines[0], self._spinner, spinner(now)), *self._lines[1:]]
        return [Region(0, 0, self.outer_size.width, 1)]

    def on_resize(self) -> None:
        """Another width cuts elsewhere."""
        self._lines = self._both()
        self.refresh()

    def lines(self) -> list[Text]:
        """Both lines; another theme colours them anew."""
        if palette(self.app) is not self._colours:
            self._lines = self._both()
        return self._lines

    def _both(self) -> list[Text]:
        state, width = self._state, self.size.width
        if state is None or width <= 0:
            return []
        colours = self._colours = palette(self.app)
        first = self._title_line(state, colours, width)
        return [first, self._figures_line(state, colours, width)]

    def _title_line(self, state: RunState, colours: Palette, width: int) -> Text:
        right = badge(self._waiting, colours)
        self._badge = range(width - right.cell_len, width)
        look = RUN[RunStatus.STOPPING if self._stopping else state.status]
        moving = state.count(*ACTIVE, TaskState.MERGING) > 0
        spins = moving and not self._stopping
        glyph = spinner(self._now) if spins else look.glyph
        word = look.word
        if state.status is RunStatus.WAITING and not self._waiting:
            word = "answered"
        status = Text.assemble((f"{glyph} {word}", colours.look(look, bold=True)))
        status.append(f"{_GAP}{clock(elapsed(state, self._now))}", colours.bold)
        room = width - status.cell_len - right.cell_len - 4
        title = one_line(state.strategy.plan.title if state.strategy else state.run) or state.run
        left = Text.assemble((clip(title, max(8, room)), colours.bold))
        left.append(_GAP)
        self._spinner = len(left) if spins else -1
        left.append_text(status)
        return _spread(left, right, width)

    def _figures_line(self, state: RunState, colours: Palette, width: int) -> Text:
        numbers = progress(state)
        drawn = bar(numbers.merged, numbers.total, _bar_size(width))
        full = drawn.count("━")
        line = Text.assemble((drawn[:full], colours.style("state-merged", bold=True)))
        line.append(drawn[full:], colours.muted)
        line.append(f"{_GAP}{numbers.merged}/{numbers.total} merged", colours.bold)
        parts = self._parts(state, numbers, colours)
        room = width - line.cell_len
        for part in parts:  # what matters most comes first; what does not fit is left out
            if part.cell_len + len(_GAP) > room:
                if _SLOWED in part.plain and room > len(_GAP) + 24:
                    part.truncate(room - len(_GAP), overflow="ellipsis")
                else:
                    break
            line.append(_GAP)
            line.append_text(part)
            room -= part.cell_len + len(_GAP)
        return line

    def _parts(self, state: RunState, numbers: Progress, colours: Palette) -> list[Text]:
        """Failed and blocked first, then who works, what it costs, how long it takes."""
        counts = [
            Text(f"{look.glyph} {numbers.groups[name]} {look.word}", colours.look(look, bold=True))
            for name, look in GROUPS.items()
            if name != "merged" and numbers.groups[name]
        ]
        counts.sort(key=lambda part: part.plain[0] not in "✗⊘")
        agents = f"agents {state.count(*ACTIVE)}/{slots(state)}"
        parts = [*counts[:2], Text(agents)]
        if slowed_by(state):  # first of all: it explains why so little goes on
            parts = [Text(f"{agents}, {_SLOWED}{one_line(slowed_by(state))}"), *counts[:2]]
        parts += [Text(words) for words in usage_words(state)]
        left = self._remaining(state)
        if left is not None and state.started_at and not state.ended:
            parts.append(Text(f"about {duration(left)} left"))
        parts += counts[2:]
        streaming = ", streaming" if state.mode == "streaming" else ""
        parts.append(Text(plural(len(state.waves), "wave") + streaming, colours.muted))
        return [*parts, Text(one_line(state.run), colours.muted)]

    def _remaining(self, state: RunState) -> float | None:
        now = monotonic()
        if len(state.tasks) <= _AT_ONCE or now - self._left_at >= _RECKON_S:
            self._left, self._left_at = remaining_s(state, self._now), now
        return self._left

    def on_click(self, event: events.Click) -> None:
        """The badge is a button too."""
        if event.y == 0 and event.x - 1 in self._badge:
            self.post_message(Badge.Asked())


def elapsed(state: RunState, now: float) -> float:
    """Seconds since the run started, until it ended."""
    if not state.started_at:
        return 0.0
    return max(0.0, (state.ended_at or now) - state.started_at)


def usage_words(state: RunState) -> list[str]:
    """Tokens and money used so far, where agents told."""
    attempts = [a for t in state.tasks.values() for a in t.attempts if a.usage]
    tokens = sum(
        (a.usage.get(k) or 0)
        for a in attempts
        for k in ("input", "output", "cache_read", "cache_write")
    )
    reported, estimated = money_of(attempts)
    words = [f"{count(tokens)} tokens"] if tokens else []
    limit = limit_of(state, "run")
    told = any(a.usage.get("cost_usd") is not None for a in attempts)
    if not (told or estimated or limit):
        return words
    sum_ = ("~" if estimated else "") + money(reported + estimated)
    if limit:
        share = f"{min(9.99, (reported + estimated) / limit):.0%}"
        return [f"{sum_} of {money(limit)} ({share})", *words]
    return [sum_, *words]


def _bar_size(width: int) -> int:
    return max(_BAR_MIN, min(_BAR_MAX, width // 6))


def _spread(left: Text, right: Text, width: int) -> Text:
    left.append(" " * max(1, width - left.cell_len - right.cell_len))
    left.append_text(right)
    return left
