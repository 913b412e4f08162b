"""Events come at a rate that people can follow, and nothing that matters is left out."""

from __future__ import annotations

import json
from typing import Any

from maestro_tui.agents.observe import BURST, EVERY_S, PER_S, Observer


class Scene:
    """An observer with a clock of its own."""

    def __init__(self) -> None:
        self.now = 100.0
        self.events: list[tuple[str, dict[str, Any]]] = []
        self.asked: list[tuple[str, str, str]] = []
        self.observer = Observer(self._emit, lambda *a: self.asked.append(a), lambda: self.now)

    def _emit(self, kind: str, **fields: Any) -> None:
        self.events.append((kind, fields))

    def take(self, *lines: bytes) -> None:
        self.observer.take(list(lines), sum(len(line) + 1 for line in lines))

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [fields for k, fields in self.events if k == kind]


def assistant(number: int) -> bytes:
    usage = {"input_tokens": 1, "output_tokens": 1}
    return json.dumps({"type": "assistant", "message": {"id": number, "usage": usage}}).encode()


def test_activity_comes_at_once_and_then_twice_a_second() -> None:
    scene = Scene()
    for number in range(20):
        scene.take(f"line {number}".encode())
        scene.now += 0.125  # exact in binary
    told = [e["text"] for e in scene.of("activity")]
    assert told == ["line 0", "line 4", "line 8", "line 12", "line 16"]
    assert scene.observer.due() is not None
    scene.observer.tell()
    assert scene.of("activity")[-1] == {"text": "line 19", "bytes": 150}
    assert scene.observer.due() is None


def test_usage_is_told_twice_a_second_and_at_the_end() -> None:
    scene = Scene()
    for number in range(50):
        scene.take(assistant(number))
    assert len(scene.of("usage")) == 1
    scene.now += EVERY_S
    scene.observer.tell()
    assert scene.of("usage")[-1]["input"] == 50
    scene.take(assistant(51))
    scene.observer.finish([])
    assert scene.of("usage")[-1]["input"] == 51


def test_a_flood_is_cut_and_counted() -> None:
    scene = Scene()
    scene.take(*[b"x"] * (BURST + 100))
    assert len(scene.of("text")) == BURST
    scene.now += 1.0
    scene.take(*[b"y"] * 100)
    assert scene.of("text")[BURST]["text"] == "(100 lines of output are only in the log)"
    assert len(scene.of("text")) == BURST + 1 + PER_S


def test_a_flood_does_not_hide_the_result_or_a_question() -> None:
    scene = Scene()
    request = {"subtype": "can_use_tool", "tool_name": "Bash", "input": {"command": "x"}}
    ask = {"type": "control_request", "request_id": "p1", "request": request}
    end = {"type": "result", "is_error": True, "result": "out of money"}
    scene.take(*[b"x"] * 1000, json.dumps(ask).encode(), json.dumps(end).encode())
    assert scene.asked == [("p1", "Bash", "x")]
    assert scene.of("result") == [{"ok": False, "summary": "out of money"}]
    assert scene.observer.failure == "out of money"


def test_a_flood_of_json_is_cut_too() -> None:
    scene = Scene()
    block = {"type": "tool_use", "name": "Bash", "input": {"command": "ls"}}
    line = json.dumps({"type": "assistant", "message": {"content": [block]}}).encode()
    scene.take(*[line] * 5000)
    assert len(scene.of("tool")) == BURST


def test_the_last_words_are_readable() -> None:
    scene = Scene()
    scene.take(b"plain", b"  ")
    assert scene.observer.last == "plain"
    block = {"type": "tool_use", "name": "Write", "input": {"file_path": "a.py"}}
    scene.take(json.dumps({"type": "assistant", "message": {"content": [block]}}).encode())
    scene.take(json.dumps({"type": "system", "subtype": "init"}).encode(), b"")
    assert scene.observer.last == "Write a.py"
    scene.take(*[b"\x1b[1mflood\x1b[0m"] * 1000)
    assert scene.observer.last == "flood"
