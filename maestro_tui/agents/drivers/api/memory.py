"""The conversation as it goes, written down: a killed runner's agent goes on where it was.

Each line is an addition: a message, the result of a tool as soon as it is there, words of a person.
What is read back is what the service was sent, but for secrets.
"""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

from maestro_tui.agents import files

if TYPE_CHECKING:
    from typing import Any

    from maestro_tui.agents.secrets import Redactor

FILE = "conversation.jsonl"
SAID = "The operator says while you work: "


class Memory:
    """One conversation's messages. Exists so that no finished step is done or paid for twice."""

    def __init__(self, folder: str, redactor: Redactor) -> None:
        path = os.path.join(folder, FILE)
        self._redact = redactor
        self.messages: list[dict[str, Any]] = []
        self.words: list[str] = []  # said by people, not yet heard by the model
        self.answers: list[tuple[str, dict[str, Any]]] = []  # model and tokens of each
        self._results: list[dict[str, Any]] = []  # of the last answer's calls, as they come
        for line in files.LineReader(path).read():
            self._take(line)
        self.resumed = bool(self.messages)
        self._file = files.open_append(path)

    def answer(self, content: list[Any], model: str, usage: dict[str, Any]) -> None:
        """The model has spoken."""
        blocks = [_plain(block) for block in content]
        self._add({"role": "assistant", "content": blocks, "model": model, "usage": usage})

    def say(self, content: list[dict[str, Any]]) -> None:
        """Put this before the model; it grows by all that people have said meanwhile."""
        content.extend(_text(SAID + text) for text in self.words)
        if content:
            self._add({"role": "user", "content": list(content)})

    def tell(self, text: str) -> None:
        """Words of a person, to be heard with the next result."""
        self._add({"said": text})

    def finished(self, tool: str, given: dict[str, Any], words: str, *, ok: bool) -> None:
        """A tool has come to its end; the others of the same answer may not."""
        call = next((c for c in self._open() if (c["name"], c["input"]) == (tool, given)), None)
        if call is not None:
            result = {"type": "tool_result", "tool_use_id": call["id"], "content": words}
            self._add({"result": result if ok else {**result, "is_error": True}})

    def mend(self, why: str) -> None:
        """After a cut: every tool call needs an answer before the model can be spoken to."""
        cut = [
            {"type": "tool_result", "tool_use_id": call["id"], "content": why, "is_error": True}
            for call in self._open()
        ]
        if self._results or cut:
            self._add({"role": "user", "content": [*self._results, *cut]})

    def _open(self) -> list[dict[str, Any]]:
        """Calls of the last answer that have no result."""
        last = self.messages[-1] if self.messages else {"role": ""}
        if last["role"] != "assistant":
            return []
        known = {result["tool_use_id"] for result in self._results}
        return [b for b in last["content"] if b["type"] == "tool_use" and b["id"] not in known]

    def _add(self, line: dict[str, Any]) -> None:
        self._take(line)
        text = json.dumps(line, ensure_ascii=False, separators=(",", ":"), default=str)
        clean = self._redact.line(text.encode("utf-8", "replace"))
        files.write_all(self._file, clean + b"\n")

    def _take(self, line: dict[str, Any]) -> None:
        role, content = line.get("role"), line.get("content")
        if isinstance(line.get("said"), str):
            self.words.append(line["said"])
        elif isinstance(line.get("result"), dict):
            self._results.append(line["result"])
        elif role == "assistant" and isinstance(content, list):
            self.messages.append({"role": role, "content": content})
            self.answers.append((str(line.get("model")), line.get("usage") or {}))
            self._results = []
        elif role == "user" and isinstance(content, list):
            self._results = []
            heard = {block.get("text") for block in content if isinstance(block, dict)}
            self.words = [text for text in self.words if SAID + text not in heard]
            if self.messages and self.messages[-1]["role"] == "user":
                content = [*self.messages.pop()["content"], *content]
            self.messages.append({"role": "user", "content": content})

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._file)


def _plain(block: Any) -> dict[str, Any]:
    """A block as the service takes it back."""
    hidden = getattr(block, "__api_exclude__", None)
    found: dict[str, Any] = block.model_dump(
        mode="json", exclude_unset=True, by_alias=True, exclude=hidden
    )
    return found


def _text(words: str) -> dict[str, Any]:
    return {"type": "text", "text": words}
