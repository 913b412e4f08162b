"""Which files a shell command writes, by its words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maestro_tui.agents.shell_writes import written


@pytest.mark.parametrize(
    ("command", "paths"),
    [
        ("echo x > a.txt", ["a.txt"]),
        ("echo x >> sub/a.txt 2>/dev/null", ["sub/a.txt"]),
        ("make 2> err.log", ["err.log"]),
        ("make > out.log 2>&1", ["out.log"]),
        ("make &> both.log", ["both.log"]),
        ("echo x | tee -a a.txt b.txt", ["a.txt", "b.txt"]),
        ("cd sub && echo x > a.txt", ["sub/a.txt"]),
        ("(cd sub; touch b)", ["sub/b"]),
        ("sed -i s/a/b/ one.py two.py", ["one.py", "two.py"]),
        ("sed s/a/b/ one.py", []),
        ("cp -r src dst", ["dst"]),
        ("mv old new", ["old", "new"]),
        ("rm -rf build", ["build"]),
        ("dd if=/dev/zero of=blob bs=1", ["blob"]),
        ("bash -c 'echo x > inner.txt'", ["inner.txt"]),
        ("cat > a.py <<'EOF'\nx > y\nEOF\necho z > b.py", ["a.py", "b.py"]),
        ("X=1 touch a", ["a"]),
        ("echo '> not'", []),
        ("test 1 -gt 0 && pytest -q", []),
        ("echo x > $HOME/a", []),
        ("echo x > /dev/null", []),
        ("echo 'unclosed", []),
    ],
)
def test_what_its_words_show(command: str, paths: list[str]) -> None:
    assert written(command, "/w") == [f"/w/{p}" for p in paths]


@given(st.text())
def test_no_command_makes_it_fail(command: str) -> None:
    assert all(path.startswith("/") for path in written(command, "/w"))
