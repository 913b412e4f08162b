"""The screen in a real browser: let in by the token only, drawn, and answering keys."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import shutil
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from tests.engine.scratch import PYTHON, environment, maestro

pytest.importorskip("textual_serve", reason="needs the extra: pip install -e '.[serve]'")

CHROMIUM = next(
    (
        found
        for name in ("chromium", "chromium-browser", "google-chrome")
        if (found := shutil.which(name))
    ),
    "",
)
TOKEN = "only-for-this-test"


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@pytest.fixture
def served(tmp_path: Path):
    """A stopped demo run, served; its address."""
    done = maestro("demo", "hello", "--headless", "--dir", str(tmp_path / "hello"), cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    port = free_port()
    process = subprocess.Popen(
        [PYTHON, "-m", "maestro_tui", "serve", "--port", str(port), "--token", TOKEN],
        cwd=tmp_path / "hello",
        env=environment({}),
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    assert TOKEN in process.stdout.readline()
    yield f"http://127.0.0.1:{port}/"
    os.killpg(process.pid, signal.SIGTERM)
    process.wait(20)


def code(address: str, **headers: str) -> int:
    """How the server answers; the first second it may not listen yet."""
    for _ in range(100):
        try:
            request = urllib.request.Request(address, headers=headers)
            with urllib.request.urlopen(request, timeout=10) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code
        except urllib.error.URLError:
            time.sleep(0.1)
    raise AssertionError("nobody listens")


@pytest.mark.slow
def test_only_the_token_opens_the_page(served: str) -> None:
    assert code(served) == 403
    assert code(served + "ws") == 403
    assert code(served + "static/js/textual.js") == 403
    assert code(served + "?token=wrong") == 403
    mine = {"Cookie": f"maestro-token={TOKEN}"}
    assert code(served, **mine) == 200
    assert code(served, **mine, Host="evil.example") == 403
    assert code(served, **mine, Origin="http://evil.example") == 403


def test_another_machine_is_not_served(tmp_path: Path) -> None:
    maestro("demo", "hello", "--headless", "--dir", str(tmp_path / "hello"), cwd=tmp_path)
    refused = maestro("serve", "--host", "0.0.0.0", cwd=tmp_path / "hello")
    assert refused.returncode == 2
    assert "ssh -L" in refused.stderr


class Browser:
    """A page in Chromium, spoken to in its own protocol."""

    def __init__(self, socket_: Any) -> None:
        self._socket, self._number, self.seen = socket_, 0, ""

    async def send(self, method: str, **parameters: Any) -> None:
        """Tell the browser something and wait until it is done."""
        self._number += 1
        await self._socket.send_json({"id": self._number, "method": method, "params": parameters})
        async with asyncio.timeout(60):
            while await self._take() != self._number:
                pass

    async def _take(self) -> int:
        """One message: its number, and what the program sent to the page if it tells that."""
        message = await self._socket.receive_json()
        if message.get("method") == "Network.webSocketFrameReceived":
            frame = message["params"]["response"]
            data = frame["payloadData"]
            if frame["opcode"] == 2:
                data = base64.b64decode(data).decode("utf-8", "replace")
            self.seen += data
        return int(message.get("id", 0))

    async def until(self, words: str) -> None:
        """Wait until the program has sent these words to the page."""
        async with asyncio.timeout(60):
            while words not in self.seen:
                await self._take()

    async def press(self, key: str) -> None:
        await self.send("Input.insertText", text=key)


@pytest.mark.slow
@pytest.mark.skipif(not CHROMIUM, reason="no Chromium on this machine")
async def test_a_browser_shows_the_run_and_takes_keys(served: str, tmp_path: Path) -> None:
    import aiohttp

    port = free_port()
    process = subprocess.Popen(
        [
            CHROMIUM,
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--no-first-run",
            f"--user-data-dir={tmp_path / 'profile'}",
            f"--remote-debugging-port={port}",
            "--window-size=1200,800",
            "about:blank",
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        async with aiohttp.ClientSession() as session:
            page = await _page(session, port)
            async with session.ws_connect(page, max_msg_size=0) as socket_:
                browser = Browser(socket_)
                await browser.send("Network.enable")
                await browser.send("Page.navigate", url=f"{served}?token={TOKEN}")
                await browser.until("tasks merged")
                # the summary of the finished run
                focus = "document.querySelector('textarea').focus()"  # as a click would
                await browser.send("Runtime.evaluate", expression=focus)
                await browser.press("?")
                await browser.until("j k scroll")
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(20)


async def _page(session: Any, port: int) -> str:
    for _ in range(200):
        try:
            async with session.get(f"http://127.0.0.1:{port}/json") as answer:
                pages = json.loads(await answer.text())
                return next(p["webSocketDebuggerUrl"] for p in pages if p["type"] == "page")
        except (OSError, StopIteration):
            await asyncio.sleep(0.1)
        except Exception as error:  # aiohttp has its own names for "not yet"
            if "onnect" not in type(error).__name__:
                raise
            await asyncio.sleep(0.1)
    raise AssertionError("the browser does not answer")
