from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.agents.attempt_folder import AttemptFolder


@pytest.fixture
def attempt(tmp_path: Path) -> Iterator[AttemptFolder]:
    folder = AttemptFolder(tmp_path)
    yield folder
    folder.close()
