"""The files a sentence says will be written: ``Update `a.py`: ...``, ``Add a model in src/b.py``.

A path in prose is often only an example, a route or a thing to read. So one counts only where a
verb or a preposition in front of it says that the work happens there; others are kept as mentions.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from maestro_tui.plans.blocks import Block
from maestro_tui.plans.file_words import FileWord, at_the_top, file_words, is_file, linked_path
from maestro_tui.plans.paths import PathRef, looks_like_path, strip_path

_MAKE = (
    r"creat(?:e|es|ing)|writ(?:e|es|ing)|new|scaffold|generate|author|draft"
    r"|crear|crea|créer|crée|criar|creare|erstelle|lege|создать|tạo"
)
_PUT = (
    r"add(?:s|ing)?|implement(?:s|ing)?|introduce|build|set up|setup|initiali[sz]e|define|"
    r"document|declare"
    r"|añadir|añade|agregar|agrega|implementar|ajouter|ajoute|implémenter|adicionar|aggiungere|"
    r"implementiere|ergänze|füge|добавить|реализовать|thêm"
)
_MODIFY = (
    r"updat(?:e|es|ing)|modif(?:y|ies|ying)|edit(?:s|ing)?|chang(?:e|es|ing)|extend(?:s|ing)?|refactor|fix(?:es)?|"
    r"wire|register|integrate|enhance|replace|adjust|configure|expose|export|rewrite|convert|migrate|patch|"
    r"append|insert|rework|complete|finish|finali[sz]e|expand|restructure|"
    r"simplify|clean up|deprecate|enable|hook|adapt|port|split|improve|"
    r"optimi[sz]e|wrap|"
    r"harden|move|rename|extract|mount|pass|use|apply|bump|annotate|delegate|inject|make|normali[sz]e|switch"
    r"|actualizar|actualiza|modificar|modifica|editar|edita|cambiar|ampliar|extender|"
    r"mettre à jour|modifier|modifie|"
    r"étendre|corriger|adapter|atualizar|aggiornare|modificare|aktualisiere|ändere|passe|erweitere|"
    r"обновить|изменить|исправить|cập nhật|sửa"
)
_DELETE = (
    r"delet(?:e|es|ing)|remov(?:e|es|ing)|drop"
    r"|eliminar|elimina|quitar|borrar|supprimer|supprime|remover|rimuovere|lösche|entferne|удалить|xóa"
)
# For text in lower case: sought without regard to case it would be the slowest of all patterns.
_VERB = re.compile(rf"\b(?:({_MAKE})|({_PUT})|({_MODIFY})|({_DELETE}))\b")
# Sought only where those above find nothing: most plans are in English.
_MORE_VERBS = re.compile(
    r"\b(?:(escrever|escribir|écrire|creëer|написать|viết|novos? arquivos?|"
    r"nuevos? archivos?|nouveaux? fichiers?|neue dateien?|nuov[oi] file)|"
    r"(documentar|documenter|implementeer|documenteer|voeg)|"
    r"(estender|estendere|alterar|refatorar|corrigir|ajustar|configurar|registrar|substituir|"
    r"refactorizar|corregir|configurer|remplacer|konfiguriere|ersetze|configureer|wijzig|расширить|"
    r"настроить)|(verwijder))\b"
)
_PLACE = re.compile(
    r"\b(?:in|into|inside|within|under|at|to|from|en|dans|em|nel|trong|в)\b\s*(?:the\s+|a\s+|new\s+|existing\s+|file\s+)*[`*(\[]*$",
    re.I,
)
_PLACES = frozenset(
    ["in", "into", "inside", "within", "under", "at", "to", "from", "en", "dans", "em", "nel",
     "trong", "в", "the", "a", "new", "existing", "file"]
)  # fmt: skip
_HEAD = re.compile(
    r"^(?:in|edit|file|new file|new|modify|update|create|add|delete|remove)?[\s:*`\[(]*$",
    re.IGNORECASE,
)
_JOIN = re.compile(r"^[\s,;&+)\]`*]*(?:and|or|und|et|と|および|、)?[\s`*(\[]*$", re.IGNORECASE)
_EXPLAINS = re.compile(r"[`*)\s]*(:|\s[-–—])\s")
_NEW = re.compile(r"[(\[]\s*(new|create[ds]?|added)\b", re.IGNORECASE)
_FROM = re.compile(r"from\b", re.IGNORECASE)
_CODE = re.compile(r"`([^`]+)`")
_APART = re.compile(r"[:.;]\s|`[^`]+`")  # ends what a verb speaks of
_NEAR = 80  # how far before a path the words that speak of it may stand
_TO_LOOK_AT = re.compile(
    r"\b(?:references?|imports?|calls?|links?|according|similar|relative|compared|equal|writes?) "
    r"to\b[\s`]*$",
    re.IGNORECASE,
)
# German puts its verb last: "Den Parser in `src/a.py` anlegen".
_GERMAN = re.compile(
    r"\b(?:(anlegen|erstellen)|(hinzufügen|ergänzen|aktualisieren|ändern|anpassen|erweitern|"
    r"implementieren|umbauen|umstellen|einbauen)|(löschen|entfernen))\b"
)
_CJK = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff\uac00-\ud7af]")
_CJK_VERB = re.compile(
    r"(作成|新規|生成|创建|新建|新增|생성|작성)|(追加|実装|更新|建立|写入|修正|変更|拡張|編集|統合|移行|"
    r"改修|登録|導入|添加|实现|修改|注册|补充|完善|重构|调整|扩展|优化|增加|引入|替换|修复|迁移|配置|實作|調整|"
    r"추가|구현|수정|변경|등록|적용|개선|확장)|(削除|删除|刪除|移除|삭제)"
)
_CJK_READ = re.compile(r"(?:参考|参照|參考|遵循|依据|详见|참고)[：:]?\s*[`\[(]*$")
_CJK_UNCHANGED = re.compile(r"不需修改|無需修改|无需修改|変更不要|変更なし|수정 불필요")


def says_to_do(text: str) -> bool:
    """Whether a line begins with a verb of work: ``Add retries``, ``**Fix** the parser``."""
    lower = _lowered(text.lstrip("*_` "))
    return (_VERB.match(lower) or _MORE_VERBS.match(lower)) is not None


def inline_files(text: str, line: int, default: str = "") -> list[PathRef]:
    """The files one line says are written, in order; ``default`` is the action where no verb tells.

    With a default even a line without a verb counts, as long as a preposition leads to the path.
    """
    words = file_words(text)
    if not words:
        return []
    if not text.isascii() and _CJK.search(text):
        return _cjk_files(text, line, default)
    out: list[PathRef] = []
    lower, last = _lowered(text), words[-1].start
    verbs = list(_VERB.finditer(lower, 0, last)) or list(_MORE_VERBS.finditer(lower, 0, last))
    passed = 0
    end = -1
    used: set[int] = set()
    for word in words:
        if "/" not in word.path and word.plain and not default:
            continue
        if out and _EXPLAINS.match(text, end):
            break  # what follows the colon explains the change
        while passed < len(verbs) and verbs[passed].end() <= word.start:
            passed += 1
        if out and _joins(text[end : word.start]):
            action = out[-1].action
        else:
            verb = verbs[passed - 1] if passed else None
            found = _led(text, word.start, verb, used, default)
            if found is None:
                continue
            action = found
        out.append(PathRef(word.path, action, line))
        end = word.end
    return out


def _lowered(text: str) -> str:
    """The text in lower case, as long as every letter keeps its place."""
    lower = text.lower()
    return lower if len(lower) == len(text) else text


def _joins(between: str) -> bool:
    """Whether a path goes on the list of the one before: ``a.py, b.py and c.py``."""
    return len(between) <= 40 and _JOIN.match(between) is not None


def _led(
    text: str, start: int, verb: re.Match[str] | None, used: set[int], default: str
) -> str | None:
    """The action that the words before a path give it; None when they do not speak of it."""
    head = text[max(0, start - _NEAR) : start]
    placed = _PLACE.search(head) if _may_place(head) else None
    if placed and placed[0][:2].lower() == "to" and _TO_LOOK_AT.search(head):
        return None
    if verb is None:
        if (last := _GERMAN.search(text, start)) is not None:
            return "create" if last[1] else "delete" if last[3] else "modify"
        first = start <= _NEAR and _HEAD.match(head) is not None
        return (default or "modify") if first or (placed and default) else None
    if placed and _FROM.match(placed[0]) and not verb[4]:
        return None
    near = _leads(text[verb.end() : start])
    if not placed and (verb.start() in used or not near):
        return None
    used.add(verb.start())
    if verb[4]:
        return "modify" if placed and "from" in placed[0] else "delete"
    if placed is None:
        return "modify" if verb[3] else "create"
    return "create" if verb[1] and not default else default or "modify"


def _may_place(head: str) -> bool:
    """Whether the last word could be, or follow, a preposition: most often it is a verb."""
    words = head.rstrip("`*([").rsplit(None, 1)
    return bool(words) and (not words[-1].isalpha() or words[-1].lower() in _PLACES)


def _leads(between: str) -> bool:
    """Whether the words between a verb and a path still speak of that path."""
    return len(between) <= 60 and _APART.search(between) is None


def _cjk_files(text: str, line: int, default: str) -> list[PathRef]:
    """Japanese, Chinese and Korean put the verb last: the first path is what it is about."""
    verb = _CJK_VERB.search(text)
    if verb is not None and _CJK_UNCHANGED.search(text):
        return []
    action = default or "modify"
    if verb is not None:
        action = "create" if verb[1] else "modify" if verb[2] else "delete"
    out: list[PathRef] = []
    short: list[PathRef] = []  # a name without a folder, for a line that names nothing else
    end = -1
    for word in file_words(text):
        if out and not _joins(text[end : word.start]):
            break
        if _CJK_READ.search(text[: word.start]):
            continue
        if "/" not in word.path and not at_the_top(word.path):
            if default and not short:
                short.append(PathRef(word.path, action, line))
            continue
        if verb is None and not default and _HEAD.match(text[: word.start]) is None:
            return []
        out.append(PathRef(word.path, action, line))
        end = word.end
    return out or short


_UNCHANGED = re.compile(
    rf"\b(?:no changes?|not changed|unchanged|no modifications?|sem alterações|sin cambios)\b|"
    rf"{_CJK_UNCHANGED.pattern}",
    re.IGNORECASE,
)


def leading_file(text: str, line: int) -> PathRef | None:
    """The file an item is about when it starts with its path: ``- `src/a.py` — the parser``."""
    word = next(iter(file_words(text)), None)
    if word is None or "/" not in word.path or text[: word.start].strip("*_"):
        return None
    rest = text[word.end : word.end + 40]
    if _UNCHANGED.search(rest):
        return None
    found = _VERB.search(_lowered(rest))
    action = "create" if _NEW.search(rest) else "delete" if found and found[4] else "modify"
    return PathRef(word.path, action, line)


_OWNS = re.compile(
    r"^\W*(?:it |this \w+ |exclusively )?(?:owns?|is responsible for|responsible for|may (?:only )?"
    r"(?:write|touch|edit|change)|works? (?:only )?(?:on|in)|touches|writes)"
    r"[*_]*[:：]?\s+(?:only |the )*",
    re.IGNORECASE,
)


def owned_files(text: str, line: int) -> list[PathRef]:
    """The files and folders a sentence says somebody owns: ``Owns `src/a.py` and `docs/`.``"""
    words = file_words(text)
    found = _OWNS.match(text) if words else None
    if found is None:
        return []
    out: list[PathRef] = []
    end = found.end()
    for word in words:
        between = text[end : word.start]
        if word.start < end or (between.strip(" `") and not _joins(between)):
            break
        out.append(PathRef(word.path, "", line))
        end = word.end
    return out


_TO_READ = re.compile(
    r"\W*(?:read|review|see|study|understand|check|follow|inspect|analy[sz]e|explore|verify|run|"
    r"re-?run|open|look|compare|audit|confirm|ensure|test)\b",
    re.IGNORECASE,
)
_OPENS = re.compile(r"(?:[(\[（]|\s(?:[-–—|]|->|=>|→)|[:：→])\s*[`*]*$")
_CLOSES = re.compile(r"[`*]*\s*(?:[)\]）,;]|$|\s[-–—|]\s|\((?!\w+\)/))")


def aside_files(text: str, line: int) -> list[PathRef]:
    """The files that stand alone beside a title: ``Models (`src/a.py`)``, ``API - a/b.py``.

    No verb speaks of them and none is needed: a title has no other reason to name a file there.
    """
    out: list[PathRef] = []
    end = -1
    for word in file_words(text):
        listed = bool(out) and _joins(text[end : word.start])
        last = not text[word.end :].strip("`*. ")
        if listed or _is_beside(text, word) or (last and text[word.start] == "`"):
            out.append(PathRef(word.path, "", line))
            end = word.end
    return [] if out and (_TO_READ.match(text) or _UNCHANGED.search(text)) else out


def _is_beside(text: str, word: FileWord) -> bool:
    before = text[max(0, word.start - 6) : word.start]
    return bool(_OPENS.search(before) and _CLOSES.match(text, word.end))


_COLUMN = re.compile(
    r"^[\W_]*(files?|path|file ?path|file ?name|location|ファイル|文件|파일|archivo|fichier|"
    r"datei|файл|tệp)",
    re.I,
)


def table_files(block: Block) -> list[PathRef]:
    """The files of a table that has a column of them, with the action its row names."""
    if not block.rows or not any(_COLUMN.match(c) for c in block.rows[0]):
        return []
    column = next(n for n, c in enumerate(block.rows[0]) if _COLUMN.match(c))
    out = []
    for offset, row in enumerate(block.rows[1:], 2):
        if column >= len(row):
            continue
        rest = " ".join(c for n, c in enumerate(row) if n != column)[:80]
        verb = _VERB.search(_lowered(rest))
        action = _action_of(verb)
        for raw in _CODE.findall(row[column]) or [row[column]]:
            path = strip_path(linked_path(raw) or raw)
            if is_file(path) or (looks_like_path(path) and "/" in path and " " not in path):
                out.append(PathRef(path, action, block.line + offset))
    return out


def _action_of(verb: re.Match[str] | None) -> str:
    """What a verb found alone in a cell says is done."""
    if verb is None:
        return ""
    return "create" if verb[1] or verb[2] else "modify" if verb[3] else "delete"


def mentioned(texts: Iterable[str]) -> list[str]:
    """Every path-like word, once: what an agent may want to look at without writing it."""
    out: dict[str, None] = {}
    for text in texts:
        for word in file_words(text):
            out[word.path] = None
    return list(out)
