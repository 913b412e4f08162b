"""A stored document."""

from __future__ import annotations

from dataclasses import dataclass, field

from app.models.base import Model, utc_now


@dataclass(kw_only=True)
class Document(Model):
    table = "documents"

    title: str
    body: str = ""
    created_at: str = field(default_factory=utc_now)
