"""From a line's bytes to text that can be shown: harmless, coloured as its tool meant it, readable.

Only visible lines come through here. Nothing but colours and weights survives of what a line says
to a terminal.
"""

from __future__ import annotations

import re
from typing import Any

from rich.ansi import AnsiDecoder
from rich.style import Style
from rich.text import Text

from maestro_tui.agents.sanitise import sanitise
from maestro_tui.agents.stream import StreamParser
from maestro_tui.ui.formatting import count, money, settled
from maestro_tui.ui.palette import Palette

# Lines of tools' JSON are parsed whole up to here; beyond it only their beginning is shown.
JSON_LIMIT = 256 * 1024
TAB = 8

_JSON = re.compile(rb'\s*\{\s*"type"\s*:\s*"([a-z_]{1,40})"')
_SGR = re.compile(r"\x1b\[[0-9;:]{0,80}m")
# Every escape sequence; sanitise() knows the same, but would take the colours along.
_SEQUENCE = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]?"
    r"|(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)?"
    r"|\x1b[ -/]*[0-~]?"
)
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f]")
_BREAKS = re.compile("[\u2028\u2029]")
_SHOWN = Style(conceal=False, blink=False, blink2=False)


def is_json(raw: bytes) -> bool:
    """Whether a line looks like one of a tool's event stream."""
    return _JSON.match(raw) is not None


def render(raw: bytes, length: int, colours: Palette) -> Text:
    """One line for the screen; ``length`` is how long it is in the file.

    An event with several lines of text keeps its line feeds, for whoever wraps.
    """
    raw = raw.rstrip(b"\r\n")
    if length <= len(raw) + 2:
        found = _event(raw, colours)
        if found is not None:
            return found
    elif (kind := _JSON.match(raw)) is not None:
        raw = b"(" + kind[1] + b") " + raw
    text = _plain(raw.decode("utf-8", "replace"))
    if length > len(raw) + 2:
        text.append(f" … {file_size(length)} line; o opens the pager", colours.muted)
    return text


def _plain(line: str) -> Text:
    """A line of a tool, with its colours."""
    line = _tame(line)
    if "\x1b" not in line:
        return expand(Text(line))
    text = AnsiDecoder().decode_line(line)
    if _CONTROL.search(text.plain):
        return expand(Text(sanitise(text.plain)))
    for number, span in enumerate(text.spans):
        if isinstance(span.style, Style):
            text.spans[number] = span._replace(style=visible(span.style))
    return expand(text)


def visible(style: Style) -> Style:
    """The style without what hides text or makes it flash."""
    return style + _SHOWN if style.conceal or style.blink or style.blink2 else style


def _tame(line: str) -> str:
    """Only text, tabs and colour sequences; of a line that rewrites itself, its last state."""
    if "\x1b" in line or _CONTROL.search(line):
        line = line.rsplit("\r", 1)[-1]
        kept = []
        at = 0
        for found in _SEQUENCE.finditer(line):
            kept.append(sanitise(line[at : found.start()]))
            if _SGR.fullmatch(found[0]):
                kept.append(found[0])
            at = found.end()
        kept.append(sanitise(line[at:]))
        line = "".join(kept)
    else:
        line = sanitise(line)
    if line.isascii():
        return line
    return settled(_BREAKS.sub(" ", line))


def expand(text: Text) -> Text:
    """The text with spaces for its tabs."""
    if "\t" in text.plain:
        text.expand_tabs(TAB)
    return text


def _event(raw: bytes, colours: Palette) -> Text | None:
    kind = _JSON.match(raw)
    if kind is None:
        return None
    line = raw.strip().decode("utf-8", "replace")
    events = StreamParser().feed(line)
    if events is None:
        return None
    parts = [part for event in events if (part := _one(event, colours)) is not None]
    if not parts:
        used = next((e for e in events if e["kind"] == "usage"), None)
        return Text(
            f"· {_used(used) if used else kind[1].decode().replace('_', ' ')}", colours.muted
        )
    return expand(Text("\n").join(parts))


def _one(event: dict[str, Any], colours: Palette) -> Text | None:
    """One event in words; None for what is shown elsewhere."""
    match event["kind"]:
        case "text":
            return Text(_words(event["text"]))
        case "tool":
            text = Text.assemble(("▸ ", colours.style("primary")))
            text.append(_words(event["name"]), Style(bold=True))
            return text.append(" " + _flat(event["summary"]))
        case "tool_result":
            ok = event["ok"]
            text = Text.assemble(("  └ " if ok else "  └ ✗ ", colours.style(_outcome(ok))))
            first, more = _folded(event["summary"])
            return text.append((first or "(no output)") + more, colours.muted)
        case "permission":
            text = Text.assemble(("? asks to use ", colours.style("state-asking")))
            text.append(_words(event["tool"]), Style(bold=True))
            return text.append(" " + _flat(event["detail"]))
        case "result":
            ok = event["ok"]
            word = "✓ done " if ok else "✗ failed "
            text = Text.assemble((word, colours.style(_outcome(ok), bold=True)))
            first, more = _folded(event["summary"])
            return text.append(first).append(more, colours.muted)
        case "usage" if event.get("cost_usd"):
            spent = money(event["cost_usd"])  # so far; a line may tell of nothing else
            tokens = event["input"] or event["output"]
            return Text(f"· {_used(event)}, {spent}" if tokens else f"· {spent}", colours.muted)
    return None


def _folded(text: str) -> tuple[str, str]:
    """The first line, and how many more there are."""
    first, _, rest = _words(text).strip("\n").partition("\n")
    more = rest.count("\n") + 1 if rest else 0
    return first, "" if not more else "  +1 line" if more == 1 else f"  +{more} lines"


def _used(event: dict[str, Any]) -> str:
    return f"{count(event['input'])} tokens in, {count(event['output'])} out"


def _outcome(ok: bool) -> str:
    return "state-merged" if ok else "state-failed"


def _words(text: str) -> str:
    """A parsed event's text: JSON can spell every control byte, so it is tamed again."""
    return "\n".join(_SGR.sub("", _tame(line)) for line in text.split("\n"))


def _flat(text: str) -> str:
    return " ".join(_words(text).split())


def file_size(length: int) -> str:
    """Bytes in words: 812 B, 1.2 MB."""
    size = float(length)
    for unit in ("B", "kB", "MB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} GB"
