"""Reads any plan document: recognises its format and says what it did not understand."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from maestro_tui.plans.companions import told_apart
from maestro_tui.plans.document import Document, load
from maestro_tui.plans.errors import PlanError
from maestro_tui.plans.expansion import nearest
from maestro_tui.plans.formats import Format, all_formats
from maestro_tui.plans.model import CHOSEN, Diagnostic, Plan
from maestro_tui.plans.prompts import read_prompt_files

__all__ = ["read_plan", "read_prompt_files"]

_LEAST = 30  # below this score no format is chosen
_HOW = (
    "Start each phase with a heading such as '## Phase 1: Models' and write 'Files:' and "
    "'Depends on:' beneath it, or write a canonical plan with [[task]] tables."
)


def read_plan(path: Path | str, *, text: str | None = None, format: str | None = None) -> Plan:
    """The plan in a document; what is wrong with its content becomes diagnostics, never an error.

    Raises PlanError only when the file cannot be read as text or the format asked for is unknown.
    ``text`` is read in place of the file, ``format`` is used in place of the one recognised.
    """
    document = load(path, text)
    with _uncollected():
        return _plan_of(document, format)


@contextmanager
def _uncollected() -> Iterator[None]:
    """No garbage collection meanwhile: all that is made is kept, and the search takes a quarter."""
    paused = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if paused:
            gc.enable()


def _plan_of(document: Document, format: str | None) -> Plan:
    if format is not None:
        chosen = _named(format)
        plan = _read(chosen, document)
        return _finished(replace(plan, reason=CHOSEN), document, chosen)
    if not document.text.strip():
        return _no_plan(document, "The document is empty.")
    beside = told_apart(document)
    if beside:
        return _no_plan(
            document, f"No plan was recognised in it: {beside}. --format reads it all the same."
        )
    ranked = _ranked(document)
    score, reason, chosen = ranked[0]
    if score < _LEAST:
        return _no_plan(document, _why_none(document, ranked))
    plan = _read(chosen, document)
    if chosen.name != "canonical":
        second = ranked[1] if len(ranked) > 1 and ranked[1][0] >= _LEAST else None
        plan = replace(
            plan,
            reason=reason,
            confidence=_confidence(score, second[0] if second else 0),
            runner_up=second[2].name if second else "",
        )
    elif not plan.reason:
        plan = replace(plan, reason=reason)
    return _finished(plan, document, chosen)


def _why_none(document: Document, ranked: Sequence[tuple[int, str, Format]]) -> str:
    """What was looked for in vain: the general reader's words, or those of the data formats."""
    data = document.is_data or document.path.lower().endswith((".json", ".jsonl"))
    tried = [
        (f.name, reason)
        for _, reason, f in ranked
        if (not getattr(f, "markdown", True) if data else f.name == "generic")
    ]
    said = "; ".join(f"{name}: {reason}" if data else reason for name, reason in tried)
    return (
        f"No plan was recognised in it: {said}. {len(ranked)} kinds were tried; "
        "--format reads it as one of them."
    )


def _named(name: str) -> Format:
    formats = all_formats()
    if name not in formats:
        near = nearest(name, formats)
        hint = f" Did you mean {near!r}?" if near else ""
        raise PlanError(f"No plan format {name!r}.{hint} Known: {', '.join(formats)}.")
    return formats[name]


def _ranked(document: Document) -> list[tuple[int, str, Format]]:
    found = []
    for candidate in all_formats().values():
        try:
            score, reason = candidate.recognise(document)
        except Exception as error:
            # One format's fault must not keep the others from reading the document.
            score, reason = 0, f"its check failed: {type(error).__name__}: {error}"
        found.append((score, reason, candidate))
    return sorted(found, key=lambda f: -f[0])


def _confidence(best: int, second: int) -> str:
    if best >= 80 and best - second >= 15:
        return "high"
    return "medium" if best >= 55 and best - second >= 5 else "low"


def _read(chosen: Format, document: Document) -> Plan:
    """A format's answer; a fault in it must not take the program down with the document."""
    try:
        return chosen.read(document)
    except Exception as error:
        return Plan(
            document.name or "Plan",
            diagnostics=(
                Diagnostic(
                    "reader-failed",
                    "error",
                    0,
                    f"The {chosen.name} reader failed on this document: "
                    f"{type(error).__name__}: {error}",
                    "This is a fault in Maestro; please report it with the document.",
                ),
            ),
        )


def _finished(plan: Plan, document: Document, chosen: Format) -> Plan:
    """The plan with what is the same for all formats: source, hash, common diagnostics."""
    own = chosen.name == "canonical"
    # A format of data says so: fences and long lines mean nothing in it.
    markdown = not own and getattr(chosen, "markdown", True)
    found = [*document.diagnostics, *(document.markdown_diagnostics if markdown else ())]
    found += plan.diagnostics
    if not plan.tasks and not any(d.severity == "error" for d in found):
        found.append(Diagnostic("no-tasks", "error", 0, "The plan has no task.", _HOW))
    return replace(
        plan,
        id=plan.id or document.name,
        source=plan.source or document.path,
        source_sha256=(plan.source_sha256 if own and plan.source else "") or document.sha256,
        format=plan.format if own else chosen.name,
        diagnostics=_sorted(found),
    )


def _no_plan(document: Document, why: str) -> Plan:
    found = [*document.diagnostics, *document.markdown_diagnostics]
    found.append(Diagnostic("not-a-plan", "error", 0, why, _HOW))
    return Plan(
        title=document.name or "Plan",
        id=document.name,
        source=document.path,
        source_sha256=document.sha256,
        format="none",
        confidence="low",
        diagnostics=_sorted(found),
    )


def _sorted(found: Sequence[Diagnostic]) -> tuple[Diagnostic, ...]:
    return tuple(sorted(dict.fromkeys(found), key=lambda d: d.line))
