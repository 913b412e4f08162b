"""The MCP servers of the agent's definition, as far as this agent can use them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from acp.schema import HttpMcpServer, McpServerStdio, SseMcpServer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

_VARIABLE = re.compile(r"\$\{([A-Za-z_]\w*)(?::-([^}]*))?\}")


class _Unset(Exception):
    """A variable that has no value."""


def usable_servers(
    table: Mapping[str, Any], can: Any, env: Mapping[str, str], note: Callable[[str], None]
) -> list[Any]:
    """Those the agent is told of; ``note`` gets why another is not.

    ``can`` is what the agent says of itself: programs are for every agent, addresses are not.
    """
    mcp = getattr(can, "mcp_capabilities", None)
    kinds = {"stdio": True, "http": bool(mcp and mcp.http), "sse": bool(mcp and mcp.sse)}
    found = []
    for name, server in table.items():
        try:
            found.append(_server(name, server, kinds, env))
        except _Unset as error:
            note(f"MCP server {name!r} is left out: the variable {error} is not set for the agent")
        except ValueError as error:  # the library's own is one, and says it in many lines
            words = error if type(error) is ValueError else "its entry is of the wrong shape"
            note(f"MCP server {name!r} is left out: {words}; see .mcp.json")
    return found


def _server(name: str, server: Any, kinds: Mapping[str, bool], env: Mapping[str, str]) -> Any:
    if not isinstance(server, dict):
        raise ValueError("its entry is no table")
    kind = str(server.get("type") or ("http" if "url" in server else "stdio"))
    kind = {"streamable-http": "http", "streamableHttp": "http"}.get(kind, kind)
    if kind not in kinds:
        raise ValueError(f"its type {kind!r} is none of stdio, http, sse")
    if not kinds[kind]:
        raise ValueError(f"this agent takes no MCP servers by {kind}")
    needed = "command" if kind == "stdio" else "url"
    if not isinstance(server.get(needed), str):
        raise ValueError(f"it has no {needed}")
    filled = _filled(server, env)
    if kind == "stdio":
        return McpServerStdio(
            name=name,
            command=filled["command"],
            args=[str(arg) for arg in filled.get("args") or ()],
            env=_pairs(filled.get("env")),
        )
    make = HttpMcpServer if kind == "http" else SseMcpServer
    return make.model_validate(
        {"type": kind, "name": name, "url": filled["url"], "headers": _pairs(filled.get("headers"))}
    )


def _pairs(table: object) -> list[dict[str, str]]:
    items = table.items() if isinstance(table, dict) else ()
    return [{"name": str(key), "value": str(value)} for key, value in items]


def _filled(value: Any, env: Mapping[str, str]) -> Any:
    """``${NAME}`` and ``${NAME:-else}`` filled in, as the file's other readers do."""
    if isinstance(value, dict):
        return {key: _filled(item, env) for key, item in value.items()}
    if isinstance(value, list):
        return [_filled(item, env) for item in value]
    if not isinstance(value, str):
        return value

    def fill(found: re.Match[str]) -> str:
        name, otherwise = found.groups()
        if env.get(name) or otherwise is not None:
            return env.get(name) or otherwise or ""
        raise _Unset(name)

    return _VARIABLE.sub(fill, value)
