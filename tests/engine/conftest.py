"""Runs that sleep most of their time are begun at once and go on beside the other tests."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest

Background = dict[Any, "Future[Any]"]


def _selected(request: pytest.FixtureRequest, name: str) -> bool:
    return any(item.path.name == name for item in request.session.items)


@pytest.fixture(scope="session", autouse=True)
def wave_runs(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Background]:
    """The six tasks in both modes, with and without a slow third."""
    if not _selected(request, "test_waves.py"):
        yield {}
        return
    from tests.engine.test_waves import CASES, run

    with ThreadPoolExecutor(2) as pool:
        yield {
            case: pool.submit(run, tmp_path_factory.mktemp(case.replace(" ", "-")), case)
            for case in CASES
        }


@pytest.fixture(scope="session", autouse=True)
def ends(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Background]:
    """Runs in the midst of their work, each ended in its own way."""
    if not _selected(request, "test_ends.py"):
        yield {}
        return
    from tests.engine.test_ends import SCENARIOS, Running

    runs = {name: Running(tmp_path_factory.mktemp("end")) for name in SCENARIOS}
    with ThreadPoolExecutor(3) as pool:
        yield {name: pool.submit(SCENARIOS[name], run) for name, run in runs.items()}
    for run in runs.values():
        run.clean_up()
