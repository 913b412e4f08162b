from __future__ import annotations

from app.http import App


def test_a_document_can_be_created_and_read(app: App) -> None:
    created = app.handle("POST", "/v1/documents", {"title": "Invoice", "body": "EUR 12.00"})
    assert created.status == 201
    read = app.handle("GET", f"/v1/documents/{created.body['id']}")
    assert read.body == created.body


def test_a_document_needs_a_title(app: App) -> None:
    answer = app.handle("POST", "/v1/documents", {"title": "  "})
    assert answer.status == 422
    assert "title" in answer.body["detail"]


def test_unknown_documents_are_not_found(app: App) -> None:
    assert app.handle("GET", "/v1/documents/99").status == 404
    assert app.handle("GET", "/v1/documents/abc").status == 404
