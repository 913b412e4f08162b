"""Gas Town's molecules: ``## Step: slug`` with ``Needs: a, b``, and formulas in TOML."""

from __future__ import annotations

import re
from dataclasses import replace

from maestro_tui.plans.blocks import Section
from maestro_tui.plans.document import Document
from maestro_tui.plans.keys import clean, with_keys
from maestro_tui.plans.marks import bare, status_in
from maestro_tui.plans.model import Diagnostic, Plan, Task
from maestro_tui.plans.records import Findings, with_prose
from maestro_tui.plans.toml_tables import TomlText, parse_toml

_STEP = re.compile(r"^step\s*:\s*`?([A-Za-z0-9][\w.{}-]*)`?\s*(?:[-–—:(]\s*(.*))?$", re.IGNORECASE)
_LABEL = re.compile(
    r"^[\s*_-]*(Needs|WaitsFor|DependsOn|Depends[ -]on)[*_]*\s*:[*_]*\s*(.*)$", re.I
)
_TIER = re.compile(r"^[\s*_-]*(Tier|Model)[*_]*\s*:[*_]*\s*(\S.*)$", re.I)
_NONE = frozenset({"", "none", "-", "n/a", "[]"})
_TABLES = ("steps", "legs", "template", "templates", "aspects")
_NEEDS = ("needs", "depends_on", "waits_for")


class GasTown:
    """Named steps and what each needs; nothing else orders them."""

    name = "gastown"

    def recognise(self, document: Document) -> tuple[int, str]:
        """By step headings with slugs and needs, or by the tables of a formula."""
        if _is_formula(document):
            return 95, "a formula with [[steps]] or [[legs]]"
        if document.text[:2000].lstrip()[:1] in ("{", "["):
            return 0, "not Markdown"
        steps = _sections(document)
        if not steps:
            return 0, "no heading such as '## Step: design'"
        needs = sum(1 for section, _ in steps if _labelled(section))
        score = 92 if needs else (76 if len(steps) > 1 else 40)
        return score, f"{len(steps)} headings with a step's name, {needs} with Needs:"

    def read(self, document: Document) -> Plan:
        """The steps in their order."""
        return _formula(document) if _is_formula(document) else _molecule(document)


def _is_formula(document: Document) -> bool:
    text = document.text
    if not re.search(r"^\[\[(steps|legs|template)\]\][ \t]*$", text, re.MULTILINE):
        return False
    if re.search(r"^#{2,6} \S|^```", text, re.MULTILINE) and not document.path.endswith(".toml"):
        return False
    return re.search(r"^[ \t]*(formula|type|id|title)\s*=", text, re.MULTILINE) is not None


def _sections(document: Document) -> list[tuple[Section, re.Match[str]]]:
    found = ((s, _STEP.match(bare(s.title))) for s in document.tree.walk() if s.level)
    return [(section, match) for section, match in found if match is not None]


def _labelled(section: Section) -> list[tuple[str, int]]:
    """The names after ``Needs:``, each with its line; every block counts for one step only."""
    out: list[tuple[str, int]] = []
    for block in section.blocks:
        if block.kind not in ("text", "item", "quote"):
            continue
        for number, line in enumerate(block.text.split("\n")):
            found = _LABEL.match(line)
            if found and found[2].strip(" *_.`").lower() not in _NONE:
                names = re.split(r"\s*[,;&]\s*|\s+and\s+", found[2].strip(" *_."))
                out += [(n.strip("` *_.[]\"'"), block.line + number) for n in names]
    return [(name, line) for name, line in out if name]


def _molecule(document: Document) -> Plan:
    out = Findings()
    taken: dict[str, int] = {}
    steps: list[tuple[Task, list[tuple[str, int]]]] = []
    ends = {s.line: e for s, e in _spans(document)}
    for section, match in _sections(document):
        name = out.unique(match[1], section.line, taken, "step")
        taken[name] = section.line
        last = ends[section.line]
        lines = document.lines[section.line : last]
        tier = next((t[2] for line in lines if (t := _TIER.match(line))), "")
        text = "\n".join(x for x in lines if not (_LABEL.match(x) or _TIER.match(x))).strip()
        task = Task(
            id=name,
            title=clean(match[2] or "").rstrip(")") or _words(match[1]),
            line=section.line,
            status=status_in(section.title),
            body=(f"{section.line}-{last}",),
            text=text,
            tier=clean(tier),
        )
        steps.append((with_prose(task, text, text), _labelled(section)))
    for task, needs in steps:
        for after, line in needs:
            out.edge(task.id, after, "label", line, taken)
    heading = next((s.title for s in document.tree.walk() if s.level == 1), "")
    named = next(
        (s.title for s in document.tree.walk() if re.match(r"molecule\s*:", s.title, re.I)), ""
    )
    return Plan(
        title=bare(re.sub(r"^molecule\s*:\s*", "", named or heading, flags=re.I)) or "Molecule",
        tasks=with_keys(task for task, _ in steps),
        edges=tuple(out.edges),
        diagnostics=tuple(out.diagnostics),
    )


