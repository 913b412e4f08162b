"""A tiny web framework: routers with path parameters, JSON in and out, callable as WSGI."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl

from app.db import Database


class HTTPError(Exception):
    """Raised by handlers; becomes a JSON error response."""

    def __init__(self, status: int, detail: Any) -> None:
        super().__init__(f"{status}: {detail}")
        self.status = status
        self.detail = detail


@dataclass
class Request:
    app: App
    method: str
    path: str
    query: dict[str, str] = field(default_factory=dict)
    json: Any = None
    params: dict[str, str] = field(default_factory=dict)

    def int_param(self, name: str) -> int:
        value = self.params[name]
        if not value.isdigit():
            raise HTTPError(404, f"no such {name}: {value}")
        return int(value)


@dataclass
class Response:
    body: Any = None
    status: int = 200


Handler = Callable[[Request], Any]


class Router:
    """Routes under a common prefix, declared with ``@router.get("/{id}")``."""

    def __init__(self, prefix: str = "") -> None:
        self.prefix = prefix
        self.routes: list[tuple[str, re.Pattern[str], Handler]] = []

    def route(self, method: str, path: str) -> Callable[[Handler], Handler]:
        pattern = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", self.prefix + path)

        def register(handler: Handler) -> Handler:
            self.routes.append((method, re.compile(pattern), handler))
            return handler

        return register

    def get(self, path: str = "") -> Callable[[Handler], Handler]:
        return self.route("GET", path)

    def post(self, path: str = "") -> Callable[[Handler], Handler]:
        return self.route("POST", path)


class App:
    """The routers of the service and what their handlers share (``db``, ``state``)."""

    def __init__(self, database: Database, routers: Iterable[Router]) -> None:
        self.db = database
        self.routers = list(routers)
        self.state: dict[str, Any] = {}

    def handle(
        self, method: str, path: str, body: Any = None, query: dict[str, str] | None = None
    ) -> Response:
        allowed = False
        for router in self.routers:
            for verb, pattern, handler in router.routes:
                if (match := pattern.fullmatch(path)) is None:
                    continue
                allowed = True
                if verb == method:
                    request = Request(self, method, path, query or {}, body, match.groupdict())
                    return self._answer(handler, request)
        if allowed:
            return Response({"detail": "method not allowed"}, 405)
        return Response({"detail": "not found"}, 404)

    @staticmethod
    def _answer(handler: Handler, request: Request) -> Response:
        try:
            result = handler(request)
        except HTTPError as error:
            return Response({"detail": error.detail}, error.status)
        return result if isinstance(result, Response) else Response(result)

    def __call__(self, environ: dict[str, Any], start_response: Any) -> list[bytes]:
        length = int(environ.get("CONTENT_LENGTH") or 0)
        raw = environ["wsgi.input"].read(length) if length else b""
        try:
            body = json.loads(raw) if raw else None
        except ValueError:
            response = Response({"detail": "the body is not JSON"}, 400)
        else:
            query = dict(parse_qsl(environ.get("QUERY_STRING", "")))
            response = self.handle(environ["REQUEST_METHOD"], environ["PATH_INFO"], body, query)
        data = json.dumps(response.body).encode()
        reason = HTTPStatus(response.status).phrase
        headers = [("Content-Type", "application/json"), ("Content-Length", str(len(data)))]
        start_response(f"{response.status} {reason}", headers)
        return [data]
