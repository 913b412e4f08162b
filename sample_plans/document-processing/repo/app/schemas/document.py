"""API v1: documents as they come in and go out."""

from __future__ import annotations

from dataclasses import dataclass

from app.models.document import Document
from app.schemas.base import Schema


@dataclass
class DocumentCreate(Schema):
    title: str
    body: str = ""

    def problems(self) -> dict[str, str]:
        if not 1 <= len(self.title.strip()) <= 200:
            return {"title": "must have 1 to 200 characters"}
        return {}


@dataclass
class DocumentResponse(Schema):
    id: int
    title: str
    body: str
    created_at: str

    @classmethod
    def of(cls, document: Document) -> DocumentResponse:
        assert document.id is not None
        return cls(document.id, document.title, document.body, document.created_at)
