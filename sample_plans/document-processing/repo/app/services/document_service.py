"""Documents: create, list, read."""

from __future__ import annotations

from app.db import Database
from app.models.base import Repository
from app.models.document import Document


class DocumentService:
    def __init__(self, database: Database) -> None:
        self.documents = Repository(database, Document)

    def create(self, title: str, body: str = "") -> Document:
        return self.documents.add(Document(title=title.strip(), body=body))

    def get(self, document_id: int) -> Document | None:
        return self.documents.get(document_id)

    def all(self) -> list[Document]:
        return self.documents.where()
