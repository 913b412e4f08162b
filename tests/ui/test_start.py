"""The screen in a real terminal: it idles cheaply and leaves the terminal as it was."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

import pexpect
import psutil
import pytest

from maestro_tui.ui.start import look

HERE = Path(__file__).parent
STAGE = """
import sys
sys.path.insert(0, sys.argv[1])
from pathlib import Path
from tests.ui import runs
from maestro_tui.ui.start import show_board
source = getattr(runs, sys.argv[2])()
sys.exit(show_board(source, Path(sys.argv[3])))
"""
LEFT = "\x1b[?1049l"  # back from the alternate screen


def play(tmp_path: Path, run: str) -> pexpect.spawn:
    env = {
        **os.environ,
        "MAESTRO_CONFIG_DIR": str(tmp_path),
        "TERM": "xterm-256color",
        "TEXTUAL_ANIMATIONS": "none",
    }
    arguments = ["-c", STAGE, str(HERE.parents[1]), run, str(tmp_path)]
    return pexpect.spawn(
        sys.executable,
        arguments,
        env=env,
        dimensions=(40, 120),
        timeout=20,
        encoding="utf-8",
        codec_errors="replace",
        cwd=str(HERE.parents[1]),
    )


def ended(child: pexpect.spawn) -> tuple[int | None, str]:
    text = ""
    child.expect(pexpect.EOF)
    text = child.before or ""
    child.close()
    return child.exitstatus, text


def test_q_and_l_leave_with_code_0(tmp_path):
    child = play(tmp_path, "midway")
    child.expect("Document shop")
    child.expect("Quit")
    child.send("q")
    child.expect("Leave this run")
    child.send("l")
    code, text = ended(child)
    assert code == 0
    assert LEFT in text


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_polite_signal_ends_it_with_the_terminal_restored(tmp_path, number):
    child = play(tmp_path, "midway")
    child.expect("Document shop")
    child.expect("Quit")
    os.kill(child.pid, number)
    code, text = ended(child)
    assert code == 128 + number
    assert LEFT in text


def test_waiting_costs_next_to_nothing(tmp_path):
    child = play(tmp_path, "waiting_for_delivery")
    child.expect("Deliver to main")
    process = psutil.Process(child.pid)
    settled = time.monotonic() + 1.0
    while time.monotonic() < settled:
        try:
            child.read_nonblocking(65536, timeout=0.1)
        except pexpect.TIMEOUT:
            pass
    before = sum(process.cpu_times()[:2])
    start = time.monotonic()
    while time.monotonic() < start + 3.0:
        try:
            child.read_nonblocking(65536, timeout=0.2)
        except pexpect.TIMEOUT:
            pass
    share = (sum(process.cpu_times()[:2]) - before) / (time.monotonic() - start)
    child.kill(signal.SIGKILL)
    assert share < 0.03, f"{share:.1%} of a core while nothing happens"


def test_a_bad_configuration_is_told_and_does_not_keep_the_screen_shut(tmp_path, monkeypatch):
    monkeypatch.setenv("MAESTRO_CONFIG_DIR", str(tmp_path))
    (tmp_path / "config.toml").write_text('[keys]\n"board.zom" = "f5"\n')
    (tmp_path / "themes").mkdir()
    (tmp_path / "themes" / "bad.toml").write_text('name = "bad"\n[colors]\nprimary = "no"\n')
    settings, themes, problems = look(tmp_path)
    assert settings.keys == {}
    assert "maestro-dark" in {t.name for t in themes}
    assert any('unknown action "board.zom"' in p and "board.zoom" in p for p in problems)
    assert any("bad.toml" in p for p in problems)
