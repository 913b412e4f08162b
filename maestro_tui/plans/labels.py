"""Labelled facts in Markdown: ``Files: a.py``, ``**Needs:** Task 1``, and the lists below them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from maestro_tui.plans.blocks import Block

# The first pattern that matches the whole label, in lower case without decoration, names it.
_VOCABULARY: tuple[tuple[str, str], ...] = (
    ("forbidden", r"(do not (touch|modify|edit|change)|forbidden( files)?|files to (preserve|keep)|"
                  r"off[- ]limits|out of scope)"),
    ("create", r"(creates?|created|create files?|new files?|new|adds?|"
               r"files? (to )?(be )?creat(e|ed)|files? to add|"
               r"files? \((new|creates?|created)\)|files? added|新規作成|新規(ファイル)?|"
               r"作成(ファイル)?|"
               r"新建(文件)?|创建(文件)?|新增(文件)?|생성( ?파일)?|crear|créer|anlegen|erstellen|"
               r"tạo( mới)?)"),
    ("modify", r"(modif(y|ies|ied)|modify files?|updates?|edits?|changes|modified files?|"
               r"files? (to )?(be )?(modif(y|ied)|updated?|edit(ed)?|changed?)|"
               r"files? \((modif(y|ies|ied)|updated?)\))"),
    ("delete", r"(deletes?|deleted|removes?|deleted files?|"
               r"files? (to )?(be )?(deleted?|removed?)|削除(ファイル)?|删除(文件)?|삭제( "
               r"?파일)?|eliminar|supprimer|löschen|xóa)"),
    ("test", r"(tests?|test files?|tests? (to )?(add|write|create)|files? \(tests?\)|"
             r"テストファイル|"
             r"测试文件|테스트 ?파일)"),
    ("scope", r"(scope|directories|folders|owned (paths|globs)|owns)"),
    ("files", r"(key |affected |target |primary |owned |all )?(files?|file\(s\)|file paths?|paths?)"
              r"( (touched|affected|involved|changed|owned|in scope|written|list))?"
              r"( \((exclusive( to \w+)?|owned|only|scope|you own|allowed|"
              r"to (edit|touch|change))\))?"
              r"|(you |agent )?(owns?|may (edit|write|touch))( files?)?|"
              r"(exclusive|allowed) files?"
              r"|(owned|allowed) (files? and folders|globs|paths)"
              r"|files? to (create|add)[ /]*(or|and|/)[ ]*(modify|edit|update|change)"
              r"|files? (created|new)[ /]*(or|and|/)[ ]*modified|create/modify"
              r"|(対象|関連|実装)?ファイル|(相关|涉及)?文件|(관련 ?|대상 ?)?파일|archivos|"
              r"fichiers|dateien|файлы|(các )?tệp"
              r"|target files?|location|where|module|works on"
              r"|(output )?artifacts?|成果物|产出物?|交付物|산출물"),
    ("depends", r"(dependency|dependencies|depends?( on| upon)?|needs?|requires|requires? first|"
                r"after|runs? after|blocked by|waits? for|task dependencies|phase dependencies|"
                r"stream dependencies|depends_on|must (come |run |be done )?after|wave "
                r"dependencies|"
                r"依存(関係)?|前提|依赖|前置(条件|任务)?|의존성?|선행 ?작업|phụ thuộc|depende de|"
                r"dépend de|hängt ab von|зависит от|nach|benötigt|braucht|après|nécessite|"
                r"después de|tras|requiere|dopo|dipende da|depois de|requer|после|"
                r"blocked on|start(s)? after|starts? when|depends on tasks?|upstream|"
                r"dependencias|dépendances|abhängigkeiten)"),
    ("prerequisites", r"(prerequisites?|pre-requisites?)"),
    ("blocks", r"(blocks|unblocks|enables|required (before|by|for)|needed (by|for)|blocking|must "
               r"(come )?before)"),
    ("marker", r"(completion( (marker|file|document|signal))?|(completion )?marker( file)?|"
               r"complete marker|on completion)"),
    ("agent", r"(agents?|agent type|assigned( to| agent)?|assignee|owner|sub-?agent)"),
    ("model", r"(model)"),
    ("verify", r"(verify|verification|verify (with|by|commands?)|verification commands?|gates?|"
               r"quality gates?|checks?|validation commands?|test commands?|run tests?|run|検証|"
               r"確認|验证|검증|kiểm tra|"
               r"verificar|vérifier|prüfen|qa|test plan|commands?)"),
    ("estimate", r"(estimates?|estimated( time| duration| effort)?|estimation|duration|effort|"
                 r"time( estimate)?|time box)"),
    ("timeout", r"(time ?out|time limit)"),
    ("status", r"(status|state)"),
    ("mode", r"(mode|execution( mode)?|parallelism)"),
    ("requirements", r"(requirements?|validates|covers|traces to)"),
)  # fmt: skip
_NAMES = re.compile("|".join(f"(?P<{name}>{pattern})" for name, pattern in _VOCABULARY))
_EMPHASIS = re.compile(r"[*_`~]")
_ORNAMENT = re.compile(r"^[^\w(]+")
_LEAD = re.compile(r"^[^\w*_`(\[]+")
_LONGEST = 100  # characters; what is longer is a sentence
_LABEL = re.compile(
    r"^([*_]{0,3})([^\W\d_][^:：*`|\n]{0,48}?)(\*{0,3}|_{0,3})\s*[:：]\s*([*_]{0,3})(.*)$"
)
_INNER = re.compile(r"(?:;|\s[|·•]|\s—|\s–|,)\s+(?=\**[A-Za-z][A-Za-z ]{2,24}\**:)")


@dataclass(frozen=True, slots=True)
class LabelItem:
    """One entry of the list under a label."""

    text: str
    line: int


@dataclass(slots=True)
class Label:
    """A known label with its value, the list below it and the fences that belong to it."""

    name: str
    written: str
    value: str
    line: int
    items: list[LabelItem] = field(default_factory=list)
    fences: list[Block] = field(default_factory=list)

    def entries(self) -> list[LabelItem]:
        """The value and the items, those that are empty left out."""
        first = [LabelItem(self.value, self.line)] if self.value else []
        return [*first, *self.items]


def label_name(text: str) -> str:
    """What a label is called here, or nothing when it is not one we know."""
    return _label_name(text) if len(text) <= _LONGEST else ""


@lru_cache(maxsize=1 << 14)
def _label_name(text: str) -> str:
    plain = " ".join(_EMPHASIS.sub("", text).lower().split())
    plain = _ORNAMENT.sub("", plain).rstrip(" :：")
    found = _NAMES.fullmatch(plain)
    return (found.lastgroup or "") if found else ""


@lru_cache(maxsize=1 << 12)
def split_label(text: str) -> tuple[str, str, str]:
    """``(name, as written, value)`` of a line; the name is empty when it carries no known label."""
    text = _LEAD.sub("", text, count=1)
    found = _LABEL.match(text)
    if found is None:
        return "", "", ""
    name = label_name(found[2])
    value = found[5].strip()
    if found[4] and value.endswith(found[4]) and not found[1]:
        value = value.removesuffix(found[4]).strip()
    return name, found[2].strip(), value


def labels_in(blocks: Sequence[Block]) -> list[Label]:
    """Every known label among the blocks, each with the list that belongs to it."""
    out: list[Label] = []
    number = 0
    while number < len(blocks):
        block = blocks[number]
        number += 1
        if block.kind == "table":
            out += _from_table(block)
        if block.kind not in ("text", "item", "quote"):
            continue
        found = _on_line(block)
        if found:
            out += found
            number = _collect(blocks, number, block, found[-1])
    return out


def _on_line(block: Block) -> list[Label]:
    out: list[Label] = []
    colons = block.text.count(":") + block.text.count("：")
    if not colons:
        return out
    parts = _INNER.split(block.text) if colons > 1 else [block.text]
    if len(parts) > 1 and not all(split_label(p)[0] for p in parts[1:]):
        parts = [block.text]
    for part in parts:
        name, written, value = split_label(part)
        if name:
            out.append(Label(name, written, value, block.line))
    return out


def _from_table(block: Block) -> list[Label]:
    """Rows of a two-column table whose first cell is a label."""
    out = []
    for offset, row in enumerate(block.rows):
        if len(row) == 2 and (name := label_name(row[0])) and row[1]:
            line = block.line + offset + (1 if offset else 0)
            out.append(Label(name, row[0], row[1], line))
    return out


def _collect(blocks: Sequence[Block], number: int, head: Block, label: Label) -> int:
    """Gives the label what follows it and returns the first block that is not its own."""
    gap = taken = 0
    boxed = False
    while number < len(blocks):
        block = blocks[number]
        if block.kind == "blank":
            gap += 1
        elif block.kind == "fence" and _takes_fence(label, block, head, gap):
            label.fences.append(block)
        elif block.kind == "item" and _takes_item(label, block, head):
            if _on_line(block) or (label.items and block.checked is not None and not boxed):
                break  # boxes behind a plain list are the next thing, such as the steps of a task
            boxed = block.checked is not None
            label.items.append(LabelItem(block.text, block.line))
            taken, gap = taken + 1, 0
        elif block.kind == "text" and gap == 0 and _continues(label, block, head):
            if _on_line(block):
                break
            _extend(label, block, taken > 0)
        else:
            break
        number += 1
    return number


def _takes_fence(label: Label, block: Block, head: Block, gap: int) -> bool:
    if label.name not in ("verify", "files", "create", "modify", "test", "delete"):
        return False
    return (not label.value or block.indent > head.indent or gap == 0) and not label.fences


def _takes_item(label: Label, block: Block, head: Block) -> bool:
    if block.indent > head.indent:
        return True
    return not label.value and head.kind != "item" and block.indent >= head.indent


def _continues(label: Label, block: Block, head: Block) -> bool:
    if label.items:
        return block.indent > head.indent
    return label.value.endswith(",") or block.indent > head.indent or not label.value


def _extend(label: Label, block: Block, to_item: bool) -> None:
    if to_item:
        last = label.items[-1]
        label.items[-1] = LabelItem(f"{last.text} {block.text}", last.line)
    else:
        label.value = f"{label.value} {block.text}".strip()
