"""What every page of figures is made of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from rich.style import Style
from rich.text import Text

from maestro_tui.core.state import RunState, TaskRun
from maestro_tui.ui.formatting import fit, one_line
from maestro_tui.ui.glyphs import ASKING, task_look
from maestro_tui.ui.palette import Palette
from maestro_tui.ui.widgets.sheet import Row


@dataclass(frozen=True, slots=True)
class Scene:
    """What a page is drawn from: the run, the moment, the room and the colours."""

    state: RunState
    now: float
    width: int
    colours: Palette
    asking: frozenset[str] = frozenset()
    zoom: int = 1
    machine: tuple[tuple[str, float, str], ...] = ()  # name, share 0-1, words


@dataclass(slots=True)
class Page:
    """Lines under a head; ``frozen`` columns stay when the rest is panned."""

    head: list[Text] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    frozen: int = 0

    def title(self, words: str, style: Style | str = "bold") -> None:
        """A heading, with a gap above all but the first."""
        if self.rows:
            self.rows.append(Row(Text("")))
        self.rows.append(Row(Text(" " + words, style)))

    def line(self, text: Text, key: str = "") -> None:
        """A row."""
        self.rows.append(Row(text, key))

    def note(self, words: str, style: Style) -> None:
        """A quiet row."""
        self.rows.append(Row(Text("  " + words, style)))


Draw = Callable[[Scene], Page]


def name_cell(scene: Scene, task: TaskRun, width: int) -> Text:
    """Glyph and name of a task in that many cells."""
    look = ASKING if task.id in scene.asking else task_look(task, scene.now)
    text = Text.assemble((f" {look.glyph} ", scene.colours.look(look, bold=True)))
    text.append(fit(one_line(f"{task.id} {task.task.title}"), max(1, width - 3)))
    return text


def name_width(scene: Scene, least: int = 16, most: int = 36) -> int:
    """How much of a line names may take."""
    return max(least, min(most, scene.width // 3))
