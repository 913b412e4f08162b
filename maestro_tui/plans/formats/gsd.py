"""GSD's PLAN.md: frontmatter with wave and depends_on, work in ``<task>`` elements."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from maestro_tui.plans import conventions
from maestro_tui.plans.commands import commands_in_text, is_check, is_command
from maestro_tui.plans.document import Document
from maestro_tui.plans.keys import clean, with_keys
from maestro_tui.plans.marks import bare
from maestro_tui.plans.model import Diagnostic, Plan, Task
from maestro_tui.plans.paths import find_paths

_OPEN = re.compile(r"^\s*<task\b([^>]*)>\s*$", re.IGNORECASE)
_CLOSE = re.compile(r"^\s*</task>\s*$", re.IGNORECASE)
_FIELD = re.compile(
    r"^\s*<(name|files?|action|verify|done|acceptance_criteria|read_first|behavior|what-built|how-to-verify|automated)>(.*)$",
    re.I,
)
_NAME = re.compile(r"(?:Task|Step)\s+([\w.-]+?)\s*[:.–—-]+\s*(.*)$", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"([\w-]+)\s*=\s*[\"']([^\"']*)[\"']")


@dataclass(slots=True)
class _Element:
    """A ``<task>`` element: its attributes and the lines of each field."""

    line: int
    end: int = 0
    attributes: dict[str, str] = field(default_factory=dict)
    fields: dict[str, list[tuple[str, int]]] = field(default_factory=dict)


def _elements(document: Document) -> list[_Element]:
    """The elements outside code fences; one that is never closed ends where the next begins."""
    out: list[_Element] = []
    inside: _Element | None = None
    current = ""
    fenced = _fenced(document)
    for number, line in enumerate(document.lines, 1):
        if number in fenced and current not in ("verify", "automated"):
            continue
        opened = _OPEN.match(line)
        if opened is not None:
            attributes = {k.lower(): v for k, v in _ATTRIBUTE.findall(opened[1])}
            inside, current = _Element(number, number, attributes), ""
            out.append(inside)
        elif inside is not None and _CLOSE.match(line):
            inside.end, inside, current = number, None, ""
        elif inside is not None:
            inside.end = number
            current = _line(inside, line, number, current)
    return out


def _fenced(document: Document) -> set[int]:
    """Lines of fences that hold no element of their own: samples in an action are no plan."""
    out: set[int] = set()
    lines = enumerate(document.lines)
    first = next((n for n, x in lines if "<" in x and _OPEN.match(x)), len(document.lines))
    for span in document.fences:
        if span.first > first:
            out.update(range(span.first + 1, span.last + 2))
    return out


def _line(element: _Element, line: str, number: int, current: str) -> str:
    found = _FIELD.match(line)
    if found is not None:
        current = found[1].lower()
        rest = found[2]
        value, closed, _ = rest.partition(f"</{found[1]}")
        element.fields.setdefault(current, []).append((value.strip(), number))
        return "" if closed else current
    if current:
        value, closed, _ = line.partition(f"</{current}")
        element.fields[current].append((value.strip(), number))
        return "" if closed else current
    return ""


class Gsd:
    """The plan file is one unit of dispatch for its own tool; its tasks run one after the other."""

    name = "gsd"

    def recognise(self, document: Document) -> tuple[int, str]:
        """By ``<task>`` elements, surer with its frontmatter."""
        found = _elements(document) if "<task" in document.sample.lower() else []
        front = {"wave", "depends_on", "files_modified", "autonomous"} & set(document.frontmatter)
        if not found:
            return (
                (50, "frontmatter with wave and depends_on, no <task>")
                if len(front) > 1
                else (0, "no <task> elements")
            )
        return 80 + 15 * bool(front), f"{len(found)} <task> elements"

    def read(self, document: Document) -> Plan:
        """The plan's tasks, each with files, checks and kind."""
        elements = _elements(document)
        tasks = [self._task(document, e, n) for n, e in enumerate(elements, 1)]
        tasks = _unique(tasks)
        front = document.frontmatter
        verify = tuple(self._verification(document))
        plan = Plan(
            title=_title(document, front), id=_plan_id(document, front), verify=verify,
            tasks=with_keys(tasks), diagnostics=tuple(self._remarks(document, tasks)),
        )  # fmt: skip
        return replace(
            plan, edges=tuple(conventions.default_order(conventions.SEQUENTIAL, tasks, (), ()))
        )

    def _task(self, document: Document, element: _Element, number: int) -> Task:
        raw = " ".join(text for text, _ in element.fields.get("name", [])) or f"Task {number}"
        found = _NAME.match(bare(raw))
        name, title = (found[1], found[2]) if found else (str(number), bare(raw))
        paths = [
            ref
            for key in ("files", "file")
            for text, line in element.fields.get(key, [])
            for ref in find_paths(text, line)
        ]
        kind = element.attributes.get("type", "")
        actions: dict[str, list[str]] = {}
        for ref in paths:
            actions.setdefault(ref.action or "modify", []).append(ref.path)
        action = "\n".join(text for text, _ in element.fields.get("action", []))
        return Task(
            id=name,
            title=clean(title) or name,
            line=element.line,
            kind="checkpoint" if kind.startswith("checkpoint") else "work",
            status="done"
            if element.attributes.get("status") in ("done", "complete", "completed")
            else "pending",
            body=(f"{element.line}-{element.end}",),
            text="\n".join(
                document.lines[element.line : max(element.line, element.end - 1)]
            ).strip()
            or action,
            create=tuple(dict.fromkeys(actions.get("create", ()))),
            modify=tuple(dict.fromkeys(actions.get("modify", ()))),
            delete=tuple(dict.fromkeys(actions.get("delete", ()))),
            test=tuple(dict.fromkeys(actions.get("test", ()))),
            verify=tuple(_checks(element)),
        )

    def _verification(self, document: Document) -> list[str]:
        inside, out = False, []
        for line in document.lines:
            if re.match(r"\s*<verification>", line):
                inside = True
            elif re.match(r"\s*</verification>", line):
                inside = False
            elif inside and "`" in line:
                out += [c for c in commands_in_text(line) if is_check(c)]
        return list(dict.fromkeys(out))

    def _remarks(self, document: Document, tasks: list[Task]) -> list[Diagnostic]:
        """What the frontmatter says that one plan file cannot carry out, or contradicts."""
        out = []
        front = document.frontmatter
        after = front.get("depends_on", "").strip("[] ")
        line = next(
            (n for n, x in enumerate(document.lines[:60], 1) if x.lower().startswith("depends_on")),
            1,
        )
        if after:
            out.append(
                Diagnostic(
                    "plan-dependency", "info", line,
                    f"The plan as a whole comes after {after}; other plan files are not read "
                    f"with it.",
                    "Run those plans first; Maestro does not check that they are done.",
                )
            )  # fmt: skip
        entries = [x.lstrip() for x in document.lines[: document.frontmatter_end]]
        listed = {r.path for x in entries if x.startswith("-") for r in find_paths(x.lstrip("- "))}
        missing = sorted({f for t in tasks for f in t.files} - listed) if listed else []
        if missing and "files_modified" in front:
            line = next(
                (
                    n
                    for n, x in enumerate(document.lines[:200], 1)
                    if x.startswith("files_modified")
                ),
                1,
            )
            out.append(
                Diagnostic(
                    "files-disagree", "info", line,
                    f"files_modified leaves out {', '.join(missing[:4])}, which a task names.",
                    "The tasks' own files are taken; complete the list to make it certain.",
                )
            )  # fmt: skip
        return out


