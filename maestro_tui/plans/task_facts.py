"""The facts of one candidate: from its labels, then from what its sentences and fences say."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from maestro_tui.plans.asides import (
    Aside,
    agent_in_title,
    asides_in_body,
    asides_in_title,
    time_in_title,
)
from maestro_tui.plans.blocks import Block
from maestro_tui.plans.candidates import Candidate
from maestro_tui.plans.commands import checks_in_fence, commands_said, is_check, is_command
from maestro_tui.plans.facts import Facts, gather
from maestro_tui.plans.fence_facts import facts_of_fences
from maestro_tui.plans.file_words import is_bare, is_file
from maestro_tui.plans.inline_files import (
    aside_files,
    inline_files,
    leading_file,
    mentioned,
    owned_files,
    table_files,
)
from maestro_tui.plans.labels import split_label
from maestro_tui.plans.paths import PathRef, find_paths, strip_path
from maestro_tui.plans.sections import NO_WORK, class_of_title

_WORDS = frozenset({"item", "text", "quote", "heading"})
_PROMPT = re.compile(
    r"^\W*(?:prompt|plan|instructions)(?:[ -]?file)?\W*[:：]\W*([\w./-]+\.(?:md|markdown|txt))",
    re.I,
)
_USES = re.compile(
    r"\b(?:uses?|using|incorporates?|builds? (?:up)?on|based on|consumes?|extends?|relies on|"
    r"requires?|needs?)\b"
    r"(.{0,80}?)\b(?:from|of|in)\s+((?:phase|task|step|stream|stage|epic|milestone)\s+#?[\w.]+)",
    re.IGNORECASE,
)
_OF = re.compile(r"\b(?:from|of|in)\s+(?:phase|task|step|stream|stage|epic|milestone)\b", re.I)
_DECORATION = re.compile(r"[*_`]")
_COMMIT = re.compile(r"\W*commit\W*[:：]", re.IGNORECASE)
_RUN_LINE = re.compile(
    r"^\W*(?:step\s*\d+\W*)?(?:run|re-?run|execute|executar|rodar|ejecutar|exécuter|eseguire|"
    r"ausführen|führe|запустить|выполнить|chạy|运行|执行|verify|verification|expected|gate|check|confirm|ensure|validate|test|tests|"
    r"検証|確認|验证|검증)\b[^`]{0,60}`|`[^`]{0,20}(?:を実行|で確認|を確認|が通る|が成功)|"
    r"`\s*(?:→|->|=>|[-–—:])\s*(?:expect\w*\W+)?(?:pass|green|success|clean|exit 0)|"
    r"`\s+(?:(?:must|should|still|now|then)\s+)?(?:pass(?:es)?|succeeds?|exits?\s+(?:with\s+)?0|"
    r"(?:is|are|stays?|goes|comes back|ends|runs?)\s+(?:all\s+)?(?:green|clean))\b|"
    r"\b(?:done|finished|complete|accepted)\s+(?:when|once|if|as soon as)\b[^`]{0,60}`|"
    r"(?:^|[.;]\s)run\W*`|\b(?:and|then|e|y|et|und)\s+(?:run|executar|rodar|ejecutar|exécuter)\s+`",
    re.IGNORECASE,
)
_LEADING_CODE = re.compile(
    r"(`[^`]+`)\s*(?:$|→|->|=>|[-–—:(]|(returns?|passes|succeeds|exits?|clean|green|성공|통과|works|passa|pasa|passe|"
    r"läuft|funciona|通过|проходит))"
)
_NOT_CHANGED = re.compile(r"anti-?pattern|do not (change|touch|copy)", re.IGNORECASE)
_DASH = re.compile(r"\s[-–—]\s")
_REFERENCES = re.compile(r"references?|files?( to (modify|change))?", re.IGNORECASE)
_COMMENT_PATH = re.compile(
    r"^\s*(?:#|//|--|<!--|;|/\*)\s*(?:file:?\s*|path:?\s*)?([\w./@{}<>-]+)\s*(?:-->|\*/)?\s*$", re.I
)
_MARKER = re.compile(r"(?<![\w/.-])(?:[\w-]+/)*[A-Z0-9][A-Z0-9_-]*_COMPLETE\.md\b")
_LISTED = re.compile(r"\s*[-*]\s+([\w-]+\.\w{1,5})\b")


@dataclass(slots=True)
class Found:
    """The facts of a task and what does not fit among them."""

    facts: Facts
    prompt: str = ""
    bare: list[PathRef] = field(default_factory=list)  # names without a folder, from prose
    mentions: list[str] = field(default_factory=list)
    uses: list[tuple[tuple[str, str], int]] = field(default_factory=list)
    asides: list[Aside] = field(default_factory=list)  # orders said in passing


def task_facts(
    c: Candidate,
    owner: str,
    action: str,
    known: dict[str, str],
    *,
    labels_only: bool = False,
    references: bool = False,
) -> Found:
    """The facts of a candidate; ``known``: the document's own list of files, with actions."""
    own = _without_commit(c.blocks) if c.blocks else c.blocks
    facts = gather(own, owner, c.labels)
    if references and not facts.files:
        _references(c, facts)
    if not facts.files and len(own) < len(c.blocks):
        facts.files = gather(c.blocks, owner, c.labels).files
    if c.blocks:
        facts_of_fences(c.blocks, facts, owner)
    out = Found(facts, prompt=c.prompt, asides=asides_in_title(c.raw, c.line))
    words = _words_of(c)
    if not facts.files and not labels_only:
        out.bare = _from_prose(c, words, facts, action)
    if known:
        _resolve(facts, known)
    _commands(c, words, facts)
    texts = [b for b in c.blocks if b.kind in _WORDS] if c.blocks else []
    for block in texts:
        found = _PROMPT.match(block.text)
        if found is not None:
            out.prompt = out.prompt or found[1]
        uses = _USES.search(_DECORATION.sub("", block.text)) if _OF.search(block.text) else None
        if uses is not None:
            out.uses.append(((uses[1], uses[2]), block.line))
        out.asides += asides_in_body(block.text, block.line)
    facts.agent = facts.agent or agent_in_title(c.raw)
    facts.estimate = facts.estimate or time_in_title(c.raw)
    if c.word and c.word.lower() == "agent" and c.id and not c.id[-1:].isdigit() and len(c.id) > 2:
        facts.agent = facts.agent or c.id
    _marker(facts, [c.raw, *(b.text for b in texts)] if texts else [c.raw])
    if mentions := mentioned((words, *(b.text for b in texts)) if texts else (words,)):
        out.mentions = [p for p in mentions if p != facts.marker and not facts.names(p)][:50]
    return out


