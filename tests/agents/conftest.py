from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.agents.api_attempt import Api
from tests.agents.attempt_folder import AttemptFolder
from tests.agents.model_api import ModelApi


@pytest.fixture
def attempt(tmp_path: Path) -> Iterator[AttemptFolder]:
    folder = AttemptFolder(tmp_path)
    yield folder
    folder.close()


@pytest.fixture
def api(attempt: AttemptFolder) -> Iterator[Api]:
    service = ModelApi()
    yield Api(attempt, service)
    service.close()
