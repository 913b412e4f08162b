"""What the claude driver is told of an agent: its definition first, then the settings."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from maestro_tui.core.machine import fold
from maestro_tui.engine.driver_options import driver_options
from maestro_tui.roster.definitions import AgentDefinition, parse_definition
from tests.core.driving import Run

TEXT = """---
name: careful
description: Works with care.
tools: Read, Grep, Bash(git:*)
effort: high
maxTurns: 40
budget_usd: 1.5
fallback_model: haiku
mcp_servers: [board, unknown]
---
Role.
"""


def options(tmp_path: Path, definition: AgentDefinition, **settings: Any) -> dict[str, Any]:
    """Of the first of three tasks, all Claude's."""
    run = Run("a", "b", "c < a", agents=settings, engine=False)
    event = run.events[0]
    data = json.loads(json.dumps(event.strategy))  # type: ignore[attr-defined]
    for assignment in data["assignments"]:
        assignment["driver"] = "claude"
    state = fold([type(event)(**{**_fields(event), "strategy": data, "repo": str(tmp_path)})]).state
    task = state.tasks["a"]
    from maestro_tui.core.transitions import new_attempt

    attempt = new_attempt(state, task)
    return driver_options(state, task, attempt, tmp_path / "attempt", lambda _: definition)


def _fields(event: Any) -> dict[str, Any]:
    import dataclasses

    return {f.name: getattr(event, f.name) for f in dataclasses.fields(event)}


def test_the_definition_counts_for_more_than_the_settings(tmp_path: Path) -> None:
    (tmp_path / ".mcp.json").write_text('{"mcpServers": {"board": {"command": "b"}, "x": {}}}')
    definition = parse_definition(TEXT, source="careful.md", stem="careful").definition
    assert definition is not None
    found = options(tmp_path, definition, effort="low", budget_usd=9.0, on_limit="fail")
    assert (found["effort"], found["budget_usd"], found["max_turns"]) == ("high", 1.5, 40)
    assert found["fallback_model"] == "haiku"
    assert found["on_limit"] == "fail"
    assert found["tools"] == ["Read", "Grep", "Bash", "Write"]
    assert found["mcp_servers"] == {"board": {"command": "b"}}


def test_files_of_others_are_named_and_a_session_is_fixed(tmp_path: Path) -> None:
    plain = AgentDefinition("plain")
    first, second = options(tmp_path, plain), options(tmp_path, plain)
    assert first["session"] == second["session"]
    assert first["tools"] == []  # none named: all
    assert first["others"] == ["b.txt", "c.txt"]