def _marker(facts: Facts, texts: Sequence[str]) -> None:
    """The completion document a task names in any words; it is no file of the work itself."""
    if not facts.marker and any("_COMPLETE" in text for text in texts):
        named = {m[0] for text in texts if "_COMPLETE" in text for m in _MARKER.finditer(text)}
        facts.marker = named.pop() if len(named) == 1 else ""
    if facts.marker:
        for paths in facts.files.values():
            paths.pop(facts.marker, None)


def _without_commit(blocks: list[Block]) -> list[Block]:
    """The blocks without the list under "Commit:", which repeats the files of a whole group."""
    out: list[Block] = []
    skipping = False
    for block in blocks:
        if block.kind in ("text", "item") and _COMMIT.match(block.text):
            skipping = True
            continue
        if skipping and block.kind not in ("item", "fence"):
            skipping = False
        if not skipping:
            out.append(block)
    return out


def _add(facts: Facts, ref: PathRef, default: str) -> None:
    action = "scope" if ref.path.endswith("/") and not ref.action else ref.action
    here = facts.files.setdefault(action or default or "modify", {})
    if not facts.names(ref.path):
        here[ref.path] = None


def _from_prose(c: Candidate, words: str, facts: Facts, action: str) -> list[PathRef]:
    """Files of the title, then of the lines beneath, tables, tagged headings and fence captions.

    What it returns are names without a folder: whether they are files here others must tell.
    """
    refs = inline_files(words, c.line, action or "modify")
    if not refs:
        lead = leading_file(words, c.line)
        refs = [lead] if lead is not None else aside_files(words, c.line)
    # A folder in a sentence is mostly where something goes, not what is changed.
    refs = [
        r
        for r in refs
        if not r.path.endswith("/")
        or f"`{r.path}`" in c.raw
        or r.action == "delete"
        or (r.action == "create" and _FOLDER.search(words))
    ]
    tagged = _tagged_headings(c) if c.blocks else []
    if c.blocks and not tagged:
        refs += _body_files(c)
    bare = []
    for ref in (*refs, *tagged):
        if is_bare(ref.path):
            bare.append(ref)
        else:
            _add(facts, ref, action)
    if c.blocks and not tagged:
        _fence_captions(c, facts, action)
    return bare


_FOLDER = re.compile(r"^create\b.*\b(?:folder|director(?:y|ies))\b", re.IGNORECASE)
_TO_READ = re.compile(
    r"\b(preserv|keep|unchanged|referenc|référenc|referenz|read|see|context|existing|exampl|"
    r"pattern|depend|import)|参考|参照|參考|참고|참조|ссылк",
    re.I,
)


def _body_files(c: Candidate) -> list[PathRef]:
    """The files the lines beneath a task speak of, those under "to read" or "keep" left out."""
    out: list[PathRef] = []
    skipped = criteria = False
    for block in c.blocks:
        if block.kind == "table":
            here = [] if skipped else table_files(block)
            out += [r for r in here if not r.path.endswith("/") or r.action in ("delete", "")]
        elif block.kind in ("item", "text", "heading"):
            if block.kind == "heading" or block.text.rstrip("*_` ").endswith((":", "：")):
                plain = _DECORATION.sub("", block.text)
                skipped = _TO_READ.search(plain) is not None
                criteria = class_of_title(plain.rstrip(":： ")) in NO_WORK
            # A box beneath a box is a part of the work, and need not say so with a verb.
            part = block.checked is not None and c.checked is not None and not criteria
            found = owned_files(block.text, block.line) or inline_files(
                block.text, block.line, "modify" if part else ""
            )
            lead = (
                leading_file(block.text, block.line) if block.kind == "item" and not found else None
            )
            if not skipped:
                here = [*found, *([lead] if lead is not None else [])]
                made = any(r.path.endswith("/") for r in here) and _FOLDER.match(block.text)
                kept = ("delete", "", "create") if made else ("delete", "")
                out += [r for r in here if not r.path.endswith("/") or r.action in kept]
    return out


