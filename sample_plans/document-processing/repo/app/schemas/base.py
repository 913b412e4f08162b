"""Checked data: a payload becomes a dataclass, or an error that names every bad field."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any, Self, get_type_hints


class SchemaError(ValueError):
    """``errors`` maps each bad field to what is wrong with it."""

    def __init__(self, errors: dict[str, str]) -> None:
        super().__init__("; ".join(f"{name}: {text}" for name, text in errors.items()))
        self.errors = errors


@dataclass
class Schema:
    @classmethod
    def parse(cls, payload: Any) -> Self:
        if not isinstance(payload, dict):
            raise SchemaError({"body": "must be a JSON object"})
        hints = get_type_hints(cls)
        errors: dict[str, str] = {}
        values: dict[str, Any] = {}
        for f in dataclasses.fields(cls):
            if f.name in payload:
                values[f.name] = payload[f.name]
                if not isinstance(payload[f.name], hints[f.name]):
                    errors[f.name] = f"must be of type {hints[f.name].__name__}"
            elif f.default is dataclasses.MISSING and f.default_factory is dataclasses.MISSING:
                errors[f.name] = "is required"
        if errors:
            raise SchemaError(errors)
        item = cls(**values)
        if problems := item.problems():
            raise SchemaError(problems)
        return item

    def problems(self) -> dict[str, str]:
        """Rules beyond types; overridden where there are any."""
        return {}

    def dump(self) -> dict[str, Any]:
        return dataclasses.asdict(self)
