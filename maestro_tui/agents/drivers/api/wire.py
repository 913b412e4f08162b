"""The stream of one answer, checked and gathered before the package sees it.

The package parses a tool's input anew with every piece of it, passes over a body that is no stream,
and takes an answer that was cut off for one that has ended.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from anthropic import AsyncAnthropic
from anthropic._streaming import ServerSentEvent, SSEDecoder

from maestro_tui.agents.lines import LineSplitter
from maestro_tui.agents.stream import clip

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from typing import Any

LONGEST = 64 << 20  # bytes of one answer, and so of one event of it
_PIECES = {  # of what an answer is gathered, and which word of each holds it
    "text_delta": "text",
    "input_json_delta": "partial_json",
    "thinking_delta": "thinking",
}


class BrokenAnswer(Exception):
    """What came is no whole answer of a model. Exists so that it is asked for again."""


class Client(AsyncAnthropic):  # type: ignore[misc]
    """The package's client with ears of ours; ``heard`` is told of the bytes of every chunk."""

    heard: Callable[[int], None]

    def _make_sse_decoder(self) -> Answer:
        return Answer(getattr(self, "heard", lambda _: None))


class Answer:
    """The decoder of one answer: few large events for many small ones, or ``BrokenAnswer``."""

    def __init__(self, heard: Callable[[int], None]) -> None:
        self._heard = heard
        self._fields, self._lines = SSEDecoder(), LineSplitter(LONGEST)
        self._size = 0
        self._begins = b""
        self._whole = False
        self._kind: tuple[Any, ...] = ()  # of the pieces that are being gathered
        self._first: dict[str, Any] = {}
        self._pieces: list[str] = []

    def iter_bytes(self, iterator: Any) -> Any:
        """For the package's other client only."""
        raise NotImplementedError

    async def aiter_bytes(self, chunks: AsyncIterator[bytes]) -> AsyncIterator[Any]:
        """The answer's events."""
        async for chunk in chunks:
            self._heard(len(chunk))
            self._size += len(chunk)
            self._begins = self._begins or chunk.lstrip()[:200]
            if self._size > LONGEST:
                raise BrokenAnswer(f"the answer is longer than {LONGEST >> 20} MB")
            for line in self._lines.feed(chunk):
                for event in self._event(line):
                    yield event
        for line in (*self._lines.finish(), b""):
            for event in self._event(line):
                yield event
        if not self._whole:
            raise BrokenAnswer(self._cut_off())

    def _event(self, line: bytes) -> list[Any]:
        """The events that a line completes, for the package."""
        try:
            words = line.removesuffix(b"\r").decode("utf-8")
        except UnicodeDecodeError as error:
            raise BrokenAnswer(f"the answer holds bytes that are no UTF-8 ({error})") from error
        event = self._fields.decode(words)
        if event is None or event.event is None or event.event == "ping":
            return []
        if event.event == "error":
            self._whole = True
            return [*self._rest(), event]
        data = self._parsed(event)
        kind = _kind(data)
        if not kind:
            self._whole = self._whole or data.get("type") == "message_stop"
            return [*self._rest(), event]
        rest = []
        if kind != self._kind:
            rest, self._kind, self._first = self._rest(), kind, data
        self._pieces.append(_piece(data))
        return rest

    def _parsed(self, event: Any) -> dict[str, Any]:
        if not event.data:
            return {}
        try:
            data = json.loads(event.data)
        except (ValueError, RecursionError) as error:
            shown = clip(event.data, 100)
            raise BrokenAnswer(f"an event of the answer is no JSON: {shown}") from error
        if not isinstance(data, dict):
            raise BrokenAnswer(f"an event of the answer is no object: {clip(event.data, 100)}")
        return data

    def _rest(self) -> list[Any]:
        """What was gathered, as one event."""
        if not self._pieces:
            return []
        delta = self._first["delta"]
        text = _well_formed("".join(self._pieces))
        data = {**self._first, "delta": {**delta, _PIECES[delta["type"]]: text}}
        self._kind, self._first, self._pieces = (), {}, []
        return [ServerSentEvent(event="content_block_delta", data=json.dumps(data))]

    def _cut_off(self) -> str:
        if self._begins.startswith((b"event:", b"data:", b":")):
            return "the connection ended in the middle of the answer"
        shown = clip(self._begins.decode("utf-8", "replace").replace("\n", " "), 100)
        if not shown:
            return "the answer is empty"
        return f"that is no answer of a model: {shown}"


def _kind(data: dict[str, Any]) -> tuple[Any, ...]:
    """What pieces of one kind have in common; empty for all that is no piece."""
    delta = data.get("delta")
    kind = delta.get("type") if isinstance(delta, dict) else None
    if data.get("type") != "content_block_delta" or not isinstance(kind, str):
        return ()
    return (data.get("index"), kind) if kind in _PIECES else ()


def _piece(data: dict[str, Any]) -> str:
    delta = data["delta"]
    piece = delta.get(_PIECES[delta["type"]])
    if not isinstance(piece, str):
        raise BrokenAnswer(f"a piece of the answer has no {_PIECES[delta['type']]}")
    return piece


def _well_formed(text: str) -> str:
    """The text with no half of a character: one that was cut in two is whole again."""
    if text.isascii():
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