def _checks(element: _Element) -> list[str]:
    out: list[str] = []
    for key in ("verify", "automated"):
        for text, _ in element.fields.get(key, []):
            plain = re.sub(r"</?automated>", "", text)
            plain = re.sub(r"^[-*][ \t]+|^\d+\.\s+", "", plain.strip())
            if "`" in plain:
                out += commands_in_text(plain)
            elif is_command(plain) and not re.search(
                r"\b(returns?|shows?|exists?|passes|should)\b", plain
            ):
                out.append(plain)
    return list(dict.fromkeys(out))


def _unique(tasks: list[Task]) -> list[Task]:
    taken: set[str] = set()
    out = []
    for number, task in enumerate(tasks, 1):
        name = task.id if task.id not in taken else f"{task.id}-{number}"
        taken.add(name)
        out.append(replace(task, id=name))
    return out


def _title(document: Document, front: dict[str, str]) -> str:
    inside = re.search(r"<objective>\s*\n?\s*([^\n<]{3,200})", document.sample)
    return clean(inside[1]) if inside else clean(front.get("phase", "")) or document.name


def _plan_id(document: Document, front: dict[str, str]) -> str:
    phase = re.match(r"\d+", front.get("phase", ""))
    return f"{phase[0]}-{front['plan']}" if phase and front.get("plan") else document.name


FORMAT = Gsd()
