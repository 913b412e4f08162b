"""A scripted stand-in for the services of models on 127.0.0.1, for tests of real agents.

It speaks the Anthropic Messages API, and by ``wires`` those of others.

A script is a list of turns; the conversation names it by ``[[script:NAME]]`` anywhere in its
messages, and the turn is the number of assistant messages so far. Nothing is remembered about a
conversation, so that a retried, resumed or re-sent request gets the same turn again, as from the
real service.
"""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.agents.wires import WIRES, Wire

Request = dict[str, Any]
Block = dict[str, Any]

_CWD = re.compile(r"(?:[Ww]orking directory: |<cwd>|Directories:\W*\\n\s*- )([^\\\"\n<]+)")
_NAME = re.compile(r"\[\[script:([\w-]+)\]\]")
USAGE = {
    "input_tokens": 1000,
    "output_tokens": 50,
    "cache_read_input_tokens": 200,
    "cache_creation_input_tokens": 100,
}


def text(words: str) -> Block:
    """The model says something; alone in a turn it ends the agent's work."""
    return {"type": "text", "text": words}


def use(tool: str, **given: Any) -> Block:
    """The model uses a tool."""
    return {"type": "tool_use", "name": tool, "input": given}


def bash(command: str) -> Block:
    """The model runs a command."""
    return use("Bash", command=command, description="a step")


def write(path: str, content: str) -> Block:
    """The model writes a file; the tool wants absolute paths, ``{cwd}`` is filled in."""
    return use("Write", file_path="{cwd}/" + path, content=content)


@dataclass
class Fail:
    """The service refuses this turn ``times`` times (0 = always) before it answers."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    kind: str = "api_error"
    message: str = "as scripted"
    times: int = 0
    models: str = ""  # only requests for models whose names hold this


@dataclass
class Cut:
    """The stream breaks off in the middle of its first answer, ``times`` times."""

    times: int = 1


@dataclass
class Silent:
    """The service takes so long to answer."""

    seconds: float


@dataclass
class Wild:
    """The service does as it likes with the connection, ``times`` times (0 = always)."""

    does: Callable[[BaseHTTPRequestHandler, list[bytes]], None]  # given the stream's true events
    times: int = 0


Part = Block | Fail | Cut | Silent | Wild
Turn = list[Part] | Callable[[Request], list[Part]]


class ModelApi:
    """The server with its scripts; ``requests`` holds what it was asked, in order."""

    def __init__(self) -> None:
        self.scripts: dict[str, list[Turn]] = {}
        self.requests: list[Request] = []
        self.headers: list[dict[str, str]] = []
        self._failed: dict[tuple[str, int, int], int] = {}
        self._lock = threading.Lock()
        api = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_: Any) -> None:
                pass

            def do_HEAD(self) -> None:
                self.send_response(200)
                self.send_header("content-length", "0")
                self.end_headers()

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                try:
                    api._answer(self, json.loads(body))
                except (BrokenPipeError, ConnectionResetError):
                    self.close_connection = True

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 64

            def handle_error(self, *_: Any) -> None:
                pass  # a client that went away

        self._server = Server(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()

    def asked(self, script: str) -> list[Request]:
        """The requests of that script's conversations."""
        with self._lock:
            return [r for r in self.requests if _script(r) == script]

    def _answer(self, http: BaseHTTPRequestHandler, request: Request) -> None:
        wire = next((w for w in WIRES if w.reads(http.path)), None)
        if wire is not None:
            request = wire.request(http.path, request)
        with self._lock:
            self.requests.append(request)
            self.headers.append({k.lower(): v for k, v in http.headers.items()})
        name = _script(request)
        if "count_tokens" in http.path:
            return _json(http, 200, {"input_tokens": 100})
        if not request.get("tools") or name not in self.scripts:
            return self._stream(http, request, [text("Fine.")], wire)
        number = request["turns"] if wire else sum(1 for m in request["messages"] if _ours(m))
        turns = self.scripts[name]
        turn: Turn = turns[number] if number < len(turns) else [text("There is nothing more.")]
        parts = turn(request) if callable(turn) else turn
        blocks: list[Block] = []
        cut, wild = False, None
        for index, part in enumerate(parts):
            if isinstance(part, Silent):
                time.sleep(part.seconds)
            elif isinstance(part, Fail):
                if part.models in request["model"] and self._due((name, number, index), part.times):
                    return _json(http, part.status, _error(part, wire), part.headers)
            elif isinstance(part, Cut):
                cut = cut or self._due((name, number, index), part.times)
            elif isinstance(part, Wild):
                wild = part if self._due((name, number, index), part.times) else wild
            else:
                blocks.append(part)
        if wild is not None:
            http.close_connection = True
            message = _message(request, [_filled(block, request) for block in blocks])
            return wild.does(http, [sse(event) for event in _events(message)])
        return self._stream(http, request, blocks, wire, cut=cut)

    def _due(self, key: tuple[str, int, int], times: int) -> bool:
        with self._lock:
            so_far = self._failed.get(key, 0)
            if times and so_far >= times:
                return False
            self._failed[key] = so_far + 1
            return True

    def _stream(
        self,
        http: BaseHTTPRequestHandler,
        request: Request,
        blocks: list[Block],
        wire: Wire | None,
        *,
        cut: bool = False,
    ) -> None:
        http.close_connection = True
        filled = [_filled(block, request) for block in blocks]
        if wire is not None:
            events = list(wire.answer(request, filled))
            if not wire.streams(http.path):
                _json(http, 200, events[0][1])
                return
        else:
            message = _message(request, filled)
            if not request.get("stream"):
                _json(http, 200, message)
                return
            events = [(event["type"], event) for event in _events(message)]
        begin_stream(http)
        for number, (kind, event) in enumerate(events):
            broken = cut and number == min(3, len(events) - 1)
            if broken and wire is not None:
                break  # the connection ends in mid-stream
            if broken:
                kind = "error"
                event = {"type": kind, "error": {"type": "api_error", "message": "broke off"}}
            head = f"event: {kind}\n" if kind else ""
            http.wfile.write(f"{head}data: {json.dumps({'type': kind, **event})}\n\n".encode())
            http.wfile.flush()
            if broken:
                break


