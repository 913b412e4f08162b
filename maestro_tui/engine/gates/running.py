"""Runs a gate: once, again when it is red, on the base, and between the merges until one is guilty.

A green gate costs one run. A red one is run a second time (flaky tests say so), then compared with
the base commit; only what is new there blocks, and for that the merge which brought it is looked
for by halving.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from maestro_tui.agents.sanitise import sanitise
from maestro_tui.engine.commands import CommandResult, run_command, tail_of
from maestro_tui.engine.gates import baseline
from maestro_tui.engine.gates.delta import Delta, Outcome, compare, persistent, still_tolerated
from maestro_tui.engine.gates.parsing import read
from maestro_tui.plans.model import Gate

MAX_SEARCH_S = 900.0  # the guilty merge is not looked for longer than that
_LINES = 200  # of an unknown runner's output, to compare
Place = Callable[[str], Awaitable[Path]]  # a tree at that commit
Tell = Callable[[str, Path], None]  # what is being done now, and its log


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of a gate."""

    ok: bool
    exit: int | None
    seconds: float
    log: Path
    tail: tuple[str, ...]
    delta: Delta
    runner: str = ""
    flaky: tuple[str, ...] = ()
    reruns: int = 0
    guilty: str = ""  # the commit of the merge that turned it red
    searched: int = 0  # runs spent to find it
    note: str = ""  # why something was not done


@dataclass(frozen=True, slots=True)
class GateRunner:
    """One gate at one commit: where it runs and what it is compared with."""

    gate: Gate
    logs: Path  # folder
    name: str  # of the log files
    env: Mapping[str, str]
    tree: Place  # the integration tree
    probe: Place  # another one, for the base and for earlier merges
    tell: Tell
    baselines: Path

    async def judge(
        self,
        head: str,
        base: str,
        merges: tuple[str, ...],
        tolerated: frozenset[str] | None = None,
    ) -> Verdict:
        """Run the gate at ``head``; ``merges`` are the commits since it was last green, oldest
        first; ``tolerated`` the failures it was let through with then.
        """
        log = self.logs / f"{self.name}.log"
        self.tell("running", log)
        first, result = await self._run(await self.tree(head), log)
        if first.ok:
            earlier = baseline.load(self._baseline(base), self.gate.run)
            delta = compare(earlier, first) if earlier else Delta(blocks=False)
            return _verdict(result, log, delta, first)
        flaky: tuple[str, ...] = ()
        outcome, reruns = first, 0
        seconds = result.seconds
        if not first.timed_out and result.exit is not None:
            self.tell("running again: flaky?", self._log("again"))
            again, repeated = await self._run(await self.tree(head), self._log("again"))
            outcome, flaky = persistent(first, again)
            reruns, seconds = 1, seconds + repeated.seconds
            if not again.ok:
                result, log = repeated, self._log("again")
        result = replace(result, seconds=seconds)
        if outcome.ok:
            verdict = _verdict(result, log, Delta(blocks=False), outcome)
            return replace(verdict, ok=True, exit=0, tail=(), flaky=flaky or ("",), reruns=reruns)
        known = still_tolerated(await self._on_base(base), tolerated)
        delta = compare(known, outcome)
        verdict = replace(
            _verdict(result, log, delta, outcome), flaky=flaky, reruns=reruns, ok=not delta.blocks
        )
        if not delta.blocks:
            return verdict
        guilty, searched, note = await self._search(delta, outcome, merges, result.seconds)
        return replace(verdict, guilty=guilty, searched=searched, note=note)

    def _log(self, what: str) -> Path:
        return self.logs / f"{self.name}-{what}.log"

    def _baseline(self, base: str) -> Path:
        return baseline.baseline_path(self.baselines, base, self.gate.run)

    async def _run(self, tree: Path, log: Path) -> tuple[Outcome, CommandResult]:
        since = time.time()
        result = await run_command(
            self.gate.run, cwd=tree, log=log, timeout_s=self.gate.timeout_s, env=self.env
        )
        report = None if result.timed_out else read(log, self.gate.run, tree, since)
        lines = () if report and report.failures else _placeless(tail_of(log, _LINES), tree)
        return Outcome(result.exit, result.ok, result.timed_out, report, lines), result

    async def _on_base(self, base: str) -> Outcome:
        path = self._baseline(base)
        known = baseline.load(path, self.gate.run)
        if known is not None:
            return known
        log = self._log("base")
        self.tell("running on the base, to compare", log)
        outcome, _ = await self._run(await self.probe(base), log)
        baseline.save(path, self.gate.run, outcome)
        return outcome

    async def _search(
        self, delta: Delta, red: Outcome, merges: tuple[str, ...], seconds: float
    ) -> tuple[str, int, str]:
        """The first merge at which it is red in the same way; the last green one is before all."""
        if len(merges) < 2:
            return (merges[0] if merges else ""), 0, ""
        steps = (len(merges) - 1).bit_length()
        if seconds * steps > MAX_SEARCH_S or red.timed_out:
            return "", 0, "the merge that broke it was not looked for: that would take too long"
        low, high, runs = 0, len(merges) - 1, 0
        while low < high:
            middle = (low + high) // 2
            runs += 1
            log = self._log(f"search-{runs}")
            self.tell(f"looking for the guilty merge, {runs} of about {steps}", log)
            outcome, _ = await self._run(await self.probe(merges[middle]), log)
            if _same_red(outcome, red, delta):
                high = middle
            else:
                low = middle + 1
        return merges[low], runs, ""


def _same_red(outcome: Outcome, red: Outcome, delta: Delta) -> bool:
    """Whether an earlier tree is red for the same reason; another one does not count."""
    if outcome.ok:
        return False
    if red.telling and outcome.report is not None:
        return bool(outcome.report.failures & set(delta.new))
    return outcome.exit == red.exit


def _placeless(lines: tuple[str, ...], tree: Path) -> tuple[str, ...]:
    """Lines without the tree's own path, which differs between the trees."""
    return tuple(line.replace(str(tree), ".") for line in lines)


def _verdict(result: CommandResult, log: Path, delta: Delta, outcome: Outcome) -> Verdict:
    clean = replace(
        delta,
        new=tuple(map(sanitise, delta.new)),
        known=tuple(map(sanitise, delta.known)),
        fixed=tuple(map(sanitise, delta.fixed)),
    )
    return Verdict(
        ok=result.ok,
        exit=result.exit,
        seconds=result.seconds,
        log=log,
        tail=result.tail,
        delta=clean,
        runner=outcome.report.runner if outcome.report else "",
    )
