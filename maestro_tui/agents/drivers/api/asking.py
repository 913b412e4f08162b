"""A tool by which the model asks its operator, where the package brings none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from anthropic.lib.tools import BetaAsyncBuiltinFunctionTool, ToolError

from maestro_tui.agents.stream import clip

if TYPE_CHECKING:
    from typing import Any

    from maestro_tui.agents.desk import Desk
    from maestro_tui.agents.secrets import Redactor

NAME = "ask_user"
_MOST = 9  # as many as have a key of their own
_LONGEST = 100
_NOBODY = "Nobody answers; decide yourself and say what you assumed."


class AskUser(BetaAsyncBuiltinFunctionTool):  # type: ignore[misc]
    """Puts a question before a person and waits for as long as it takes."""

    def __init__(self, desk: Desk, redactor: Redactor) -> None:
        self._desk, self._redact = desk, redactor

    def to_dict(self) -> Any:
        """As the service is told of it."""
        text = {"type": "string"}
        return {
            "name": NAME,
            "description": (
                "Ask the operator something that only a person can decide and that you cannot "
                "find out yourself. The work rests until it is answered."
            ),
            "input_schema": {
                "type": "object",
                "properties": {
                    "question": {**text, "description": "One question, with what it is about."},
                    "options": {
                        "type": "array",
                        "items": text,
                        "maxItems": _MOST,
                        "description": "Short answers to choose from; others can be given too.",
                    },
                },
                "required": ["question"],
            },
        }

    async def call(self, input: object) -> Any:
        """The answer in the operator's words."""
        given = input if isinstance(input, dict) else {}
        question = self._redact.text(clip(given.get("question")))
        if not question:
            raise ToolError(f"{NAME}: the question is missing")
        options = given.get("options")
        labels = [_label(o) for o in options] if isinstance(options, list) else []
        choices = [self._redact.text(label) for label in labels if label]
        answer = await self._desk.ask(
            "AskUserQuestion", question, form="question", choices=choices[:_MOST]
        )
        if not answer.allow:
            raise ToolError(answer.text or _NOBODY)
        return f"The operator's answer: {answer.text}"


def _label(option: object) -> str:
    """A choice; models know those of other agents, which have a label and a description."""
    label = option.get("label") if isinstance(option, dict) else option
    return " ".join(clip(label, _LONGEST).split())
