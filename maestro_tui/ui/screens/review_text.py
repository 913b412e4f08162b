"""What the review says, in words: totals, what will be run, waves, and one task in full."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rich.text import Text

from maestro_tui.plans.durations import format_duration
from maestro_tui.plans.model import CHOSEN, STATED_SOURCES, Assignment, Edge, Estimate, Strategy
from maestro_tui.plans.staging import in_words
from maestro_tui.ui.formatting import clip, count, lines, money, one_line, plural
from maestro_tui.ui.palette import Palette

# Sources whose edges are as good as written by the user; all others are guesses to look at.
WHEN = {"wave": "after each wave", "task": "after each task", "final": "at the end"}
_CERTAIN = STATED_SOURCES | {"file-conflict"}
_GUESSED_AGENT = ("nobody fits", "the task is in nobody", "nearest to", "the plan names")
_SOURCE = {
    "file-conflict": "both write the same files",
    "convention": "assumed from the order in the document",
    "import": "one imports what the other writes",
    "user": "added by you",
}
_BASIS = {
    "stated": "times stated by the plan",
    "history": "times of earlier runs",
    "default": "times are a guess",
    "mixed": "times partly a guess",
}
_ONE_BASIS = {
    "stated": "stated by the plan",
    "history": "as in earlier runs",
    "default": "a guess",
}
_TOKENS = {
    "history": "as in earlier runs",
    "mixed": "partly a rough guess",
    "default": "a rough guess",
}


def _basis(e: Estimate) -> str:
    """What the times rest on, with the number of earlier runs where they do."""
    if not e.history or not e.history_runs:
        return _BASIS.get(e.basis, e.basis)
    history = f"history ({plural(e.history_runs, 'run')})"
    total = e.stated + e.history + e.default
    return f"{e.history} of {total} times from {history}" if e.history < total else history


def guessed_agent(assignment: Assignment) -> bool:
    """Whether the choice of the agent deserves a second look."""
    return assignment.agent_reason.startswith(_GUESSED_AGENT)


def guessed_edge(edge: Edge) -> bool:
    """Whether nobody stated this order."""
    return edge.source not in _CERTAIN


def edge_words(edge: Edge) -> str:
    """Why a task waits, and where that is written."""
    words = _SOURCE.get(edge.source, f"said by {edge.source}")
    if edge.note and edge.source != "file-conflict":
        words += f": {one_line(edge.note)}"
    return words + (f", line {edge.line}" if edge.line else "")


def running(strategy: Strategy) -> list[str]:
    """The tasks that will run."""
    return [task for wave in strategy.waves for task in wave]


class Totals:
    """The figures at the top."""

    def __init__(self, strategy: Strategy, driver: str) -> None:
        self.strategy, self.driver = strategy, driver

    def scope(self) -> str:
        """How much, in what order, how many at once."""
        strategy = self.strategy
        tasks = running(strategy)
        files = {f for t in tasks for f in strategy.assignment(t).owned}
        later = sum(bool(a.excluded_reason) for a in strategy.assignments)
        left_out = sum(a.excluded for a in strategy.assignments) - later
        at_once = strategy.max_parallel
        parts = [
            plural(len(tasks), "task"),
            plural(len(files), "file"),
            plural(len(strategy.waves), "wave"),
            "one agent at a time" if at_once == 1 else f"up to {at_once} agents at once",
            "streaming" if strategy.mode == "streaming" else "wave by wave",
        ]
        if left_out:
            parts.append(f"{left_out} left out")
        if later:
            parts.append(f"{later} later")
        return " · ".join(parts)

    def time(self) -> str:
        """How long, against one after the other."""
        e = self.strategy.estimate
        gain = f" ({e.sequential_s / e.total_s:.1f}×)" if e.total_s else ""
        return (
            f"about {format_duration(e.total_s)}, one by one {format_duration(e.sequential_s)}"
            f"{gain} · {_basis(e)}"
        )

    def cost(self) -> str:
        """A band, and what it rests on."""
        e = self.strategy.estimate
        drivers = {self.strategy.assignment(t).driver for t in running(self.strategy)}
        if drivers == {"rehearsal"} or (self.driver == "rehearsal" and len(drivers) <= 1):
            return "costs nothing: rehearsal, no model is called"
        return (
            f"{money(e.cost_low)} to {money(e.cost_high)}, {count(e.tokens_low)} to "
            f"{count(e.tokens_high)} tokens · {_TOKENS.get(e.tokens_basis, _TOKENS['default'])}, "
            f"prices of {e.prices}"
        )

    def reading(self) -> str:
        """How the document was understood."""
        plan = self.strategy.plan
        reason = f": {one_line(plan.reason)}" if plan.reason else ""
        return f"read as {one_line(plan.format)}, confidence {plan.confidence}{reason}"

    def doubts(self) -> str:
        """What nobody is sure of, with the key that changes it; empty when all is sure."""
        plan = self.strategy.plan
        parts = []
        if plan.runner_up and (plan.confidence != "high" or plan.reason == CHOSEN):
            parts.append(f"f reads it as {one_line(plan.runner_up)}")
        assumed = sum(e.source == "convention" for e in self.strategy.edges)
        if assumed or plan.order != "convention":
            how = {"strict": "one by one", "explicit": "only as stated"}
            parts.append(f"o order: {how.get(plan.order, f'{assumed} assumed')}")
        if self.strategy.advisory:
            parts.append(f"W takes {plural(len(self.strategy.advisory), 'import')} as order")
        return "? " + " · ".join(parts) if parts else ""

    def stage(self) -> str:
        """What of a very large plan is launched now."""
        stage = self.strategy.stage
        return f"! {in_words(stage)}; w launches all" if stage is not None else ""


def sections(
    strategy: Strategy,
    colours: Palette,
    *,
    driver: str,
    commands: Sequence[str],
    facts: Sequence[str],
) -> Text:
    """Everything besides the tasks: what a yes allows comes first."""
    page = _Page(colours)
    page.head("A yes allows these commands")
    for command in commands:
        page.item("agent", command)
    if not commands and driver:
        page.item("agent", f"the {driver} driver")
    for gate in strategy.gates:
        when = WHEN[gate.when]
        if gate.waves and gate.when != "final":
            when = ("after wave " if gate.when == "wave" else when + " of wave ") + ", ".join(
                map(str, gate.waves)
            )
        page.item("gate", gate.run, f"{when}{_line(gate.line)}")
    for task in running(strategy):
        for command in strategy.assignment(task).verify:
            page.item("check", command, f"of {one_line(task)}")
    if not strategy.gates:
        page.quiet("no gate: nothing is tested between waves; m adds one")
    _findings(page, strategy, facts)
    page.head("Waves")
    for number, wave in enumerate(strategy.waves, start=1):
        seconds = strategy.estimate.wave_s[number - 1 : number]
        about = f"about {format_duration(seconds[0])}" if seconds else ""
        page.item(f"{number}", ", ".join(wave), about + _needs(strategy, number))
    if strategy.critical_path:
        length = format_duration(strategy.estimate.critical_s)
        page.item("longest", " → ".join(strategy.critical_path), length)
    _waits(page, strategy)
    page.head("How it was read and reckoned")
    totals = Totals(strategy, driver)
    for words in (totals.reading(), totals.time(), totals.cost()):
        page.line(words)
    if strategy.plan.runner_up:
        page.line(f"it could also be {strategy.plan.runner_up}: f reads it so")
    page.quiet("? marks what nobody stated: look at it   ≠ marks an order made because of files")
    page.quiet("~ marks advice: the task imports what the other writes, and does not wait for it")
    return page.text


def _needs(strategy: Strategy, number: int) -> str:
    """What a wave takes: worktrees with their disk, and model slots."""
    if number > len(strategy.needs):
        return ""
    need = strategy.needs[number - 1]
    parts = [plural(need.worktrees, "worktree")]
    if need.disk_bytes:
        parts[0] += f" of {max(1, round(need.disk_bytes / 1024**2 / need.worktrees)):,} MB"
    parts += [f"{n} {tier}" for tier, n in need.slots if tier not in ("unknown", "other")]
    return ", " + ", ".join(parts)


def _findings(page: _Page, strategy: Strategy, facts: Sequence[str]) -> None:
    # The command line passes the plan's warnings on among the facts, with their lines.
    said = " ".join(facts)
    found = [d for d in strategy.plan.diagnostics if d.text not in said]
    if not found and not facts:
        return
    page.head("To know before")
    for fact in facts:
        page.warn("!", fact)
    order = ("error", "warning", "info")
    for item in sorted(found, key=lambda d: order.index(d.severity)):
        mark = {"error": "✗", "warning": "!"}.get(item.severity, "·")
        page.warn(mark, f"{item.text}{_line(item.line)}", item.hint)


def _waits(page: _Page, strategy: Strategy) -> None:
    serialised = [c for c in strategy.conflicts if c.serialised]
    ordered = [c for c in strategy.conflicts if not c.serialised and c.kind != "import"]
    if serialised:
        page.head("Put in order because of files")
    for c in serialised[:50]:
        what = "overlap in" if c.kind == "glob-overlap" else "both write"
        paths = ", ".join(c.paths[:4]) + (" …" if len(c.paths) > 4 else "")
        page.item(c.second, f"waits for {c.first}: {what} {paths}")
    if len(serialised) > 50:
        page.quiet(f"and {len(serialised) - 50} more")
    if ordered:
        page.quiet(
            f"{plural(len(ordered), 'pair')} of tasks write the same files, already in order"
        )


def details(
    strategy: Strategy, task_id: str, colours: Palette, prompt: Callable[[str], str] | None
) -> Text:
    """One task in full."""
    task, a = strategy.plan.task(task_id), strategy.assignment(task_id)
    page = _Page(colours)
    page.head(f"{one_line(task.id)}  {one_line(task.title)}")
    if a.excluded:
        page.warn("·", f"left out of this run: {a.excluded_reason or 'by you'}")
    page.item("agent", a.agent or "—", ("? " if guessed_agent(a) else "") + a.agent_reason)
    page.item("runner-up", a.runner_up)
    page.item("model", a.model or "the agent's own")
    page.item("marker", a.marker)
    page.item("estimate", format_duration(a.estimate_s), _ONE_BASIS.get(a.estimate_basis, ""))
    page.item("time limit", format_duration(a.timeout_s))
    page.head("May write")
    for name in ("create", "modify", "delete", "test", "scope"):
        for path in getattr(task, name):
            page.item(name, path)
    for path in a.owned:
        if path not in task.files:
            page.item("agent's", path)
    page.head("Waits for")
    edges = [e for e in strategy.edges if e.task == task_id]
    for edge in edges:
        page.item(edge.after, ("? " if guessed_edge(edge) else "") + edge_words(edge))
    for edge in strategy.advisory:
        if edge.task == task_id:
            page.item(edge.after, "? not waited for: " + edge_words(edge))
    if not edges:
        page.quiet("nothing")
    page.head("Checks")
    for command in a.verify:
        page.item("check", command)
    for gate in strategy.gates:
        page.item("gate", gate.run)
    page.head(f"What the plan says{_line(task.line)}")
    page.body(task.text or "nothing more than the title")
    if prompt is not None:
        page.head("The prompt")
        page.body(prompt(task_id))
    return page.text


def _line(line: int) -> str:
    return f" (line {line})" if line else ""


class _Page:
    """Collects lines; everything in them is harmless."""

    def __init__(self, colours: Palette) -> None:
        self.text = Text()
        self._colours = colours

    def head(self, words: str) -> None:
        if self.text:
            self.text.append("\n")
        self.text.append(one_line(words) + "\n", self._colours.style("primary", bold=True))

    def item(self, name: str, value: str, note: str = "") -> None:
        if not value and not note:
            return
        self.text.append(f"  {clip(one_line(name), 10):<10} ", self._colours.muted)
        self.text.append(one_line(value))
        if note:
            guess = note.startswith("?")
            style = self._colours.style("state-asking") if guess else self._colours.muted
            self.text.append(f"  {one_line(note)}", style)
        self.text.append("\n")

    def warn(self, mark: str, words: str, hint: str = "") -> None:
        variable = {"✗": "state-failed", "!": "state-asking"}.get(mark, "state-waiting")
        self.text.append(f"  {mark} ", self._colours.style(variable, bold=True))
        self.text.append(one_line(words) + "\n")
        if hint:
            self.text.append(f"    {one_line(hint)}\n", self._colours.muted)

    def line(self, words: str) -> None:
        self.text.append(f"  {one_line(words)}\n")

    def quiet(self, words: str) -> None:
        self.text.append(f"  {words}\n", self._colours.muted)

    def body(self, words: str) -> None:
        for row in lines(words):
            self.text.append(f"  {row}\n")
