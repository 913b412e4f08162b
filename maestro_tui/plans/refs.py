"""What ``Depends on: Phases 1-3, Task 2.1`` refers to.

A value becomes an edge only when it names a known id or title in full. "Depends on: networkx" must
not become an edge because some id is a part of that word.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from maestro_tui.plans.expansion import names_listed, nearest
from maestro_tui.plans.model import Diagnostic

_KIND_WORDS = {
    "phase": "phase", "phases": "phase", "stage": "phase", "stages": "phase", "ph": "phase",
    "fase": "phase", "task": "task", "tasks": "task", "step": "task", "steps": "task",
    "stream": "stream", "streams": "stream", "workstream": "stream", "workstreams": "stream",
    "track": "stream", "tracks": "stream", "epic": "phase", "epics": "phase",
    "milestone": "phase", "milestones": "phase", "wave": "phase", "waves": "phase",
    "sprint": "phase", "sprints": "phase", "group": "phase", "groups": "phase",
    "layer": "phase", "layers": "phase", "level": "phase", "levels": "phase",
    "block": "phase", "batch": "phase", "batches": "phase", "etapa": "phase",
    "etapas": "phase", "story": "task", "stories": "task", "issue": "task",
    "issues": "task", "ticket": "task", "tickets": "task", "pr": "task", "prs": "task",
    "agent": "stream", "agents": "stream", "team": "stream", "teams": "stream",
    "worker": "stream", "workers": "stream", "developer": "stream", "engineer": "stream",
    "package": "task", "packages": "task", "worktree": "stream", "worktrees": "stream",
    "aufgabe": "task", "aufgaben": "task", "schritt": "task", "schritte": "task",
    "étape": "task", "étapes": "task", "tâches": "task", "tareas": "task", "paso": "task",
    "pasos": "task", "passo": "task", "passos": "task", "tarefa": "task", "tarefas": "task",
    "fases": "phase", "phasen": "phase", "этап": "phase", "шаг": "task", "задача": "task",
    "フェーズ": "phase", "阶段": "phase", "단계": "phase", "タスク": "task", "任务": "task",
    "작업": "task", "tarea": "task", "tâche": "task", "bước": "task", "giai đoạn": "phase",
}  # fmt: skip
_ID = r"(?:[A-Za-z]{0,8}-?\d+(?:[.-]\d+)*(?:\.[xX*])?[A-Za-z]?|[A-Z](?![A-Za-z]))"
_AND = r"(?:and|plus|und|et|y|e|и|と|および|和|및)"
_CODE = re.compile(r"[A-Za-z]{0,8}-?\d+(?:\.\d+)*[A-Za-z]?")  # one id and nothing else
_JOIN = rf"\s*(?:,\s*{_AND}|,|、|;|&|\+|/|(?<=[\s\d]){_AND}(?=[\s\d]))\s*"
_DASH = r"\s*(?:-|–|—|\.\.\.?|\bto\b|\bthrough\b|\bthru\b)\s*"
_KIND = "|".join(sorted(_KIND_WORDS, key=len, reverse=True))
_GROUP = re.compile(
    rf"\b((?i:{_KIND}))(?![A-Za-z])\s*#?\s*"
    rf"({_ID}(?:(?:{_DASH}|{_JOIN})(?:(?i:{_KIND})\s+)?#?{_ID})*)(?![\w-])",
)
_ALONE = re.compile(rf"#?({_ID})(?:{_DASH}#?({_ID}))?")
_NONE = re.compile(
    r"(none( required| needed)?|no(ne)?|nothing|no dependencies|n/?a|nil|null|not applicable|"
    r"(fully )?independent|no blockers?|can start immediately|keine?|nichts|aucune?|rien|"
    r"ningun[ao]|nada|nessuna|nenhuma|нет|không|なし|無し|无|無|없음|[-–—]+|\[\]|-)?",
    re.IGNORECASE,
)
_ALL_BEFORE = re.compile(
    r"\b(all|every|any)\s+(of\s+)?(the\s+)?(previous|prior|earlier|preceding|above)\b"
    r"|\beverything\s+(above|before|prior)\b",
    re.IGNORECASE,
)
_ALL_OTHERS = re.compile(
    r"\ball\s+(the\s+)?other(s|\s+\w+)?\b|\beverything\s+else\b|^(the\s+)?rest$", re.IGNORECASE
)
_PREVIOUS = re.compile(
    r"^(the\s+)?(previous|prior|preceding)\s+(phase|task|step|stream|stage)s?\b", re.I
)
_ALL_OF_KIND = re.compile(rf"\ball\s+(the\s+)?({_KIND})\b(?!\s+(?:\d|[A-Z]\b))", re.IGNORECASE)
_MANY = re.compile(r"all|every|any|previous|prior|preceding|rest", re.IGNORECASE)
_LINK = re.compile(r"\[([^\]]*)\]\([^)]*\)")
_EMPHASIS = re.compile(r"[*`_~\"“”]")
_BRACKETED = re.compile(r"\(.*\)|\[.*\]")
_ASIDE = re.compile(r"\s*\([^()]*\)")
_PART_END = re.compile(r"[,;、]|\s(?:and|&|\+|plus)\s")
_GROUP_WORD = re.compile(r"phase|stage|epic|milestone|wave|sprint|group", re.IGNORECASE)
_NEXT_NAME = re.compile(_JOIN)
_KIND_FIRST = re.compile(rf"({_KIND})(?:\s+|(?=\d))", re.IGNORECASE)
_LETTERED = re.compile(rf"({_KIND})\s+([a-z])", re.IGNORECASE)
_RANGE = re.compile(rf"({_ID}){_DASH}#?({_ID})")
_TO_COMMA = re.compile(r"[^,;]*")
_EMPTIED = re.compile(
    r"(?:^|,)\s*(?:needs?|requires?|after|and|on|all|of|the|both|\s)*,", re.IGNORECASE
)
_DIGITS, _LETTERS = re.compile(r"\d+"), re.compile(r"[A-Za-z]+")
MAX_NAMED = 300_000  # dependencies of one plan; more are a mistake and would only fill the memory
_SUGGESTIONS = 50  # comparing with every name takes long; nobody reads more than these
_BESIDE = re.compile(r"\s*(?:[(\[`]|\s[-–—]\s|,\s).*$")
_NOISE = re.compile(
    r"^(needs?|requires?|after|depends on|blocked by|waits? for|only|on|the)\s+"
    r"|\s+(is|are|be|must be|to be|being|has been)?\s*(complete[ds]?|completion|done|finished|"
    r"merged|ready|first|lands?|landed|output|outputs|deliverables?)$",
    re.IGNORECASE,
)


@dataclass(slots=True)
class Target:
    """Something a dependency can name: a phase, stream or task; ``ids`` are what it stands for."""

    kind: str  # phase | stream | task
    id: str
    title: str
    ids: tuple[str, ...]
    phase: str = ""
    line: int = 0


@dataclass(slots=True)
class Resolved:
    """The ids a value names; ``stated`` is false when the value was empty."""

    ids: list[str] = field(default_factory=list)
    diagnostics: list[Diagnostic] = field(default_factory=list)
    stated: bool = False


class Resolver:
    """Knows every target of a document and reads values against them."""

    def __init__(self, targets: Sequence[Target]) -> None:
        self.targets = list(targets)
        self.has_phases = any(t.kind == "phase" for t in self.targets)
        self.names: dict[str, list[str]] = {}
        self.by_id: dict[str, list[Target]] = {}
        self._given = 0
        self._suggested = 0
        for target in targets:
            self.by_id.setdefault(_norm(target.id), []).append(target)

    # The other indexes wait for a value that needs them: most plans state few dependencies.

    @cached_property
    def _by_title(self) -> dict[str, list[Target]]:
        out: dict[str, list[Target]] = {}
        for target in self.targets:
            if target.title:
                for title in dict.fromkeys((_norm(target.title), _shorn(target.title))):
                    out.setdefault(title, []).append(target)
        return out

    @cached_property
    def _inside(self) -> dict[str, list[Target]]:
        """What 3.x stands for."""
        out: dict[str, list[Target]] = {}
        for target in self.targets:
            parts = _norm(target.id).split(".")
            for n in range(1, min(len(parts), 6)):
                out.setdefault(".".join(parts[:n]), []).append(target)
        return out

    @cached_property
    def _shapes(self) -> set[str]:
        return {_shape(t.id) for t in self.targets}

    @cached_property
    def _place(self) -> dict[int, int]:
        return {id(t): n for n, t in enumerate(self.targets)}

    @cached_property
    def _of_kind(self) -> dict[str, list[Target]]:
        out: dict[str, list[Target]] = {}
        for target in self.targets:
            out.setdefault(target.kind, []).append(target)
        return out

    @cached_property
    def _among_kind(self) -> dict[int, int]:
        return {id(t): n for pool in self._of_kind.values() for n, t in enumerate(pool)}

    def titled(self, title: str) -> list[Target]:
        """The targets called exactly so."""
        return self._by_title.get(_norm(title), [])

    def resolve(self, value: str, line: int, owner: Target, *, strict: bool = True) -> Resolved:
        """The ids that a dependency value of ``owner`` names.

        ``strict`` makes an id that does not exist an error; otherwise it is only noted.
        """
        out = Resolved(stated=bool(value.strip()))
        if (ids := self._listed(value, owner)) is not None:
            return self._counted(ids, line, owner, out)
        text = _plain(value)
        if _NONE.fullmatch(text.rstrip(".")):
            return out
        rest = self._everything(text, owner, out)
        rest = self._grouped(rest, line, owner, out, strict)
        for part in _PART_END.split(rest):
            self._alone(part, line, owner, out, strict)
        return self._counted(out.ids, line, owner, out)

    def _listed(self, value: str, owner: Target) -> list[str] | None:
        """The ids of a value that is nothing but a list of ids, as most are; None for any other."""
        out: list[str] = []
        for part in value.split(","):
            name = part.strip()
            found = self.by_id.get(name.lower(), ()) if _CODE.fullmatch(name) else ()
            if len(found) != 1 or found[0].id == owner.phase or name.lower() in self._by_title:
                return None
            if found[0] is owner or set(found[0].ids) & set(owner.ids):
                return None
            out += found[0].ids
        return out

    def _counted(self, ids: Iterable[str], line: int, owner: Target, out: Resolved) -> Resolved:
        """The answer with these ids, unless the plan then names more than it sensibly can."""
        out.ids = [i for i in dict.fromkeys(ids) if i not in owner.ids]
        self._given += len(out.ids)
        if self._given > MAX_NAMED:
            out.ids.clear()
            out.diagnostics.append(_too_many(owner, line))
        return out

    def _everything(self, text: str, owner: Target, out: Resolved) -> str:
        """Takes "all previous", "all other tasks" and "previous phase" out of the value."""
        if not _MANY.search(text) or self._given > MAX_NAMED:
            return text
        at = self._place.get(id(owner), len(self.targets))
        named = _GROUP_WORD.search(text)
        kind = "phase" if owner.kind == "phase" or named else ""
        if _ALL_BEFORE.search(text) or _ALL_OTHERS.search(text):
            others = bool(_ALL_OTHERS.search(text))
            pool = self.targets if others else self.targets[:at]
            wanted = [t for t in pool if t is not owner and t.id != owner.phase]
            wanted = [t for t in wanted if not set(t.ids) & set(owner.ids)]
            wanted = [t for t in wanted if not _holds(owner, t)]
            wanted = [t for t in wanted if t.kind == kind] if kind else _leaves(wanted)
            out.ids += [i for t in wanted for i in t.ids]
            return ""
        if _PREVIOUS.match(text):
            pool = [t for t in self.targets[:at] if t.kind == (kind or owner.kind)]
            pool = [t for t in pool if t.id != owner.phase]
            out.ids += list(pool[-1].ids) if pool else []
            return ""
        found = _ALL_OF_KIND.search(text)
        if found:
            want = _KIND_WORDS[found[2].lower()]
            for target in self.targets:
                if target.kind == want and target is not owner and target.id != owner.phase:
                    out.ids += () if _holds(owner, target) else target.ids
            return text[: found.start()] + text[found.end() :]
        return text

    def _grouped(self, text: str, line: int, owner: Target, out: Resolved, strict: bool) -> str:
        """Takes "Phases 1-3", "Task 1.1 and 1.2" out of the value."""
        rest, at = "", 0
        for found in _GROUP.finditer(text):
            kind = _KIND_WORDS[found[1].lower()]
            before = len(out.ids), len(out.diagnostics)
            for name in _NEXT_NAME.split(found[2]):
                word = _KIND_FIRST.match(name)
                if word and _norm(name) not in self.by_id:
                    kind = _KIND_WORDS[word[1].lower()]
                    name = name[word.end() :]
                self._name(name.strip().lstrip("#"), kind, line, owner, out, strict)
            if (len(out.ids), len(out.diagnostics)) != before:
                rest += text[at : found.start()] + ","
                at = found.end()
                # Words up to the next comma only describe what was named.
                tail = _TO_COMMA.match(text, at)
                if tail and not _GROUP.search(tail[0]):
                    at = tail.end()
        head, tail_text = rest, text[at:]
        return _EMPTIED.sub(",", head + tail_text)

    def _alone(self, part: str, line: int, owner: Target, out: Resolved, strict: bool) -> None:
        text = _strip_noise(part)
        if not text or _NONE.fullmatch(text):
            return
        titled = self._by_title.get(_norm(text), [])
        if len(titled) == 1:
            out.ids += titled[0].ids
            return
        lettered = _LETTERED.fullmatch(text)
        if lettered:
            kind = _KIND_WORDS[lettered[1].lower()]
            self._name(lettered[2], kind, line, owner, out, strict)
            return
        known = self.by_id.get(_norm(text.lstrip("#")))
        found = _ALONE.fullmatch(text)
        ids = found and (found[2] or self._shaped_like_ids(found[1]))
        if ids or (known and (found or len(text) > 1)):
            self._name(text.lstrip("#"), "", line, owner, out, strict)
        else:
            out.diagnostics.append(_note(text, line))

    def _shaped_like_ids(self, name: str) -> bool:
        """Whether the document writes its ids this way, so that an unknown one is a mistake."""
        return _shape(name) in self._shapes

    def _name(
        self, name: str, kind: str, line: int, owner: Target, out: Resolved, strict: bool
    ) -> None:
        target = self._find(name, kind, owner)
        if target is not None:
            own_phase = target.kind == "phase" and target.id == owner.phase
            if target is owner or set(target.ids) & set(owner.ids) or own_phase:
                out.diagnostics.append(_self_reference(owner, name, line))
            else:
                out.ids += target.ids
            return
        if name.lower().endswith((".x", ".*")):
            inside = self._inside.get(_norm(name[:-2]), [])
            if inside:
                out.ids += [i for t in inside for i in t.ids if t is not owner]
                return
        ends = _RANGE.fullmatch(name)
        if ends:
            self._range(ends[1], ends[2], kind, line, owner, out, strict)
        else:
            out.diagnostics.append(self._unknown(name, kind, line, owner, strict))

    def _range(
        self,
        first: str,
        last: str,
        kind: str,
        line: int,
        owner: Target,
        out: Resolved,
        strict: bool,
    ) -> None:
        low, high = self._find(first, kind, owner), self._find(last, kind, owner)
        if low is None or high is None:
            for name, target in ((first, low), (last, high)):
                if target is None:
                    out.diagnostics.append(self._unknown(name, kind, line, owner, strict))
            return
        pool = self._of_kind[low.kind]
        last_place = self._among_kind[id(high)] if high.kind == low.kind else 0
        a, b = sorted((self._among_kind[id(low)], last_place))
        if self._given + b - a > MAX_NAMED:
            self._given = MAX_NAMED + 1
            return
        out.ids += [i for t in pool[a : b + 1] if t is not owner for i in t.ids]

    def _find(self, name: str, kind: str, owner: Target) -> Target | None:
        """The one target of that id: of the kind asked for, in the owner's phase before others."""
        found = self.by_id.get(_norm(name), [])
        exact = [t for t in found if t.kind == kind]
        if kind == "phase":
            # "Epic 1.2" means the task, as does any phase where the plan has only tasks.
            pool = exact or [t for t in found if "." in name or not self.has_phases]
        elif kind:
            pool = exact or [t for t in found if kind != "stream" or t.kind != "phase"]
            if not pool and name.isalpha():
                pool = found  # "Stream A" that holds tasks is a phase of the plan
        else:
            pool = [t for t in found if t.kind != "phase"] or found
        near = [t for t in pool if t.phase == owner.phase and t.kind != "phase"]
        if len(near) == 1:
            return near[0]
        return pool[0] if len(pool) == 1 else None

    def _names(self, kind: str) -> list[str]:
        """How the targets of a kind are called in messages; of all when there are none."""
        if kind not in self.names:
            pool = [t for t in self.targets if not kind or t.kind == kind] or self.targets
            said = (f"{t.kind.capitalize()} {t.id}" for t in pool)
            self.names[kind] = list(dict.fromkeys(said))
        return self.names[kind]

    def _unknown(self, name: str, kind: str, line: int, owner: Target, strict: bool) -> Diagnostic:
        names = self._names(kind)
        wanted = f"{kind.capitalize()} {name}" if kind else name
        self._suggested += 1
        near = nearest(wanted, names) if self._suggested < _SUGGESTIONS else ""
        many = len(self.by_id.get(_norm(name), [])) > 1
        why = "names more than one" if many else "names nothing in this plan"
        hint = (f"Did you mean {near}? " if near else "") + f"Known: {names_listed(names)}."
        return Diagnostic(
            "ambiguous-dependency" if many else "unknown-dependency",
            "error" if strict else "info",
            line,
            f"{owner.kind.capitalize()} {owner.id} depends on {wanted!r}, which {why}.",
            hint,
        )


