"""A tool server of one tool, spoken to over stdin and stdout: what a definition may name."""

from __future__ import annotations

import json
import sys


def answer(method: str) -> dict[str, object]:
    if method == "initialize":
        info = {"name": "board", "version": "1"}
        return {"protocolVersion": "2025-06-18", "capabilities": {"tools": {}}, "serverInfo": info}
    if method == "tools/list":
        schema = {"type": "object", "properties": {"card": {"type": "string"}}}
        return {"tools": [{"name": "claim", "description": "Claims.", "inputSchema": schema}]}
    if method == "tools/call":
        return {"content": [{"type": "text", "text": "the card is claimed by you"}]}
    return {}


for line in sys.stdin:
    asked = json.loads(line)
    if "id" in asked:
        reply = {"jsonrpc": "2.0", "id": asked["id"], "result": answer(asked["method"])}
        print(json.dumps(reply), flush=True)
