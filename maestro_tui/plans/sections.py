"""What a heading's title says about the lines beneath it: work, criteria, context, order ...

Half of all plans hold lists that look like tasks and are none: acceptance boxes, timelines, notes.
Titles are the surest sign, so the words are kept here, in the languages plans are written in.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from maestro_tui.plans.blocks import Section
from maestro_tui.plans.marks import bare

# The first class whose pattern is found in a title wins; the order is from specific to general.
_CLASSES: tuple[tuple[str, str], ...] = (
    ("work", r"\b(implementation|migration|refactoring|upgrade|proposed) (approach|steps|plan|"
             r"tasks)\b|\bwhat (needs|has|have) to (happen|be done|change)\b"),
    ("negative", r"\b(do not|don'?t|must not|not (to|in) |out[ -]of[ -]scope|non[- ]?goals?|"
                 r"forbidden|"
                 r"files? to (preserve|keep)|off[- ]limits|not (doing|changing|included)|"
                 r"exclu(ded|sions?)|"
                 r"unchanged|untouched|guardrails)\b|対象外|スコープ外|やらないこと|不在范围|范围外|제외|"
                 r"fuera de alcance|hors périmètre|nicht im umfang"),
    ("criteria", r"\b(acceptance|success (criteria|metrics|factors?)|definition of (done|ready)|"
                 r"done when|"
                 r"critical success|exit criteria|(completion|quality|readiness|review|final|"
                 r"validation|"
                 r"verification|release|pre-?flight|sign-?off|testing|test|launch|deployment|compliance|"
                 r"go-?live|security|self-?review|constitution) "
                 r"(check ?list|criteria|checks?)|check ?list|must[- ]haves?|dod|criteria|kpis?|"
                 r"metrics|"
                 r"expected (outcomes?|results?|behaviou?r)|outcomes?|deliverables|requirements?|"
                 r"goals?|objectives?)\b|受け入れ|受入|完了条件|完了基準|成功基準|验收|成功标准|"
                 r"완료 ?조건|"
                 r"성공 ?기준|tiêu chí|criterios|critères|akzeptanz|критери"),
    ("timeline", r"\b(time ?line|schedule|gantt|(project|release|delivery|team) calendar|"
                 r"week(s|ly)? plan|estimated (effort|time|"
                 r"duration)|"
                 r"effort|estimates?|completion times|time estimates?|road ?map overview)\b|"
                 r"スケジュール|时间表|일정|"
                 r"cronograma|lịch trình|zeitplan"),
    ("log", r"\b(change ?log|notable changes|release notes|what'?s (new|changed)|"
            r"history|revision|progress( (log|notes?|tracking|summary))?|"
            r"completion notes|"
            r"dev(eloper)? agent record|agent record|qa results|debug log|decision log|"
            r"retro(spective)?|"
            r"lessons|session notes|status (log|update)|completed (work|tasks)|file list|"
            r"what was done|implementation notes|(files|issues|bugs|errors|problems|tests) "
            r"(fixed|resolved)|fix(es)? applied|changes made)\b|変更履歴|更新日志|변경 이력"),
    ("verification", r"\b(verif(y|ication)|validation|validate|quality gates?|gates?|how to "
                     r"(test|verify)|"
                     r"test(ing)? (plan|strategy|approach|scenarios?|cases?)|manual test(s|ing)?|"
                     r"smoke tests?|"
                     r"qa|testing)\b|検証|動作確認|テスト計画|验证|测试计划|검증|kiểm thử|"
                     r"verificación|überprüfung|проверк"),
    ("dependencies", r"\b(dependenc(y|ies)|execution order|order of (execution|implementation)|"
                     r"implementation order|ordering|sequenc(e|ing)|critical path|build order|"
                     r"merge order|parallel(ization|ism| execution| opportunities| guidance| "
                     r"example)?|"
                     r"execution (strategy|waves)|wave(s| structure))\b|依存関係|実行順|依赖|의존|"
                     r"thứ tự|dependencias|dépendances|abhängigkeit|зависимост"),
    ("files", r"\b((critical|key|affected|relevant|changed?|modified|new|target|source|created) "
              r"files?|"
              r"files?( (to|that|and|touched|changed|modified|affected|summary|overview|structure|"
              r"created|list|map))?.*|file (structure|changes|map|summary|overview)|(project|"
              r"directory|folder) "
              r"(structure|layout)|code ?base)\b|対象ファイル|ファイル一覧|変更ファイル|文件|"
              r"檔案|파일|archivos|fichiers|dateien"),
    ("context", r"\b(overview|summary|introduction|background|context|motivation|problem|why|"
                r"current "
                r"(state|situation|status|behaviou?r|architecture|flow)|existing|architecture|"
                r"design( decisions?)?|"
                r"approach|rationale|analysis|research|findings|assumptions?|constraints?|risks?|mitigation|"
                r"references?|resources|related|appendix|glossary|notes?|open questions?|"
                r"questions|faq|"
                r"decisions?|trade-?offs?|alternatives|concepts?|conventions?|tech(nical|"
                r"nology)? stack|stack|"
                r"root cause|tl;?dr|scope|how it works|usage|examples?|legend|format|"
                r"getting started|installation|license|contributing|prerequisites?|data model|"
                r"interfaces?|api|schema|security|monitoring|rollback( plan)?|future|"
                r"user stor(y|ies)|personas?|vision|execution flow|path conventions?|input|"
                r"output|story|"
                r"commit (strategy|plan|message)|benefits?|important)\b|概要|背景|設計|目的|方針|"
                r"^(?:参考|參考|참고)|"
                r"概述|설계|배경|"
                r"개요|tổng quan|bối cảnh|resumen|contexto|aperçu|contexte|überblick|обзор|"
                r"контекст"),
    ("work", r"\b(implementation|tasks?|todos?|to-?dos?|steps?|plan|work( ?items?| breakdown| "
             r"packages?)?|"
             r"action items?|actions|changes|proposed changes|backlog|breakdown|deliver|execution|"
             r"phases?|milestones?|road ?map|build|migration|refactor(ing)?|fix(es)?|remaining|"
             r"next steps|"
             r"subtasks?|stories|features|prompts|procedure|instructions|what to do|rollout)\b|"
             r"実装|タスク|手順|作業|計画|フェーズ|任务|步骤|计划|实施|实现|任務|步驟|計劃|計畫|實作|實施|"
             r"修改清[單单]|變更清單|작업|구현|단계|계획|nhiệm vụ|"
             r"các bước|triển khai|"
             r"tareas|pasos|implementación|tâches|étapes|aufgaben|schritte|umsetzung|задач|шаги|реализаци"),
)  # fmt: skip
# For titles in lower case: sought without regard to case they take several times as long.
_COMPILED = tuple((name, re.compile(pattern)) for name, pattern in _CLASSES)
_DIGITS = re.compile(r"\d+")
_NUMBER = re.compile(r"[\d.)\s]+")
_ASIDE = re.compile(r"\s[(\[（]")
NO_WORK = frozenset({"criteria", "timeline", "log", "verification", "negative", "context", "files"})
# Where a list can only be an account of tasks stated elsewhere, however it is written.
NEVER_WORK = frozenset({"criteria", "timeline", "log", "negative"})


_LONGEST = 200  # characters of a title that are looked at


def class_of_title(title: str) -> str:
    """The class of one title, or nothing when its words say none."""
    # Titles that differ in a number are of one class: "Part 1" to "Part 900".
    return _class_of_title(_DIGITS.sub("0", title[:_LONGEST]))


@lru_cache(maxsize=1 << 15)
def _class_of_title(title: str) -> str:
    plain = bare(title)
    number = _NUMBER.match(plain)
    head = _ASIDE.split(plain[number.end() if number else 0 :], maxsplit=1)[0].lower()
    for name, pattern in _COMPILED:
        if pattern.search(head):
            return name
    return ""


_PLAN = re.compile(
    r"\b(plans?|tasks?|to-?dos?|road ?map|backlog|work ?(items|breakdown|packages?)|implementation|"
    r"milestones?|sprint|rollout|steps|action items|next steps|migration|refactor(ing)?|"
    r"proposed (changes|solution))\b|"
    r"計画|タスク|実装|手順|任务|计划|步骤|实施|任務|計劃|計畫|步驟|實作|작업|계획|단계|구현|"
    r"kế hoạch|nhiệm vụ|các bước|"
    r"plano?\b|tareas|pasos|tâches|étapes|aufgaben|schritte|umsetzung|задач|план|шаги",
    re.IGNORECASE,
)


def is_plan_title(title: str) -> bool:
    """Whether a title says that what follows is planned work, rather than instructions."""
    return _PLAN.search(title[:_LONGEST]) is not None


def classes_above(section: Section) -> set[str]:
    """Every class met from a section up to the document."""
    lineage: Iterable[Section] = (section, *section.ancestors())
    return {class_of_title(s.title) for s in lineage if s.level > 1} - {""}
