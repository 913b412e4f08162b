"""Where the tasks of a dependency graph stand and how its lines run: layers, rows, corners.

Layers go from left to right by the longest way from a start; a line over several layers passes
through places of its own. What follows from other lines anyway is left out. No drawing here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from maestro_tui.plans.graphs import levels, reduce

UP, RIGHT, DOWN, LEFT = 1, 2, 4, 8
_SWEEPS = 4
Link = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a task stands, in cells."""

    layer: int
    x: int
    y: int


@dataclass(slots=True)
class Cell:
    """A cell that lines go through: towards where, and whose lines."""

    ways: int = 0
    arrow: bool = False
    links: list[Link] = field(default_factory=list)


@dataclass(slots=True)
class Layout:
    """A drawn graph: places of tasks, cells of lines by row, and the size of it all."""

    places: dict[str, Place]
    cells: dict[int, dict[int, Cell]]
    needs: dict[str, tuple[str, ...]]
    width: int
    height: int

    def dependents(self, task: str) -> list[str]:
        """Whom a drawn line leads to from it."""
        return [other for other, needs in self.needs.items() if task in needs]


@dataclass(slots=True)
class _Node:
    """A task, or a place a long line passes through (then without a name)."""

    name: str
    layer: int
    before: list[_Node] = field(default_factory=list)
    after: list[tuple[_Node, Link]] = field(default_factory=list)
    rank: float = 0.0
    y: int = 0


def lay_out(after: Mapping[str, Sequence[str]], node_width: int, gap: int = 2) -> Layout:
    """Lay the graph out; ``gap`` is the distance between two rows of a layer."""
    names = list(after)
    number = {name: n for n, name in enumerate(names)}
    known = [{number[b] for b in after[name] if b in number} for name in names]
    needs = reduce(known)
    layer_of = levels(known)
    nodes = [_Node(name, layer_of[n] - 1) for n, name in enumerate(names)]
    layers: list[list[_Node]] = [[] for _ in range(max(layer_of, default=0))]
    for node in nodes:
        layers[node.layer].append(node)
    for n, node in enumerate(nodes):
        for before in sorted(needs[n]):
            _join(layers, nodes[before], node)
    _order(layers)
    _rows(layers, gap)
    places, cells, width = _columns(layers, node_width)
    drawn = {node.name: tuple(names[b] for b in sorted(needs[n])) for n, node in enumerate(nodes)}
    height = max((node.y for layer in layers for node in layer), default=-1) + 1
    return Layout(places, cells, drawn, width, height)


def _join(layers: list[list[_Node]], start: _Node, end: _Node) -> None:
    link = (start.name, end.name)
    here = start
    for layer in range(start.layer + 1, end.layer):
        passing = _Node("", layer, [here])
        layers[layer].append(passing)
        here.after.append((passing, link))
        here = passing
    here.after.append((end, link))
    end.before.append(here)


def _order(layers: list[list[_Node]]) -> None:
    """Few crossings: each node goes to the middle of its neighbours, from both sides in turn."""
    for sweep in range(_SWEEPS):
        onward = sweep % 2 == 0
        for layer in layers if onward else reversed(layers):
            for place, node in enumerate(layer):
                near = node.before if onward else [n for n, _ in node.after]
                node.rank = sum(n.rank for n in near) / len(near) if near else float(place)
            layer.sort(key=lambda node: node.rank)
            for place, node in enumerate(layer):
                node.rank = float(place)


def _rows(layers: list[list[_Node]], gap: int) -> None:
    """A node stands level with the middle of what it needs, where that is free."""
    for layer in layers:
        free = 0
        for node in layer:
            wanted = round(sum(n.y for n in node.before) / len(node.before)) if node.before else 0
            node.y = max(free, wanted)
            free = node.y + (gap if node.name else 1)


def _columns(
    layers: list[list[_Node]], node_width: int
) -> tuple[dict[str, Place], dict[int, dict[int, Cell]], int]:
    places: dict[str, Place] = {}
    cells: dict[int, dict[int, Cell]] = {}
    x = 0
    for number, layer in enumerate(layers):
        for node in layer:
            if node.name:
                places[node.name] = Place(number, x, node.y)
            else:
                here = next(link for after, link in node.before[0].after if after is node)
                for at in range(x, x + node_width):
                    _ink(cells, at, node.y, LEFT | RIGHT, here)
        end = x + node_width
        tracks = _tracks(layer)
        room = len(tracks) + 3 if number + 1 < len(layers) else 0
        for node in layer:
            for target, link in node.after:
                track = end + 1 + tracks.get(id(node), 0)
                _line(cells, (end, node.y), track, (end + room - 1, target.y), link)
                if target.name:
                    cells[target.y][end + room - 1].arrow = True
        x = end + room
    return places, cells, x


def _tracks(layer: list[_Node]) -> dict[int, int]:
    """The column of each node's lines between two layers, so that they cross seldom."""
    bent = [n for n in layer if any(t.y != n.y for t, _ in n.after)]

    def key(node: _Node) -> tuple[bool, int]:
        middle = sum(t.y for t, _ in node.after) / len(node.after)
        falls = middle >= node.y
        return falls, -node.y if falls else node.y

    return {id(node): n for n, node in enumerate(sorted(bent, key=key))}


def _line(
    cells: dict[int, dict[int, Cell]],
    start: tuple[int, int],
    track: int,
    end: tuple[int, int],
    link: Link,
) -> None:
    (x1, y1), (x2, y2) = start, end
    if y1 == y2:
        for x in range(x1, x2 + 1):
            _ink(cells, x, y1, LEFT | RIGHT, link)
        return
    for x in range(x1, track):
        _ink(cells, x, y1, LEFT | RIGHT, link)
    down = y2 > y1
    _ink(cells, track, y1, LEFT | (DOWN if down else UP), link)
    for y in range(min(y1, y2) + 1, max(y1, y2)):
        _ink(cells, track, y, UP | DOWN, link)
    _ink(cells, track, y2, RIGHT | (UP if down else DOWN), link)
    for x in range(track + 1, x2 + 1):
        _ink(cells, x, y2, LEFT | RIGHT, link)


def _ink(cells: dict[int, dict[int, Cell]], x: int, y: int, ways: int, link: Link) -> None:
    cell = cells.setdefault(y, {}).setdefault(x, Cell())
    cell.ways |= ways
    if link not in cell.links:
        cell.links.append(link)