def begin_stream(http: BaseHTTPRequestHandler) -> None:
    """The head of a streamed answer."""
    http.send_response(200)
    http.send_header("content-type", "text/event-stream")
    http.send_header("connection", "close")
    http.end_headers()


def sse(event: dict[str, Any]) -> bytes:
    """An event as it goes over the wire."""
    return f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode()


def _json(
    http: BaseHTTPRequestHandler, status: int, data: Any, headers: dict[str, str] | None = None
) -> None:
    body = json.dumps(data).encode()
    http.send_response(status)
    http.send_header("content-type", "application/json")
    http.send_header("content-length", str(len(body)))
    for key, value in (headers or {}).items():
        http.send_header(key, value)
    http.end_headers()
    http.wfile.write(body)


def _error(part: Fail, wire: Wire | None) -> dict[str, Any]:
    if wire is not None:
        return wire.error(part.status, part.kind, part.message)
    return {"type": "error", "error": {"type": part.kind, "message": part.message}}


def _script(request: Request) -> str:
    found = _NAME.findall(json.dumps(request.get("messages", [])))
    return found[0] if found else ""


def _ours(message: dict[str, Any]) -> bool:
    """Whether the model said it; an agent that is resumed puts words of its own in between."""
    return message["role"] == "assistant" and "No response requested." not in json.dumps(message)


def _filled(block: Block, request: Request) -> Block:
    """The block with the agent's own working directory, which its system prompt names."""
    if block["type"] != "tool_use":
        return block
    whole = json.dumps([request.get("system"), request["messages"]], ensure_ascii=False)
    found = _CWD.search(whole)
    cwd = found[1].strip() if found else "/nowhere"
    given = json.loads(json.dumps(block["input"]).replace("{cwd}", cwd))
    return {**block, "input": given}


def _message(request: Request, blocks: list[Block]) -> dict[str, Any]:
    stamp = f"{time.time_ns():x}"
    content = [
        {**b, "id": f"toolu_{stamp}_{n}"} if b["type"] == "tool_use" else b
        for n, b in enumerate(blocks)
    ]
    tools = any(b["type"] == "tool_use" for b in blocks)
    return {
        "id": f"msg_{stamp}",
        "type": "message",
        "role": "assistant",
        "model": request["model"],
        "content": content,
        "stop_reason": "tool_use" if tools else "end_turn",
        "stop_sequence": None,
        "usage": dict(USAGE),
    }


def _events(message: dict[str, Any]) -> Iterator[dict[str, Any]]:
    start = {**message, "content": [], "stop_reason": None}
    start["usage"] = {**USAGE, "output_tokens": 1}
    yield {"type": "message_start", "message": start}
    for index, block in enumerate(message["content"]):
        if block["type"] == "text":
            yield {"type": "content_block_start", "index": index, "content_block": text("")}
            delta = {"type": "text_delta", "text": block["text"]}
        else:
            empty = {**block, "input": {}}
            yield {"type": "content_block_start", "index": index, "content_block": empty}
            delta = {"type": "input_json_delta", "partial_json": json.dumps(block["input"])}
        yield {"type": "content_block_delta", "index": index, "delta": delta}
        yield {"type": "content_block_stop", "index": index}
    reason = {"stop_reason": message["stop_reason"], "stop_sequence": None}
    yield {"type": "message_delta", "delta": reason, "usage": dict(USAGE)}
    yield {"type": "message_stop"}
