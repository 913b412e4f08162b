"""Words of agents, made harmless and short: what people are shown of a text or a tool's input."""

from __future__ import annotations

import json

from maestro_tui.agents.sanitise import sanitise

LIMIT = 2000
_SUMMARY_KEYS = ("command", "file_path", "filePath", "notebook_path", "path", "pattern", "url",
                 "query", "description", "prompt", "question")  # fmt: skip


def tool_summary(value: object) -> str:
    """What a tool is used on: its command, its path, or its arguments."""
    if isinstance(value, dict):
        for key in _SUMMARY_KEYS:
            if isinstance(value.get(key), str) and value[key].strip():
                return clip(value[key])
        asked = value.get("questions")
        if isinstance(asked, list) and asked and isinstance(asked[0], dict):
            return clip(asked[0].get("question"))
        try:
            return clip(json.dumps(value, ensure_ascii=False)) if value else ""
        except RecursionError:  # what can just be read may be too deep to be written
            return ""
    return clip(value)


def clip(value: object, limit: int = LIMIT) -> str:
    """Text made harmless and cut; empty for anything else."""
    return sanitise(value[: 4 * limit])[:limit].strip() if isinstance(value, str) else ""
