"""How other services speak: the same scripts over Gemini's API and OpenAI's Responses API.

A request is first put into the words of the Messages API (``model``, ``messages``, ``tools``), so
that a test reads what was asked alike whoever asked.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

Request = dict[str, Any]
Block = dict[str, Any]


class Wire:
    """One service's way to ask and answer, by the paths of its requests."""

    def reads(self, path: str) -> bool:
        raise NotImplementedError

    def request(self, path: str, body: dict[str, Any]) -> Request:
        """The request in common words; ``turns`` is how often the model has spoken so far."""
        raise NotImplementedError

    def streams(self, path: str) -> bool:
        return True

    def answer(self, request: Request, blocks: list[Block]) -> Iterator[tuple[str, dict[str, Any]]]:
        """Names and data of the stream's events; an unstreamed answer is the only event."""
        raise NotImplementedError

    def error(self, status: int, kind: str, message: str) -> dict[str, Any]:
        return {"error": {"code": status, "type": kind, "status": kind, "message": message}}


class Gemini(Wire):
    """generativelanguage: ``models/NAME:streamGenerateContent``."""

    def reads(self, path: str) -> bool:
        return "enerateContent" in path

    def streams(self, path: str) -> bool:
        return "stream" in path

    def request(self, path: str, body: dict[str, Any]) -> Request:
        contents = body.get("contents") or []
        names = [
            f for tool in body.get("tools") or () for f in tool.get("functionDeclarations", ())
        ]
        return {
            **body,
            "model": path.partition("models/")[2].partition(":")[0],
            "messages": contents,
            "tools": names,
            "turns": sum(1 for c in contents if c.get("role") == "model"),
        }

    def answer(self, request: Request, blocks: list[Block]) -> Iterator[tuple[str, dict[str, Any]]]:
        wanted = (request.get("generationConfig") or {}).get("responseJsonSchema")
        if wanted:  # it asks which of its models is to do the task
            words = json.dumps({"complexity_reasoning": "small", "complexity_score": 10})
            blocks = [{"type": "text", "text": words}]
        parts = [
            {"text": b["text"]}
            if b["type"] == "text"
            else {"functionCall": {"name": b["name"], "args": b["input"]}}
            for b in blocks
        ]
        candidate = {"content": {"role": "model", "parts": parts}, "finishReason": "STOP"}
        usage = {"promptTokenCount": 1000, "candidatesTokenCount": 50, "totalTokenCount": 1050}
        yield "", {"candidates": [{**candidate, "index": 0}], "usageMetadata": usage}


class Responses(Wire):
    """OpenAI: ``/v1/responses``, always streamed."""

    def reads(self, path: str) -> bool:
        return path.split("?")[0].endswith("/responses")

    def request(self, path: str, body: dict[str, Any]) -> Request:
        items = [i for i in body.get("input") or () if isinstance(i, dict)]
        stamps = {str(i.get("call_id")).rsplit("_", 1)[0] for i in items
                  if str(i.get("type")).endswith("_call")}  # fmt: skip
        spoken = sum(1 for i in items if i.get("role") == "assistant")
        return {**body, "messages": items, "turns": len(stamps) + spoken}

    def answer(self, request: Request, blocks: list[Block]) -> Iterator[tuple[str, dict[str, Any]]]:
        name = f"resp_{time.time_ns():x}"
        yield "response.created", {"response": {"id": name}}
        for number, block in enumerate(blocks):
            if block["type"] == "text":
                content = [{"type": "output_text", "text": block["text"]}]
                item = {"type": "message", "role": "assistant", "id": f"{name}_{number}",
                        "content": content}  # fmt: skip
            else:
                space, _, tool = block["name"].rpartition("::")
                item = {"type": "function_call", "name": tool,
                        **({"namespace": space} if space else {}),
                        "call_id": f"{name}_{number}",
                        "arguments": json.dumps(block["input"])}  # fmt: skip
            yield "response.output_item.done", {"item": item}
        usage = {
            "input_tokens": 1200, "input_tokens_details": {"cached_tokens": 200},
            "output_tokens": 50, "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": 1250,
        }  # fmt: skip
        yield "response.completed", {"response": {"id": name, "usage": usage}}


WIRES: tuple[Wire, ...] = (Gemini(), Responses())
