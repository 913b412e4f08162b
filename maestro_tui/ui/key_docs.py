"""The table of keys for the documentation, from the table of actions: one truth, nowhere copied.

``python -m maestro_tui.ui.key_docs`` prints it; with a file's name it is put between that file's
``<!-- keys -->`` and ``<!-- /keys -->``.
"""

from __future__ import annotations

import sys
from pathlib import Path

from maestro_tui.ui.actions import ACTIONS, SCOPES
from maestro_tui.ui.keys import shown_keys

START, END = "<!-- keys -->", "<!-- /keys -->"


def table() -> str:
    """Markdown: a heading and a table for each place keys work in."""
    parts = []
    for scope, title in SCOPES.items():
        rows = [a for a in ACTIONS if a.where == scope]
        if rows:
            parts.append(f"### {title}\n\n| Keys | Does | | Id |\n|---|---|---|---|")
            parts[-1] += "".join(
                f"\n| {_code(shown_keys(a))} | {a.title} | {a.tooltip} | `{a.id}` |" for a in rows
            )
    return "\n\n".join(parts) + "\n"


def _code(keys: str) -> str:
    return " ".join(f"`{key}`" if key != "|" else "`\\|`" for key in keys.split())


def put_into(text: str) -> str:
    """The text with the table of today between its marks; ValueError without marks."""
    before, start, rest = text.partition(START)
    _, end, after = rest.partition(END)
    if not start or not end:
        raise ValueError(f"write {START} and {END} where the table is to be")
    return f"{before}{START}\n\n{table()}\n{END}{after}"


def main() -> int:
    """Print the table, or keep files current."""
    for name in sys.argv[1:]:
        path = Path(name)
        try:
            path.write_text(put_into(path.read_text("utf-8")), "utf-8")
        except (OSError, ValueError) as error:
            print(f"{name}: {error}", file=sys.stderr)
            return 1
    if not sys.argv[1:]:
        print(table(), end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
