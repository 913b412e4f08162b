"""What a title names by word and number: a task, a step, a stream, a phase, a wave."""

from __future__ import annotations

import re
from functools import lru_cache

from maestro_tui.plans.keys import clean
from maestro_tui.plans.marks import bare

_WORDS = {
    "task": r"task|todo|to-do|ticket|story|user story|issue|work ?item|(?:work ?)?package|wp|"
            r"slice|pr|pull request|"
            r"change|deliverable|feature|bug|タスク|任务|任務|작업|tarea|tâche|tarefa|aufgabe|"
            r"задача|nhiệm vụ",
    "step": r"step|schritt|paso|étape|passo|ステップ|手順|步骤|bước|шаг",
    "stream": r"work ?stream|stream|track|lane|worktree|(?:sub-?)?agent|worker|team|"
              r"developer|engineer|squad",
    "phase": r"phase|stage|milestone|epic|sprint|iteration|"
             r"(?:(?:execution|task|parallel|work) )?(?:wave|batch|round|group)|"
             r"part|layer|tier|cycle|level|block|"
             r"fase|etapa|bloque|bloco|フェーズ|阶段|階段|단계|giai đoạn|этап|phasen?|"
             r"étape majeure",
}  # fmt: skip
_ID = (
    r"\d+(?:[.\-]\d+)*[A-Za-z]?(?![\w])|[A-Z]{1,8}-?\d+(?:\.\d+)*[a-z]?(?![\w])|[A-Z](?![\w])|"
    r"[IVX]+(?![\w])"
)
_SEPARATOR = r"\s*(?:[:.)：、\]]|[-–—]+|\s)\s*"
_NAMED = {
    kind: re.compile(
        rf"(?i:{words})(?:s?[\s#:：._-]+({_ID})|(\d+(?:[.\-]\d+)*[A-Za-z]?)(?![\w]))(?:{_SEPARATOR}(.*))?$"
    )
    for kind, words in _WORDS.items()
}
_ROUND = re.compile(
    r"(?:(?:execution|task|parallel|work) )?(?:wave|batch|round|group)s?[\s#:._-]+"
    r"(?:\d+|[A-Z])(?![\w])",
    re.IGNORECASE,
)
_TASK_LIST = re.compile(
    r"(?:my |the |open |remaining )?(?:to-?\s?dos?|tasks?|work ?items|steps|changes|plan|"
    r"backlog|(?:implementation|migration|refactoring) (?:plan|steps|tasks)|what to do|"
    r"aufgaben|schritte|tareas|pasos|tâches|étapes|タスク|任务|작업)(?: list)?",
    re.IGNORECASE,
)
_CJK_PHASE = re.compile(
    r"第\s*([0-9]+|[一二三四五六七八九十]+)\s*(?:阶段|階段|フェーズ|步|部分|단계)\s*[:：、.]?\s*(.*)$"
)


def named(title: str, kind: str) -> tuple[str, str] | None:
    """The id and the rest of a title such as ``Phase 2: Models``; None for any other."""
    return _short_named(title, kind) if len(title) <= 200 else _find_name(title, kind)


def _find_name(title: str, kind: str) -> tuple[str, str] | None:
    plain = bare(title)
    found = _NAMED[kind].match(plain)
    if found is None and kind == "phase":
        found = _CJK_PHASE.match(plain)
    if found is None:
        return None
    name = found[1] or found[2] if found.re.groups == 3 else found[1]
    return name, clean(found[found.re.groups] or "").strip(" -–—:：")


_short_named = lru_cache(maxsize=1 << 16)(_find_name)


def is_round(title: str) -> bool:
    """Whether a heading names a set of tasks that start together: ``Wave 2``, ``Task Group B``."""
    return _ROUND.match(bare(title)) is not None


def lists_work(title: str) -> bool:
    """Whether plain list items beneath a heading may each be a task."""
    return is_round(title) or _TASK_LIST.fullmatch(bare(title)) is not None


def is_work_heading(title: str) -> bool:
    """Whether a title names a piece of work by word and number, whatever else its words say."""
    return any(named(title, kind) for kind in _NAMED)