def _spans(document: Document) -> list[tuple[Section, int]]:
    """Each section with the last line before the next heading that is not deeper."""
    sections = [s for s in document.tree.walk() if s.level]
    out: list[tuple[Section, int]] = []
    waiting: list[Section] = []
    for section in sections:
        while waiting and waiting[-1].level >= section.level:
            out.append((waiting.pop(), section.line - 1))
        waiting.append(section)
    return out + [(section, len(document.lines)) for section in waiting]


def _words(slug: str) -> str:
    return re.sub(r"[-_]+", " ", slug).strip().capitalize() or slug


def _formula(document: Document) -> Plan:
    toml = parse_toml(document.text)
    if isinstance(toml, Diagnostic):
        return Plan(document.name or "Formula", diagnostics=(toml,))
    out = Findings()
    taken: dict[str, int] = {}
    steps: list[tuple[Task, list[str], int]] = []
    for kind in _TABLES:
        given = toml.data.get(kind)
        tables = [t for t in given if isinstance(t, dict)] if isinstance(given, list) else []
        for number, table in enumerate(tables):
            line = toml.lines.table(kind, number) or 1
            at = next((toml.lines.key(kind, number, k) for k in _NEEDS if k in table), line)
            steps.append(
                (_step(table, len(steps) + 1, line, out, taken), _needs(table), at or line)
            )
    _synthesis(toml, out, taken, steps)
    for task, needs, line in steps:
        for after in needs:
            out.edge(task.id, after, "label", line, taken)
    _tell_variables(toml, out)
    title = toml.data.get("title") or toml.data.get("formula")
    return Plan(
        title=clean(title)
        if isinstance(title, str) and title.strip()
        else document.name or "Formula",
        tasks=with_keys(task for task, _, _ in steps),
        edges=tuple(out.edges),
        diagnostics=tuple(out.diagnostics),
    )


def _step(
    table: dict[str, object], number: int, line: int, out: Findings, taken: dict[str, int]
) -> Task:
    words = {k: v for k, v in table.items() if isinstance(v, str)}
    name = clean(words.get("id", "")) or f"step-{number}"
    name = out.unique(name, line, taken, "step")
    taken[name] = line
    text = "\n\n".join(
        words[k].strip() for k in ("focus", "description", "acceptance") if k in words
    )
    task = Task(
        id=name,
        title=clean(words.get("title", "")) or _words(name),
        line=line,
        text=text.encode("utf-8", "replace").decode(),
        tier=clean(words.get("tier", "")),
        model=clean(words.get("model", "")),
    )
    if table.get("type") == "gate" or isinstance(table.get("gate"), dict):
        task = replace(task, kind="gate")
    return with_prose(task, text, text)


def _needs(table: dict[str, object]) -> list[str]:
    out: list[str] = []
    for key in _NEEDS:
        value = table.get(key)
        found = value if isinstance(value, list) else [value]
        out += [clean(v) for v in found if isinstance(v, str) and clean(v)]
    return out


def _synthesis(
    toml: TomlText, out: Findings, taken: dict[str, int],
    steps: list[tuple[Task, list[str], int]],
) -> None:  # fmt: skip
    """A convoy's last step: it waits for the legs it names, else for all of them."""
    table = toml.data.get("synthesis")
    if not isinstance(table, dict):
        return
    line = toml.lines.table("synthesis") or 1
    needs = _needs(table) or [task.id for task, _, _ in steps]
    task = _step({"id": "synthesis", **table}, 0, line, out, taken)
    steps.append((task, needs, toml.lines.key("synthesis", 0, "depends_on") or line))


def _tell_variables(toml: TomlText, out: Findings) -> None:
    for key in ("vars", "inputs"):
        given = toml.data.get(key)
        if isinstance(given, dict) and given:
            names = ", ".join(clean(str(name)) for name in list(given)[:8])
            out.say("formula-variables", "info", toml.lines.table(key) or 1,
                    f"The formula has variables ({names}); they stay in the text as they are.",
                    "Write the values in before you run it.")  # fmt: skip


FORMAT = GasTown()
