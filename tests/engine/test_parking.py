"""Several agents at the same limit of their service: parked together, back one after the other."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from email.utils import formatdate
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from maestro_tui.agents import files
from maestro_tui.engine.client import RunClient
from tests.agents.api_attempt import needs_package, write
from tests.agents.model_api import Fail, ModelApi, text
from tests.engine.scratch import (
    git,
    leftovers,
    maestro,
    make_repo,
    until,
    write_plan,
)

pytestmark = needs_package
NAMES = ("a", "b", "c", "d", "e")
SECONDS = 120.0
GAP_S = 1.4  # two seconds, less what is left to chance


class Service:
    """Lets nobody in until a moment that it names, alike for all."""

    def __init__(self, api: ModelApi, seconds: float) -> None:
        self.api, self._seconds = api, seconds
        self.opens_at = 0.0
        self.asked: dict[str, list[float]] = {name: [] for name in NAMES}
        for name in NAMES:
            api.scripts[name] = [self._turn(name), [text("Done.")]]

    def _turn(self, name: str) -> Any:
        def answer(_: dict[str, Any]) -> list[Any]:
            now = time.time()
            self.asked[name].append(now)
            self.opens_at = self.opens_at or now + self._seconds
            if now < self.opens_at:
                until_then = formatdate(self.opens_at + 1.0, usegmt=True)  # whole seconds
                headers = {"retry-after": until_then, "x-should-retry": "false"}
                return [Fail(429, headers, "rate_limit_error", "usage limit reached")]
            return [write(f"f{name}.txt", f"{name}\n"), write(f"{name}_DONE.md", "# Done\n")]

        return answer


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[ModelApi]:
    server = ModelApi()
    monkeypatch.setenv("ANTHROPIC_BASE_URL", server.url)
    monkeypatch.setenv("ANTHROPIC_API_KEY", "dummy-key-for-the-stand-in")
    yield server
    server.close()


def _plan(folder: Path, names: tuple[str, ...] = NAMES) -> Path:
    return write_plan(folder, {
        name: f'create = ["f{name}.txt"]\nmarker = "{name}_DONE.md"\n'
        f'text = "[[script:{name}]] Write it."\n'
        for name in names
    })  # fmt: skip


def _parked(repo: Path) -> list[float]:
    """Until when each agent was parked, by the runner's own word."""
    found = []
    for path in sorted((repo / ".maestro").rglob(files.EVENTS)):
        events = [json.loads(line) for line in path.read_text().splitlines()]
        found += [e["until"] for e in events if e["kind"] == "parked" and e["until"]]
    return sorted(found)


@pytest.mark.slow
def test_five_that_were_parked_together_come_back_one_by_one(tmp_path: Path, api: ModelApi) -> None:
    repo = make_repo(tmp_path / "repo")
    service = Service(api, 25.0)
    words = ["run", str(_plan(tmp_path)), "--headless", "--yes", "--run-id", "r", "--driver", "api"]
    done = maestro(*words, "--max-parallel", "5", cwd=repo, timeout=SECONDS)
    assert done.returncode == 0, done.stdout + done.stderr
    waits = _parked(repo)
    assert len(waits) == 5
    assert min(b - a for a, b in pairwise(waits)) > GAP_S
    assert waits[0] >= service.opens_at
    assert waits[-1] < service.opens_at + 15.0  # spread, not put off
    assert [len(asked) for asked in service.asked.values()] == [2] * 5
    back = sorted(asked[-1] for asked in service.asked.values())
    assert all(at >= wait - 0.05 for at, wait in zip(back, waits, strict=True))
    names = git(repo, "ls-tree", "--name-only", "HEAD").split()
    assert set(names) == {"README.md", *(f"f{name}.txt" for name in NAMES)}
    assert leftovers(repo) == []


def test_nobody_is_parked_where_waiting_is_switched_off(tmp_path: Path, api: ModelApi) -> None:
    settings = '[api]\non_limit = "fail"\n'
    repo = make_repo(tmp_path / "repo", {"README.md": "start\n", "maestro.toml": settings})
    Service(api, 600.0)
    words = ["run", str(_plan(tmp_path, ("a", "b"))), "--headless", "--yes", "--run-id", "r",
             "--driver", "api", "--on-failure", "skip"]  # fmt: skip
    done = maestro(*words, cwd=repo, timeout=SECONDS)
    assert done.returncode != 0
    assert "usage limit reached" in done.stdout
    assert _parked(repo) == []


def test_one_that_waits_holds_up_nobody_else(tmp_path: Path, api: ModelApi) -> None:
    repo = make_repo(tmp_path / "repo")
    service = Service(api, 600.0)
    api.scripts["b"] = [
        [write("fb.txt", "b\n"), write("b_DONE.md", "# Done\n")],
        [text("Done.")],
    ]
    words = ["run", str(_plan(tmp_path, ("a", "b"))), "--headless", "--run-id", "r",
             "--driver", "api"]  # fmt: skip
    assert maestro(*words, cwd=repo).returncode == 3
    client = RunClient(repo, "r")
    try:
        assert client.decide("review", "yes")
        client.start_engine()
        until(lambda: _state(client, "b") == "merged" and _waits(client), "b is merged", SECONDS)
        assert service.asked["b"] == []
        assert client.state.tasks["a"].attempt.parked_until > time.time() + 300
        client.instruct("a", "", "no-waiting")
        until(lambda: any(q.kind == "failure" for q in _questions(client)), "it fails", SECONDS)
        assert "usage limit reached" in str(_questions(client)[0])
    finally:
        client.stop("abort")
        until(lambda: not client.engine_alive(), "the engine ends", SECONDS)
        client.close()


def _state(client: RunClient, task: str) -> str:
    client.poll()
    return client.state.tasks[task].state.value


def _waits(client: RunClient) -> bool:
    attempt = client.state.tasks["a"].attempt
    return attempt is not None and attempt.parked_until > time.time()


def _questions(client: RunClient) -> list[Any]:
    client.poll()
    return list(client.state.questions.values())
