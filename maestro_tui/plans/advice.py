"""From Python imports to advice: which tasks meet, and which order the imports speak for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from maestro_tui.plans import graphs
from maestro_tui.plans.conflicts import written
from maestro_tui.plans.imports import Link, advise, find_links
from maestro_tui.plans.model import Conflict, Diagnostic, Edge, Task

_MOST_NAMED = 4  # places of one pair


@dataclass(frozen=True, slots=True)
class Advice:
    """What the imports say: pairs, edges nobody waits for, and words for each."""

    edges: tuple[Edge, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()


def advice(
    tasks: Sequence[Task],
    needs: Sequence[Mapping[int, Edge]],
    order: Sequence[int],
    repo: Path,
    owned: Mapping[str, Sequence[str]] | None = None,
) -> Advice:
    """The import dependencies between the files that different tasks write."""
    links = find_links([written(task, owned) for task in tasks], repo)
    if not links:
        return Advice()
    above = graphs.ancestors(needs, order)
    # Advice in the order of the document: of two that contradict each other the first is kept.
    standing = advise(
        sorted(links, key=lambda k: (k.imported, k.importer)), above, graphs.dependents_of(needs)
    )
    places: dict[tuple[int, int], list[Link]] = {}
    for link in links:
        places.setdefault((link.importer, link.imported), []).append(link)
    edges, conflicts, said = [], [], []
    for (later, earlier), found in sorted(places.items()):
        how = standing[later, earlier]
        a, b = tasks[earlier], tasks[later]
        note = "; ".join(link.words for link in found[:_MOST_NAMED])
        files = dict.fromkeys(path for link in found for path in (link.target, link.path))
        conflicts.append(
            Conflict(a.id, b.id, "import", tuple(files), ordered=how == "ordered", note=note)
        )
        if how == "open":
            edges.append(Edge(b.id, a.id, "import", 0, note))
            said.append(_open(b, a, note))
        elif how == "against":
            said.append(_against(b, a, note))
    return Advice(tuple(edges), tuple(conflicts), tuple(said))


def _open(later: Task, earlier: Task, note: str) -> Diagnostic:
    return Diagnostic(
        "import-unordered",
        "info",
        later.line,
        f"{later.id} may need {earlier.id} first: {note}. Nobody waits for it.",
        f"Write 'Depends on: {earlier.id}' at {later.id} if it does, or accept it in the review.",
    )


def _against(later: Task, earlier: Task, note: str) -> Diagnostic:
    return Diagnostic(
        "import-against-order",
        "info",
        later.line,
        f"{later.id} runs before {earlier.id}, although {note}.",
        "Turn the dependency round if the imported file changes what it offers.",
    )
