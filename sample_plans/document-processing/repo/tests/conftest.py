from __future__ import annotations

import pytest

from app.db import Database
from app.http import App
from app.main import create_app


@pytest.fixture
def database() -> Database:
    return Database()


@pytest.fixture
def app(database: Database) -> App:
    return create_app(database)