def _holds(owner: Target, target: Target) -> bool:
    """Whether a target is one of the owner's own tasks, which "all others" leaves out."""
    return owner.kind == "phase" and target.phase == owner.id


def _leaves(targets: Iterable[Target]) -> list[Target]:
    return [t for t in targets if t.kind != "phase" or t.ids == (t.id,)]


def _plain(value: str) -> str:
    text = _LINK.sub(r"\1", value) if "](" in value else value
    text = _EMPHASIS.sub("", text).strip()
    if _BRACKETED.fullmatch(text):
        text = text[1:-1].strip()
    return _ASIDE.sub("", text) if "(" in text and not text.startswith("(") else text


def _strip_noise(part: str) -> str:
    text, before = " ".join(part.split()).strip(" .:→>-"), ""
    while text != before:
        before, text = text, _NOISE.sub("", text).strip(" .:")
    return text


def _norm(text: str) -> str:
    return " ".join(text.lower().split())


def _shorn(title: str) -> str:
    """A title as others call it: without code, brackets and what stands behind a dash."""
    return _norm(_BESIDE.sub("", title)) or _norm(title)


def _shape(name: str) -> str:
    return _LETTERS.sub("a", _DIGITS.sub("0", name))


def _note(text: str, line: int) -> Diagnostic:
    return Diagnostic(
        "dependency-note",
        "info",
        line,
        f"{text[:120]!r} names no phase or task of this plan, so it is kept as a note.",
        "To state an order write the id, such as 'Depends on: Phase 1' or 'Depends on: Task 1.2'.",
    )


def _too_many(owner: Target, line: int) -> Diagnostic:
    return Diagnostic(
        "too-many-dependencies",
        "error",
        line,
        f"{owner.kind.capitalize()} {owner.id} brings the dependencies to more than {MAX_NAMED:,}; "
        "this one and later ones are left out.",
        "Put the tasks into phases and let the phases depend on one another.",
    )


def _self_reference(owner: Target, name: str, line: int) -> Diagnostic:
    return Diagnostic(
        "self-dependency",
        "error",
        line,
        f"{owner.kind.capitalize()} {owner.id} depends on {name!r}, which is or contains itself.",
        "Remove this dependency or name another task.",
    )
