"""An app with a log in it, and bytes of the kinds agents produce."""

from __future__ import annotations

import json
from pathlib import Path

from textual.app import App, ComposeResult

from maestro_tui.ui.themes import install, state_defaults
from maestro_tui.ui.widgets.log_pane import LogPane
from maestro_tui.ui.widgets.log_tabs import LogTabs

HOSTILE = (
    b"\x1b]0;owned\x07title\x1b]8;;http://evil\x1b\\link\x1b]8;;\x1b\\\n"
    b"\x1b[2J\x1b[Hgone \x1b[31mred\x1b[0m \x9b31m eight bit\n"
    b"\x1bPdcs \x1b\\ \x1b_apc\x1b\\ \x1bc reset \x00\x01\x02\x08\x7f\n"
    b"\xff\xfe not utf-8 \xc3\x28\n"
    b"[bold red]markup[/] [/x]\n"
    + "\u202eright to left\u202c\u2066 שלום עולם 通知サービス e\u0301 ⚠\ufe0f\u2028next\n".encode()
    + "\u0301leading mark z\u0301\u0301\u0301\u0301\u0301\u0301\u0301\n".encode()
    + b"10%\r50%\r100%\x1b[K\n"
    + b"\x1b\x1b[0m[31m split \x1b[\x1b[31m31mtwice\x1b[8mhidden\x1b[5mblink\x1b[0m\n"
    + b"col\tumn\t\xe9\x80\x9a\tend\n"
    + b"unfinished \x1b]0;never ended"
)


def event(kind: str, *blocks: dict[str, object]) -> str:
    """A line of a stream-json log."""
    return json.dumps({"type": kind, "message": {"id": "m", "content": list(blocks)}})


STREAM = [
    json.dumps({"type": "system", "subtype": "init"}),
    event("assistant", {"type": "text", "text": "I look at the tests first.\nThen I fix them."}),
    event("assistant", {"type": "tool_use", "name": "Bash", "input": {"command": "pytest -q"}}),
    event("user", {"type": "tool_result", "content": "2 passed in 0.1s"}),
    event("user", {"type": "tool_result", "is_error": True, "content": "No such file"}),
    event("assistant", {"type": "text", "text": "evil \x1b]0;owned\x07\x1b[31mred"}),
    json.dumps({"type": "result", "subtype": "success", "result": "All done", "is_error": False}),
]


class LogApp(App[int]):
    """A pane alone, or tabs."""

    def __init__(self, path: Path | None = None, *, tabs: bool = False) -> None:
        super().__init__()
        install(self, [], None)
        self.path = path
        self.pane = LogPane()
        self.tabs = LogTabs()
        self.with_tabs = tabs

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return state_defaults(self.current_theme)

    def compose(self) -> ComposeResult:
        yield self.tabs if self.with_tabs else self.pane

    def on_mount(self) -> None:
        if self.path is not None:
            self.pane.open(self.path, "1.2 Models")
            self.pane.view.focus()


def rows_of(view: object) -> list[str]:
    """What is on the screen, row by row."""
    from maestro_tui.ui.widgets.log_view import LogView

    assert isinstance(view, LogView)
    return ["".join(s.text for s in view.render_line(y)) for y in range(view.size.height)]
