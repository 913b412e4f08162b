"""Turns a session's updates into the transcript: words whole, tool calls once, cost as it grows."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from maestro_tui.agents.stream import clip

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from maestro_tui.agents.drivers.acp.silence import Silence
    from maestro_tui.agents.drivers.transcript import Transcript

NAMES = {
    "execute": "Bash", "edit": "Edit", "delete": "Delete", "move": "Move", "read": "Read",
    "search": "Grep", "fetch": "WebFetch", "think": "Think", "switch_mode": "SwitchMode",
}  # fmt: skip
WRITES = frozenset({"edit", "delete", "move"})
_PATHS = ("file_path", "filePath", "filepath", "path", "abs_path", "absolute_path", "notebook_path")
_MOST_CALLS = 2000
_MOST_TEXT = 4000
_MOST_OUTPUT = 1 << 16
_WORK = frozenset(
    {"agent_message_chunk", "agent_thought_chunk", "tool_call", "tool_call_update", "plan"}
)


class Call:
    """One tool call, as its updates have told so far."""

    def __init__(self) -> None:
        self.kind = self.title = self.status = ""
        self.given: Any = None
        self.content: list[dict[str, Any]] = []
        self.locations: list[str] = []
        self.output: Any = None
        self.streamed = ""  # by a terminal of the agent's own
        self.told = False

    def take(self, update: dict[str, Any]) -> None:
        """What a call, an update of it or a question about it says."""
        for name in ("kind", "title", "status"):
            if isinstance(update.get(name), str):
                setattr(self, name, update[name])
        if update.get("rawInput"):
            self.given = update["rawInput"]
        if isinstance(update.get("content"), list):
            self.content = [c for c in update["content"] if isinstance(c, dict)]
        if isinstance(update.get("locations"), list):
            places = [place for place in update["locations"] if isinstance(place, dict)]
            self.locations = [p["path"] for p in places if isinstance(p.get("path"), str)]
        if update.get("rawOutput") is not None:
            self.output = update["rawOutput"]
        meta = update.get("_meta")
        for name in ("terminal_output", "terminal_output_delta"):
            piece = meta.get(name) if isinstance(meta, dict) else None
            if isinstance(piece, dict) and isinstance(piece.get("data"), str):
                self.streamed = (self.streamed + piece["data"])[-_MOST_OUTPUT:]

    @property
    def name(self) -> str:
        """What people know such a tool by."""
        return NAMES.get(self.kind) or (self.title.split() or ["Tool"])[0][:60]

    @property
    def command(self) -> str:
        """The command line it runs; empty where it runs none."""
        given = self.given if isinstance(self.given, dict) else {}
        value = given.get("command", given.get("cmd"))
        if isinstance(value, list):
            words = [str(word) for word in value]
            if len(words) == 3 and words[1] in ("-c", "-lc"):
                return words[2]
            return shlex.join(words)
        if isinstance(value, str) and value:
            return _unquoted(value)
        return self.title.strip("`") if self.kind == "execute" else ""

    @property
    def folder(self) -> str:
        """Where the command runs; empty for the worktree."""
        given = self.given if isinstance(self.given, dict) else {}
        for key in ("cwd", "workdir", "directory", "dir_path"):
            if isinstance(given.get(key), str):
                return str(given[key])
        return ""

    @property
    def paths(self) -> list[str]:
        """The files it is about."""
        found = [c["path"] for c in self.content if isinstance(c.get("path"), str)]
        given = self.given if isinstance(self.given, dict) else {}
        found += [given[key] for key in _PATHS if isinstance(given.get(key), str)]
        return list(dict.fromkeys(found or self.locations))

    @property
    def summary(self) -> dict[str, Any]:
        """Its input, so that a reader of the log sees what it is about."""
        if self.command:
            return {"command": self.command}
        if self.paths:
            return {"file_path": self.paths[0]}
        given = self.given if isinstance(self.given, dict) else {}
        return given or ({"description": self.title} if self.title else {})

    @property
    def is_whole(self) -> bool:
        """Whether its input is there: calls are told of before the model has written it all."""
        given = self.given
        return bool(set(given) - {"cwd"}) if isinstance(given, dict) else bool(given)

    @property
    def said(self) -> str:
        """What came of it, in words."""
        words = self._parts()
        return words[words.find("\n") + 1 : -3].rstrip("\n") if _fenced(words) else words

    def _parts(self) -> str:
        parts = []
        for item in self.content:
            inner = item.get("content")
            if isinstance(inner, dict) and isinstance(inner.get("text"), str):
                parts.append(inner["text"])
        if not parts and isinstance(self.output, dict):
            parts = [v for k in ("output", "stdout", "error") if isinstance(v := self.output.get(k),
                                                                           str)]  # fmt: skip
        elif not parts and isinstance(self.output, str):
            parts = [self.output]
        if not parts and self.streamed:
            parts = [self.streamed.rstrip("\n")]
        return "\n".join(parts)


class Updates:
    """Reads the updates of one session."""

    def __init__(self, transcript: Transcript, silence: Silence) -> None:
        """``silence`` is told that the agent works."""
        self._transcript, self._silence = transcript, silence
        self.note = transcript.remark
        self.wrote: Callable[[list[str]], None] = lambda _: None  # told what a call has written
        self._running: set[str] = set()
        self._trouble = ""  # the newest the agent has told of
        self.gave_up = ""  # why it ended its turn, though it calls that an end like any other
        self._words = ""
        self._calls: dict[str, Call] = {}
        self.options: list[dict[str, Any]] = []  # the session's settings, as last told
        self.replayed = False  # what comes has been told before: an old session is opened

    def take(self, message: dict[str, Any]) -> None:
        """A ``session/update``, or a request; what it is not understood by is passed over."""
        if message.get("method") != "session/update" or "id" in message:
            self._silence.heard()
            return
        params = message.get("params")
        update = params.get("update") if isinstance(params, dict) else None
        if not isinstance(update, dict) or self.replayed:
            return
        if update.get("sessionUpdate") in _WORK:
            self._silence.heard()
        match update.get("sessionUpdate"):
            case "agent_message_chunk":
                self._chunk(update.get("content"))
            case "session_info_update":
                trouble = _own_trouble(update.get("_meta"))
                self._silence.trouble(trouble)
                self._trouble = trouble or self._trouble
                if _gave_up(update.get("_meta")):
                    self.gave_up = self._trouble or "an error of its system"
            case "tool_call" | "tool_call_update":
                self.flush()
                self._call(update)
            case "usage_update":
                self._cost(update.get("cost"))
            case "config_option_update":
                options = update.get("configOptions")
                if isinstance(options, list):
                    self.options = [o for o in options if isinstance(o, dict)]

    def call(self, name: str, update: dict[str, Any]) -> Call:
        """The call of that id with what is said of it now."""
        if name not in self._calls and len(self._calls) >= _MOST_CALLS:
            self._calls.pop(next(iter(self._calls)))
        call = self._calls.setdefault(name, Call())
        call.take(update)
        return call

    @property
    def running(self) -> bool:
        """Whether a tool is at work, whose time is its own."""
        return bool(self._running)

    def turn_ended(self) -> None:
        """No call goes on beyond its turn, whether its end was told or not."""
        self._running.clear()
        self.flush()

    def flush(self) -> None:
        """The words so far are whole."""
        words, self._words = self._words, ""
        self._transcript.text(words)

    def _chunk(self, content: object) -> None:
        text = content.get("text") if isinstance(content, dict) else None
        if not isinstance(text, str):
            return
        self._words += text
        if len(self._words) > _MOST_TEXT or (text.endswith("\n") and len(self._words) > 400):
            self.flush()

    def _call(self, update: dict[str, Any]) -> None:
        name = str(update.get("toolCallId"))
        call = self.call(name, update)
        ended = call.status in ("completed", "failed")
        if not call.told and (ended or call.is_whole):
            call.told = True
            self._running.add(name)
            self._transcript.tool(call.name, call.summary, name)
        if ended:
            self._running.discard(name)
            self._transcript.result(call.status == "completed", call.said, name)
            if call.status == "completed" and call.kind in WRITES:
                self.wrote(call.paths)
            self._calls.pop(name, None)

    def _cost(self, cost: object) -> None:
        if isinstance(cost, dict) and cost.get("currency") == "USD":
            amount = cost.get("amount")
            if isinstance(amount, (int, float)) and not isinstance(amount, bool):
                self._transcript.cost(float(amount))


def _own_trouble(meta: object) -> str:
    """An error the agent tells of beside its work, which it gets over by itself."""
    for part in meta.values() if isinstance(meta, dict) else ():
        error = part.get("error") if isinstance(part, dict) else None
        if isinstance(error, dict) and isinstance(error.get("message"), str):
            more = error.get("additionalDetails")
            said = [error["message"], more] if isinstance(more, str) else [error["message"]]
            return clip(": ".join(said), 200)
    return ""


def _gave_up(meta: object) -> bool:
    for part in meta.values() if isinstance(meta, dict) else ():
        status = part.get("threadStatus") if isinstance(part, dict) else None
        if isinstance(status, dict) and status.get("type") == "systemError":
            return True
    return False


def _unquoted(command: str) -> str:
    """A command line; some agents quote the whole as if it were one word, writes and all."""
    try:
        words = shlex.split(command)
    except ValueError:
        return command
    return words[0] if len(words) == 1 and " " in words[0] else command


def _fenced(words: str) -> bool:
    return words.startswith("```") and words.endswith("\n```") and words.count("```") == 2


def counts(usage: object, meta: object = None) -> dict[str, Any]:
    """A turn's tokens by the names of the Messages API, from what a prompt's answer says."""
    if isinstance(usage, dict):
        pairs = {
            "input_tokens": "inputTokens",
            "output_tokens": "outputTokens",
            "cache_read_input_tokens": "cachedReadTokens",
            "cache_creation_input_tokens": "cachedWriteTokens",
        }
        return {ours: usage.get(theirs) or 0 for ours, theirs in pairs.items()}
    quota = meta.get("quota") if isinstance(meta, dict) else None
    tokens = quota.get("token_count") if isinstance(quota, dict) else None
    if isinstance(tokens, dict):
        return {key: tokens.get(key) or 0 for key in ("input_tokens", "output_tokens")}
    return {}