_TAG = re.compile(
    r"^\W*(new|create|add|modify|update|edit|delete|remove|rename|move)\b\W*(.*)$", re.IGNORECASE
)
_TAG_ACTION = {
    "new": "create",
    "create": "create",
    "add": "create",
    "delete": "delete",
    "remove": "delete",
}


def _tagged_headings(c: Candidate) -> list[PathRef]:
    """``#### [MODIFY] [file.py](file:///...)``, as some planners write each file."""
    out = []
    for block in c.blocks:
        found = (
            _TAG.match(block.text) if block.kind == "heading" and "[" in block.text[:12] else None
        )
        if found is None:
            continue
        for ref in find_paths(found[2], block.line)[:1]:
            out.append(PathRef(ref.path, _TAG_ACTION.get(found[1].lower(), "modify"), block.line))
    return out


def _fence_captions(c: Candidate, facts: Facts, action: str) -> None:
    """A fence that starts with ``# src/x.py``; under a folder its lines name the files in it."""
    for block in c.blocks:
        if block.kind != "fence" or not block.lines:
            continue
        found = _COMMENT_PATH.match(block.lines[0])
        path = strip_path(found[1]) if found else ""
        if not path or "/" not in path or not (is_file(path) or path.endswith("/")):
            continue
        listed = [_LISTED.match(line) for line in block.lines[1:]] if path.endswith("/") else []
        inner = [m[1] for m in listed if m]
        for name in [path + i for i in inner] or [path]:
            _add(facts, PathRef(name, action or "create", block.line), action)


def _references(c: Candidate, facts: Facts) -> None:
    """Files of a "References" list, which in some plans is the only place that names them."""
    inside = False
    for block in c.blocks:
        if block.kind in ("text", "item"):
            _, written, _ = split_label(block.text)
            label = written or (block.text.strip("*_: ") if block.text.startswith("**") else "")
            if label:
                inside = _REFERENCES.fullmatch(label.strip("*_ ")) is not None
                continue
        if inside and block.kind == "item":
            if _NOT_CHANGED.search(block.text):
                continue
            for ref in find_paths(_DASH.split(block.text)[0], block.line)[:1]:
                if is_file(ref.path):
                    _add(facts, ref, "modify")


def _resolve(facts: Facts, known: dict[str, str]) -> None:
    """Paths completed and actions taken from the list of files the document itself holds."""
    for kind in list(facts.files):
        kept: dict[str, None] = {}
        for path in facts.files[kind]:
            full = path if path in known else _completed(path, known)
            action = known.get(full, "")
            if kind == "modify" and action in ("create", "delete"):
                facts.files.setdefault(action, {}).setdefault(full)
            else:
                kept.setdefault(full)
        facts.files[kind] = kept


def _completed(path: str, known: dict[str, str]) -> str:
    fits = [k for k in known if k.endswith("/" + path)] if len(known) < 2000 else []
    return fits[0] if len(fits) == 1 else path


def _commands(c: Candidate, words: str, facts: Facts) -> None:
    """Shell fences and inline code after "Run:" are checks, beside those under a label."""
    out = [x for x in facts.verify if is_check(x) or not c.blocks] if facts.verify else []
    if "`" in words and (_RUN_LINE.search(words) or _LEADING_CODE.match(words)):
        out += [x for x in commands_said(words) if is_check(x)]
    for block in _in_order(c):
        text = block.text
        if block.kind == "fence":
            out += checks_in_fence(block.info, block.lines)
        elif "`" not in text or block.kind not in ("item", "text"):
            continue
        elif block.kind == "item" and (code := _LEADING_CODE.match(text)):
            out += [
                x for x in commands_said(code[1]) if is_check(x) and (is_command(x) or not code[2])
            ]
        elif _RUN_LINE.search(text):
            out += [x for x in commands_said(text) if is_check(x)]
    if out:
        facts.verify = list(dict.fromkeys(x for x in out if x))
    else:
        facts.verify.clear()


def _words_of(c: Candidate) -> str:
    """The line of an item without its id and flags, so that its first word is its verb."""
    flags = _FLAGS.match(c.raw)
    return c.raw[flags.end() :] if flags else c.raw


_FLAGS = re.compile(
    r"^(?:[*_~\s]*(?:T?\d+(?:\.\d+)*[a-z]?|[A-Z]{1,8}-?\d+)[*_.):]*\s+)?"
    r"(?:[*_]*\[(?:P|US\d+|\w{1,8})\](?!\()[*_]*\s*)*"
)


def _in_order(c: Candidate) -> list[Block]:
    fences = [f for label in c.labels for f in label.fences] if c.labels else []
    return sorted((*c.blocks, *fences), key=lambda b: b.line) if fences else c.blocks
