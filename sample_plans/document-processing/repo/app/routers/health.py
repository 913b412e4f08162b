"""GET /health."""

from __future__ import annotations

from app import migrations
from app.http import Request, Router

router = Router()


@router.get("/health")
def health(request: Request) -> dict[str, object]:
    return {"status": "ok", "migration": migrations.current(request.app.db)}
