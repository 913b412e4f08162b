"""An event of an agent's stream in full: whole tool calls and results, messages as Markdown."""

from __future__ import annotations

import json
from typing import Any

from rich.console import Console
from rich.style import Style
from rich.text import Text

from maestro_tui.agents.sanitise import sanitise
from maestro_tui.ui.palette import Palette

_MOST_LINES = 400  # of one result; the pager has the rest


def unfolded(raw: bytes, colours: Palette) -> Text | None:
    """A tool call with every argument, or a result with every line; None for other lines."""
    if (result := _result(raw, colours)) is not None:
        return result
    blocks = _blocks(raw)
    parts = [part for block in blocks if (part := _block(block, colours)) is not None]
    return Text("\n").join(parts) if parts else None


def message(raw: bytes) -> str:
    """What an agent says in this line, as Markdown; empty for other lines."""
    texts = [b.get("text") for b in _blocks(raw) if b.get("type") == "text"]
    return "\n\n".join(sanitise(t) for t in texts if isinstance(t, str))


def markdown(text: str, width: int, console: Console) -> Text:
    """Markdown laid out for a width, without links that a terminal would follow."""
    from rich.markdown import Markdown  # only on demand: it takes a while to import

    options = console.options.update(width=max(20, width), height=None)
    rows = console.render_lines(Markdown(text, hyperlinks=False), options, pad=False)
    made = [Text.assemble(*((s.text, s.style or Style.null()) for s in row)) for row in rows]
    return Text("\n").join(row for row in made)


def _result(raw: bytes, colours: Palette) -> Text | None:
    """How the agent ended, with every line of what it said; None for other lines."""
    data = _object(raw)
    said = data.get("result")
    if data.get("type") != "result" or not isinstance(said, str) or not said.strip():
        return None
    ok = data.get("is_error") is not True
    style = colours.style("state-merged" if ok else "state-failed", bold=True)
    return Text.assemble(("✓ done " if ok else "✗ failed ", style), _body(said.strip("\n")))


def _object(raw: bytes) -> dict[str, Any]:
    try:
        data = json.loads(raw)
    except (ValueError, RecursionError):
        return {}
    return data if isinstance(data, dict) else {}


def _blocks(raw: bytes) -> list[dict[str, Any]]:
    content = _object(raw).get("message")
    content = content.get("content") if isinstance(content, dict) else None
    return [b for b in content if isinstance(b, dict)] if isinstance(content, list) else []


def _block(block: dict[str, Any], colours: Palette) -> Text | None:
    match block.get("type"):
        case "tool_use":
            text = Text.assemble(("▾ ", colours.style("primary")))
            text.append(_line(block.get("name")), Style(bold=True))
            arguments = block.get("input")
            for name, value in arguments.items() if isinstance(arguments, dict) else ():
                _argument(text, str(name), value, colours)
            return text
        case "tool_result":
            ok = block.get("is_error") is not True
            sign = "  └ " if ok else "  └ ✗ "
            text = Text.assemble((sign, colours.style("state-merged" if ok else "state-failed")))
            return text.append(_body(_content(block)) or "(no output)", colours.muted)
        case "text":
            return Text(_body(str(block.get("text", ""))))
    return None


def _argument(text: Text, name: str, value: object, colours: Palette) -> None:
    shown = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    text.append(f"\n    {_line(name)}: ", colours.muted)
    body = _body(shown)
    text.append(body if "\n" not in body else "\n      " + body.replace("\n", "\n      "))


def _content(block: dict[str, Any]) -> str:
    content = block.get("content")
    if isinstance(content, list):
        texts = (part.get("text") for part in content if isinstance(part, dict))
        return "\n".join(t for t in texts if isinstance(t, str))
    return content if isinstance(content, str) else ""


def _line(value: object) -> str:
    return " ".join(sanitise(str(value)).split())


def _body(text: str) -> str:
    rows = sanitise(text).expandtabs(4).split("\n")
    more = len(rows) - _MOST_LINES
    if more > 0:
        rows = [*rows[:_MOST_LINES], f"… {more} lines more; o opens the pager"]
    return "\n".join(rows)
