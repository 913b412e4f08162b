"""Forms an agent has its user fill in: each field is one question to the operator."""

from __future__ import annotations

from typing import TYPE_CHECKING

from maestro_tui.agents.stream import clip

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from maestro_tui.agents.desk import Desk

TOOL = "AskUserQuestion"
_MOST_FIELDS = 20
_TRIES = 3
_YES, _NO = "Yes", "No"


class Declined(Exception):
    """The operator, or the policy, does not answer; the words say why."""


async def fill_in(
    desk: Desk, message: str, schema: dict[str, Any], redact: Callable[[str], str]
) -> dict[str, Any]:
    """The fields and what was answered; Declined where nobody does."""
    fields = schema.get("properties")
    fields = fields if isinstance(fields, dict) else {}
    names = [name for name, field in fields.items() if isinstance(field, dict)]
    asked = [name for name in names if not _is_other(name, fields)][:_MOST_FIELDS]
    answers: dict[str, Any] = {}
    for name in asked:
        words = _question(message, fields[name], alone=len(asked) == 1)
        field = fields[name]
        choices = [redact(label) for label in _labels(field)]
        for attempt in range(_TRIES):
            more = f" ({_wanted(field)})" if attempt else ""
            answer = await desk.ask(TOOL, redact(words) + more, form="question", choices=choices)
            if not answer.allow:
                raise Declined(answer.text)
            value = _value(field, answer.text, choices)
            if value is None and f"{name}_custom" in fields:  # a field for other words
                answers[f"{name}_custom"] = answer.text
                break
            if value is not None:
                answers[name] = value
                break
        else:
            raise Declined(f"the answer is not {_wanted(field)}")
    if not asked and not (await desk.ask(TOOL, redact(clip(message)), form="question",
                                         choices=[_YES])).allow:  # fmt: skip
        raise Declined("")
    return answers


def _is_other(name: str, fields: dict[str, Any]) -> bool:
    base = name.removesuffix("_custom")
    return base != name and isinstance(fields.get(base), dict) and bool(_labels(fields[base]))


def _question(message: str, field: dict[str, Any], *, alone: bool) -> str:
    about = str(field.get("description") or "") or ("" if alone else str(field.get("title") or ""))
    return clip(f"{message}\n{about}".strip() if about and about != message else message) or "?"


def _options(field: dict[str, Any]) -> list[tuple[str, Any]]:
    """Labels and values of a field that is a choice."""
    if field.get("type") == "boolean":
        return [(_YES, True), (_NO, False)]
    inner = field.get("items") if field.get("type") == "array" else field
    if not isinstance(inner, dict):
        return []
    titled = inner.get("oneOf") or inner.get("anyOf") or ()
    found = [(str(o.get("title") or o["const"]), o["const"]) for o in titled
             if isinstance(o, dict) and "const" in o]  # fmt: skip
    return found or [(str(value), value) for value in inner.get("enum") or ()]


def _labels(field: dict[str, Any]) -> list[str]:
    return [clip(label, 100) for label, _ in _options(field)]


def _value(field: dict[str, Any], text: str, choices: list[str]) -> Any:
    """The answer as the field wants it; None where it is none."""
    options = dict(zip(choices, (value for _, value in _options(field)), strict=False))
    plain = {str(value): value for value in options.values()}
    text = text.strip()
    kind = field.get("type")
    if kind == "array":
        if text in options:
            return [options[text]]
        parts = [part.strip() for part in text.split(",") if part.strip()]
        found = [options.get(part, plain.get(part)) for part in parts]
        return found if found and None not in found else (None if options else parts)
    if options:
        return options.get(text, plain.get(text))
    try:
        if kind == "integer":
            return int(text)
        if kind == "number":
            return float(text)
    except ValueError:
        return None
    return text


def _wanted(field: dict[str, Any]) -> str:
    if _options(field):
        return "one of the choices"
    return {"integer": "a whole number", "number": "a number"}.get(str(field.get("type")), "text")
