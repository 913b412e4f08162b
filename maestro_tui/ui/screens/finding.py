"""Finds a task by a few letters of its id or title, from anywhere."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from textual.command import CommandPalette, DiscoveryHit, Hit, Hits, Provider

from maestro_tui.core.state import RunState
from maestro_tui.ui.formatting import one_line
from maestro_tui.ui.glyphs import TASK
from maestro_tui.ui.widgets.cards import task_words


def task_finder(state: RunState, found: Callable[[str], None]) -> CommandPalette:
    """A palette of tasks; the chosen one's id goes to ``found``."""

    class TaskProvider(Provider):
        """The run's tasks, matched by letters in order."""

        async def discover(self) -> Hits:
            """All of them, in the order of the plan."""
            for name, words, why in _entries(state):
                yield DiscoveryHit(words, partial(found, name), words, why)

        async def search(self, query: str) -> Hits:
            """Those whose letters fit, the best first."""
            matcher = self.matcher(query)
            for name, words, why in _entries(state):
                score = matcher.match(words)
                if score > 0:
                    # Marked up by the matcher itself: brackets of a title stay brackets.
                    yield Hit(score, matcher.highlight(words), partial(found, name), words, why)

    return CommandPalette(providers=[TaskProvider], placeholder="Which task?")


def _entries(state: RunState) -> list[tuple[str, str, str]]:
    found = []
    for task in state.tasks.values():
        look = TASK[task.state]
        words = f"{look.glyph} {one_line(f'{task.id} {task.task.title}')}"
        found.append((task.id, words, f"{look.word}: {task_words(task, state.now, state)}"[:200]))
    return found
