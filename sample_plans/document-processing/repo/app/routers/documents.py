"""API v1: documents."""

from __future__ import annotations

from typing import Any

from app.http import HTTPError, Request, Response, Router
from app.schemas.base import SchemaError
from app.schemas.document import DocumentCreate, DocumentResponse
from app.services.document_service import DocumentService

router = Router("/v1/documents")


@router.get()
def list_documents(request: Request) -> list[dict[str, Any]]:
    documents = DocumentService(request.app.db).all()
    return [DocumentResponse.of(d).dump() for d in documents]


@router.post()
def create_document(request: Request) -> Response:
    try:
        payload = DocumentCreate.parse(request.json)
    except SchemaError as error:
        raise HTTPError(422, error.errors) from error
    document = DocumentService(request.app.db).create(payload.title, payload.body)
    return Response(DocumentResponse.of(document).dump(), 201)


@router.get("/{id}")
def read_document(request: Request) -> dict[str, Any]:
    document = DocumentService(request.app.db).get(request.int_param("id"))
    if document is None:
        raise HTTPError(404, "no such document")
    return DocumentResponse.of(document).dump()
