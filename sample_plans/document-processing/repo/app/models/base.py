"""What every model shares: a table name, an id, and a repository that stores it."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import ClassVar, Generic, TypeVar

from app.db import Database


def utc_now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")


@dataclass(kw_only=True)
class Model:
    table: ClassVar[str]
    id: int | None = None

    @classmethod
    def columns(cls) -> list[str]:
        return [f.name for f in dataclasses.fields(cls)]


M = TypeVar("M", bound=Model)


class Repository(Generic[M]):
    """Add, read and update the rows of one model."""

    def __init__(self, database: Database, model: type[M]) -> None:
        self.db = database
        self.model = model

    def add(self, item: M) -> M:
        columns = [c for c in self.model.columns() if c != "id"]
        marks = ", ".join("?" for _ in columns)
        cursor = self.db.execute(
            f"INSERT INTO {self.model.table} ({', '.join(columns)}) VALUES ({marks})",
            [getattr(item, c) for c in columns],
        )
        item.id = cursor.lastrowid
        return item

    def update(self, item: M) -> M:
        columns = [c for c in self.model.columns() if c != "id"]
        changes = ", ".join(f"{c} = ?" for c in columns)
        self.db.execute(
            f"UPDATE {self.model.table} SET {changes} WHERE id = ?",
            [*(getattr(item, c) for c in columns), item.id],
        )
        return item

    def get(self, item_id: int) -> M | None:
        found = self.where(id=item_id)
        return found[0] if found else None

    def where(self, **equals: object) -> list[M]:
        unknown = set(equals) - set(self.model.columns())
        if unknown:
            raise ValueError(f"{self.model.table} has no column {sorted(unknown)}")
        condition = " AND ".join(f"{c} = ?" for c in equals) or "1"
        rows = self.db.rows(
            f"SELECT {', '.join(self.model.columns())} FROM {self.model.table} "
            f"WHERE {condition} ORDER BY id",
            list(equals.values()),
        )
        return [self.model(**dict(row)) for row in rows]
