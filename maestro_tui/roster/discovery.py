"""Which agents there are: built-in, the user's, extra folders and the project's.

The nearer definition of a name wins, and every file looked at keeps its verdict, so that nobody
has to wonder why an agent is not in the list.
"""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from maestro_tui.roster.definitions import AgentDefinition, AgentFile, read_definition
from maestro_tui.roster.words import rarity, words

GENERAL = "general-purpose"

_BUILTIN = Path(__file__).parent / "builtin"


@dataclass(frozen=True, slots=True)
class Shadowed:
    """A definition that is not used because a nearer one has its name."""

    name: str
    winner: str  # path
    loser: str


@dataclass(frozen=True)
class Roster:
    """The definitions in force, the verdict on every file and who shadows whom."""

    definitions: tuple[AgentDefinition, ...]
    files: tuple[AgentFile, ...] = ()
    shadowed: tuple[Shadowed, ...] = ()

    @cached_property
    def _by_name(self) -> dict[str, AgentDefinition]:
        exact = {d.name: d for d in self.definitions}
        return {**{plain_name(d.name): d for d in self.definitions}, **exact}

    def get(self, name: str) -> AgentDefinition | None:
        """The definition of that name, however it is capitalised or joined; None without one."""
        return self._by_name.get(name) or self._by_name.get(plain_name(name))

    def nearest(self, name: str) -> AgentDefinition | None:
        """The definition whose name is close enough to be a slip of the pen; None without one."""
        close = difflib.get_close_matches(plain_name(name), list(self._by_name), n=1, cutoff=0.78)
        return self._by_name[close[0]] if close else None

    @cached_property
    def vocabulary(self) -> dict[str, dict[str, str]]:
        """The telling words of each definition by its name, read once for all tasks."""
        return {d.name: words(f"{d.name} {d.description[:1500]}") for d in self.definitions}

    @cached_property
    def rarity(self) -> dict[str, float]:
        """How much each of those words says."""
        return rarity(self.vocabulary.values())

    @property
    def general(self) -> AgentDefinition:
        """The agent that implements any task as told."""
        return self.get(GENERAL) or AgentDefinition(GENERAL, "Implements a task as told.")

    @property
    def problems(self) -> tuple[AgentFile, ...]:
        """The files that were not read as they stand."""
        return tuple(f for f in self.files if f.verdict != "valid")


def plain_name(name: str) -> str:
    """A name as people mean it: "Models Schemas" and "models_schemas" are "models-schemas"."""
    return "-".join(
        name.strip().strip("@`*\"'").lower().replace("_", " ").replace("-", " ").split()
    )


def load_roster(
    repo: Path | None = None, home: Path | None = None, extra: Iterable[Path] = ()
) -> Roster:
    """Every agent in force: built-ins < user (``home``) < ``extra`` folders < project (``repo``).

    ``home`` and ``repo`` of None leave that scope out.
    """
    scopes: list[tuple[str, Path]] = [("built-in", _BUILTIN)]
    if home is not None:
        scopes.append(("user", home / ".claude" / "agents"))
    scopes += [("extra", folder) for folder in extra]
    if repo is not None:
        scopes.append(("project", repo / ".claude" / "agents"))
    files: list[AgentFile] = []
    winners: dict[str, AgentDefinition] = {}
    shadowed: list[Shadowed] = []
    for scope, folder in scopes:
        here: dict[str, AgentDefinition] = {}
        for path in agent_files(folder):
            file = read_definition(path, scope)
            files.append(file)
            found = file.definition
            if found is None:
                continue
            first = here.setdefault(found.name, found)
            if first is not found:
                shadowed.append(Shadowed(found.name, first.source, found.source))
        for name, found in here.items():
            if name in winners:
                shadowed.append(Shadowed(name, found.source, winners[name].source))
            winners[name] = found
    return Roster(tuple(winners.values()), tuple(files), tuple(shadowed))


def agent_files(folder: Path) -> Iterator[Path]:
    """The Markdown files of an agents folder, nested ones too, in a stable order."""
    for base, folders, names in os.walk(folder):
        folders[:] = sorted(f for f in folders if not f.startswith("."))
        for name in sorted(names):
            if name.endswith(".md") and not name.startswith("."):
                yield Path(base, name)
