"""The families of candidates of which one can be the tasks of a plan, each with its evidence.

A family is empty where its members are not surely work; which one is taken is decided elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence

from maestro_tui.plans.candidates import Candidate, list_class
from maestro_tui.plans.evidence import (
    WHO,
    has_facts,
    is_account,
    is_among_steps,
    is_evident,
    is_evident_number,
    is_evident_phase,
    is_in_plan,
    is_row_of_work,
    is_said_work,
    is_step_of_work,
    mostly,
    names_files,
    own_class,
    says_action,
    says_something,
    stands_in,
    writes_files,
)
from maestro_tui.plans.inline_files import (
    says_to_do,
)
from maestro_tui.plans.manuals import may_plan
from maestro_tui.plans.marks import mode_in
from maestro_tui.plans.sections import (
    NEVER_WORK,
    NO_WORK,
    class_of_title,
    classes_above,
    is_plan_title,
)
from maestro_tui.plans.titles import is_round, is_work_heading, named

_DIGITS, _LOWER = re.compile(r"\d+"), re.compile(r"[a-z]")
_TASK_LIST = re.compile(r"(tasks|work items|deliverables|steps|actions)\W*", re.IGNORECASE)
_PROMPT = re.compile(r"\W*(prompt|plan)( file)?\W*:", re.IGNORECASE)


def _tasks(found: dict[str, list[Candidate]]) -> list[Candidate]:
    out = [c for c in found.get("task", []) if not (is_account(c) or _is_subject(c))]
    inside = [c for c in out if says_something(c)]
    if not (len(out) > 1 or inside):
        return []
    # The reviews that some planners put behind the tasks, as boxes F1 to F4, are work as well.
    reviews = [
        c
        for c in found.get("box-id", [])
        if _LETTERED.fullmatch(c.id) and _FINAL.match(c.section.title)
    ]
    return sorted((*out, *reviews), key=lambda c: c.line) if reviews else out


_SUBJECT = re.compile(r"prs?|pull|issues?|bugs?|changes?|features?", re.IGNORECASE)


def _is_subject(c: Candidate) -> bool:
    """Whether a bug or a pull request is only spoken of: ``Bug 2`` under "Analysis"."""
    parent = c.section.parent
    return (
        _SUBJECT.fullmatch(c.word) is not None
        and parent is not None
        and bool(classes_above(parent) & NO_WORK)
    )


_LETTERED = re.compile(r"[A-Z]\d{1,2}")
_FINAL = re.compile(r"\W*final (verification|review)s?( wave| phase)?\W*$", re.IGNORECASE)


_OWN_NUMBER = re.compile(r"T\d{3,}[A-Za-z]?")


def _boxes_with_id(found: dict[str, list[Candidate]]) -> list[Candidate]:
    out = found.get("box-id", [])
    headings = {c.section.line for c in found.get("task", [])}
    # "- [ ] 1. ..." beneath a Task heading is a step of it, but not "- [ ] T012" beneath a story.
    own = (c for c in out if _OWN_NUMBER.fullmatch(c.id) or not stands_in(c, headings))
    out = list(own if headings else out)
    shallow = min((c.indent for c in out), default=0)
    if not any("." in c.id for c in out):
        out = [c for c in out if c.indent <= shallow + 1]
    return out if len(out) > 1 or (out and not found.get("phase")) else []


def _headings_with_id(found: dict[str, list[Candidate]]) -> list[Candidate]:
    shapes: dict[tuple[str, int], list[Candidate]] = {}
    for c in found.get("id", []):
        parent = c.section.parent.title if c.section.parent and c.section.parent.level > 1 else ""
        if class_of_title(parent) in NO_WORK and not is_work_heading(parent):
            continue
        if class_of_title(c.title) in ("negative", "log", "timeline"):
            continue
        shapes.setdefault((_DIGITS.sub("0", _LOWER.sub("a", c.id)), 0), []).append(c)
    best = max(shapes.values(), key=len, default=[])
    best = sorted([*best, *_cousins(best, shapes.values())], key=lambda c: c.line)
    evident = [c for c in best if is_evident(c)]
    return best if len(best) > 1 and len(evident) * 2 >= len(best) else []


_NO_TASK_ID = re.compile(
    r"(?:N?FR|REQ|AC|SC|R|ADR|RISK|Q|OQ|D|KPI|CVE|RFC|UTF|ISO)-?\d", re.IGNORECASE
)


def _cousins(
    best: Sequence[Candidate], shapes: Iterable[Sequence[Candidate]]
) -> Iterator[Candidate]:
    """Headings that differ from the chosen ones in the letters of their ids: FE-2 beside BE-1."""
    if not best or not best[0].id[:1].isalpha():
        return
    form = re.sub(r"[A-Za-z]+", "a", best[0].id)
    wanted = re.sub(r"\d+", "0", form)
    levels = {c.section.level for c in best}
    for members in shapes:
        for c in members if members is not best else ():
            same = re.sub(r"\d+", "0", re.sub(r"[A-Za-z]+", "a", c.id)) == wanted
            if same and c.section.level in levels and not _is_no_task(c) and is_evident(c):
                yield c


def _is_no_task(c: Candidate) -> bool:
    """Whether an id is that of a decision or a risk; "D1" in "Stream D" is none."""
    stream = named(c.section.parent.title, "stream") if c.section.parent else None
    return _NO_TASK_ID.match(c.id) is not None and not (stream and c.id.startswith(stream[0]))


def _steps(found: dict[str, list[Candidate]]) -> list[Candidate]:
    out = [
        c
        for c in found.get("step", [])
        if not classes_above(c.section.parent or c.section) & NO_WORK
    ]
    return out if len(out) > 1 and mostly(out, is_step_of_work) else []


def _phases(found: dict[str, list[Candidate]]) -> list[Candidate]:
    out = [c for c in found.get("phase", []) if not is_account(c)]
    if not mostly(out, is_evident_phase):
        out = []
    streams = [c for c in found.get("stream", []) if not is_account(c)]
    if (not out or _only_start(out, streams)) and len(streams) > 1 and _are_work(streams):
        return streams
    return out if len(out) > 1 or (out and says_something(out[0])) else []


def _only_start(phases: Sequence[Candidate], streams: Sequence[Candidate]) -> bool:
    """Whether phases only say which of the streams before them are started when."""
    if not streams or streams[0].line > phases[0].line:
        return False
    if any(c.section.children for c in phases):
        return False
    listed = any(b.kind == "item" for c in phases for b in c.section.blocks)
    told = sum(1 for c in streams if any(b.kind == "item" for b in c.section.all_blocks()))
    return not listed and told * 2 >= len(streams)


def _are_work(streams: Sequence[Candidate]) -> bool:
    """Whether streams named after who does them say what is done: a plan, not a cast list."""
    people = [c for c in streams if WHO.fullmatch(c.word)]
    told = [c for c in people if has_facts(c) or writes_files(c)]
    return len(told) * 2 >= len(people)


def _phase_items(found: dict[str, list[Candidate]]) -> list[Candidate]:
    """Streams and bold numbered items inside phases, where those say who may run beside whom."""
    phases = _phases(found)
    if not phases or phases[0].family == "stream":
        return []
    lines = {c.section.line for c in phases}
    streams = [c for c in found.get("stream", []) if stands_in(c, lines)]
    items = [
        c for c in found.get("ordered", [])
        if c.indent == 0 and c.raw.startswith("**")
        and ((c.section.line in lines and c.blocks) or _is_task_list(c, lines))
    ]  # fmt: skip
    rounds = _members_of_rounds(found, phases)
    if rounds:
        items = rounds
    prompts = [c for c in (*streams, *items) if _names_prompt(c)]
    modes = [c for c in phases if mode_in(c.raw)[0] != "unspecified"]
    listed = sum(1 for c in items if _is_task_list(c, lines)) + len(rounds)
    if len(streams) < 2 and not prompts and not (modes and items) and listed < 2:
        return []
    inner = sorted((*streams, *items), key=lambda c: c.line)
    held = {c.section.line if c.family == "stream" else c.line for c in inner}
    busy = {s.line for c in inner for s in (c.section, *c.section.ancestors())}
    first: dict[str, Candidate] = {}
    for phase in phases:  # later accounts of a phase ("Commands for Phase 2") add no tasks
        first.setdefault(phase.id, phase)
    whole = [p for p in first.values() if p.section.line not in busy]
    counted = {p.section.line for p in first.values()}
    keep = [c for c in inner if stands_in(c, counted)]
    return sorted((*keep, *whole), key=lambda c: c.line) if held else []


def _members_of_rounds(
    found: dict[str, list[Candidate]], phases: Sequence[Candidate]
) -> list[Candidate]:
    """The items right beneath "Wave 1", "Wave 2" ..., where each is a piece of work of its own."""
    rounds = {c.section.line for c in phases if is_round(c.section.title)}
    items = [
        c for kind in ("ordered", "bullet") for c in found.get(kind, ())
        if c.indent == 0 and c.section.line in rounds
    ]  # fmt: skip
    told = [c for c in items if c.raw.startswith(("**", "`")) or names_files(c)]
    full = {c.section.line for c in items}
    return items if len(told) * 2 >= len(items) and full == rounds and len(items) > 1 else []


def _is_task_list(c: Candidate, phases: set[int]) -> bool:
    """Whether an item stands under "Tasks:" right beneath a phase."""
    parent = c.section.parent
    return (
        parent is not None
        and parent.line in phases
        and _TASK_LIST.fullmatch(c.section.title) is not None
    )


def _names_prompt(c: Candidate) -> bool:
    blocks = list(c.section.all_blocks()) if c.family == "stream" else c.blocks
    return any(_PROMPT.match(b.text) for b in blocks)


def _numbered(found: dict[str, list[Candidate]]) -> list[Candidate]:
    levels: dict[int, list[Candidate]] = {}
    for c in found.get("numbered", []):
        parent = c.section.parent
        above = classes_above(parent) if parent is not None and parent.level > 1 else set()
        if above & (NO_WORK - {"files", "context"} | {"dependencies"}):
            continue
        if "context" in above and not writes_files(c):
            continue  # "Approach" may head an explanation as well as the steps
        if class_of_title(c.title) in NEVER_WORK and not (is_among_steps(c) or writes_files(c)):
            continue
        levels.setdefault(c.section.level, []).append(c)
    for level in sorted(levels, key=lambda n: -len(levels[n])):
        members = [c for c in levels[level] if is_evident_number(c)]
        if len(members) > 1 and len(members) * 2 >= len(levels[level]):
            return members
    return []


def _components(found: dict[str, list[Candidate]]) -> list[Candidate]:
    return found.get("component", [])


def _ordered(found: dict[str, list[Candidate]]) -> list[Candidate]:
    out = [c for c in found.get("ordered", []) if own_class(c) == "work" and c.indent <= 1]
    sure = [c for c in out if is_plan_title(c.section.title) or is_in_plan(c)]
    out = out if mostly(out, says_action) else sure
    out = out if may_plan(out) else []
    return out if len(out) > 1 else _asked(found.get("ordered", []))


def _asked(items: Sequence[Candidate]) -> list[Candidate]:
    """A list under no heading of its own whose items say what to do, and to which files."""
    out = [c for c in items if not own_class(c) and c.section.level <= 1 and c.indent <= 1]
    told = [c for c in out if says_to_do(c.raw)]
    files = [c for c in out if names_files(c)]
    return out if len(out) > 1 and min(len(told), len(files)) * 3 >= len(out) * 2 else []


def _items_with_id(found: dict[str, list[Candidate]]) -> list[Candidate]:
    out = [c for c in found.get("item-id", []) if not _NO_TASK_ID.match(c.id)]
    shallow = min((c.indent for c in out), default=0)
    out = _issues_once([c for c in out if c.indent <= shallow + 1])
    return out if len(out) > 1 and mostly(out, is_said_work) else []


def _issues_once(items: Sequence[Candidate]) -> list[Candidate]:
    """Items without those that only name an issue again: ``**#17**`` is one wherever it stands."""
    told: dict[str, Candidate] = {}
    for c in items:
        first = told.setdefault(c.id, c)
        if not has_facts(first) and has_facts(c):
            told[c.id] = c
    return [c for c in items if not c.raw.startswith("**#") or told[c.id] is c]


