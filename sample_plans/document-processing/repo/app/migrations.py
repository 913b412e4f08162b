"""Applies the files of alembic/versions in the order of their down_revision chain."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

from app.db import Database

VERSIONS = Path(__file__).resolve().parent.parent / "alembic" / "versions"


def load_revisions(folder: Path = VERSIONS) -> list[ModuleType]:
    """Every migration, oldest first; a broken chain is an error, not a surprise."""
    modules = {}
    for path in sorted(folder.glob("*.py")):
        spec = importlib.util.spec_from_file_location(f"migration_{path.stem}", path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        if module.down_revision in modules:
            raise ValueError(f"{path.name}: two migrations follow {module.down_revision!r}")
        modules[module.down_revision] = module
    ordered, last = [], None
    while last in modules:
        ordered.append(modules.pop(last))
        last = ordered[-1].revision
    if modules:
        raise ValueError(f"migrations without a predecessor: {sorted(map(str, modules))}")
    return ordered


def current(database: Database) -> str | None:
    database.execute("CREATE TABLE IF NOT EXISTS alembic_version (version TEXT NOT NULL)")
    rows = database.rows("SELECT version FROM alembic_version")
    return rows[0]["version"] if rows else None


def upgrade(database: Database, target: str = "head") -> list[str]:
    """Apply what is missing up to ``target``; returns the revisions applied."""
    done = current(database)
    applied = []
    for module in load_revisions():
        if done is not None:
            if module.revision == done:
                done = None
            continue
        with database.transaction():
            module.upgrade(database.connection)
            _stamp(database, module.revision)
        applied.append(module.revision)
        if module.revision == target:
            break
    return applied


def downgrade(database: Database, target: str | None) -> list[str]:
    """Undo everything newer than ``target`` (None = everything), newest first."""
    undone = []
    revisions = load_revisions()
    while (now := current(database)) is not None and now != target:
        module = next(m for m in revisions if m.revision == now)
        with database.transaction():
            module.downgrade(database.connection)
            _stamp(database, module.down_revision)
        undone.append(now)
    return undone


def _stamp(database: Database, revision: str | None) -> None:
    database.execute("DELETE FROM alembic_version")
    if revision is not None:
        database.execute("INSERT INTO alembic_version VALUES (?)", (revision,))