def _table_rows(found: dict[str, list[Candidate]]) -> list[Candidate]:
    """Rows of the first table of work; later ones repeat its ids with other columns."""
    rows = [c for c in found.get("table", []) if is_row_of_work(c)]
    first: dict[str, Candidate] = {}
    for row in rows:
        first.setdefault(row.id or row.title, row)
    named = [c for c in first.values() if c.id and not c.id.isdigit()]
    out = named or _going_on(list(first.values()))
    return out if len(out) > 1 else []


def _going_on(rows: Sequence[Candidate]) -> list[Candidate]:
    """The numbered rows of the first table, and of further ones that count on where it ends."""
    out: list[Candidate] = []
    for row in rows:
        same = not out or row.section.line == out[-1].section.line
        if same or (row.sure and row.id.isdigit() and int(row.id) == int(out[-1].id or 0) + 1):
            out.append(row)
        else:
            break
    return out


def _bullets(found: dict[str, list[Candidate]]) -> list[Candidate]:
    """Plain items under "Tasks" or "To do", where most say in their first word what to do."""
    out = [c for c in found.get("bullet", []) if not is_round(c.section.title)]
    told = [c for c in out if says_to_do(c.raw) or names_files(c)]
    return out if len(out) > 1 and len(told) * 3 >= len(out) * 2 else []


def _lines(found: dict[str, list[Candidate]]) -> list[Candidate]:
    """Lines such as "Step 2 - title" in one section, numbered in order."""
    out = found.get("line", [])
    numbers = [c.id for c in out]
    alone = len({c.section.line for c in out}) == 1 and len(set(numbers)) == len(numbers)
    return list(out) if len(out) > 1 and alone else []


def _boxes(found: dict[str, list[Candidate]]) -> list[Candidate]:
    out: list[Candidate] = []
    shallow: dict[int, int] = {}
    for c in found.get("box", []):
        shallow[c.section.line] = min(shallow.get(c.section.line, 99), c.indent)
    for c in found.get("box", []):
        if c.indent == shallow[c.section.line] and list_class(c.section) not in NO_WORK:
            out.append(c)
    return out if len(out) > 1 and may_plan(out) else []


FITS: dict[str, Callable[[dict[str, list[Candidate]]], list[Candidate]]] = {
    "task": _tasks, "box-id": _boxes_with_id, "id": _headings_with_id, "step": _steps,
    "phase-item": _phase_items, "phase": _phases, "component": _components, "numbered": _numbered,
    "ordered": _ordered, "box": _boxes, "item-id": _items_with_id, "table": _table_rows,
    "bullet": _bullets, "line": _lines,
}  # fmt: skip
