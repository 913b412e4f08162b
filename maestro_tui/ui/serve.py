"""The screen in a browser: one program a visitor, bound to this machine, behind a token.

Whoever reaches the page can answer questions and let agents work, so three things have to be
right: the token of the printed address, the name the page was asked for under, and where a
websocket was opened from.
"""

from __future__ import annotations

import hmac
import logging
import secrets
import shlex
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from aiohttp import web
from textual_serve.server import Server

if TYPE_CHECKING:
    from aiohttp.typedefs import Middleware

COOKIE = "maestro-token"
LOOPBACK = ("127.0.0.1", "localhost", "::1")
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class GuardedServer(Server):  # type: ignore[misc, unused-ignore]
    """textual-serve's server that lets in only who knows the token."""

    def __init__(self, command: Sequence[str], host: str, port: int, *, token: str = "") -> None:
        super().__init__(shlex.join(command), host=host, port=port, title="Maestro")
        self.token = token or secrets.token_urlsafe(24)

    @property
    def address(self) -> str:
        """What to open in a browser."""
        return f"{self.public_url}/?token={self.token}"

    def initialize_logging(self) -> None:
        """Quiet: an access log would repeat the token."""
        logging.basicConfig(level=logging.WARNING)

    async def _make_app(self) -> web.Application:
        app: web.Application = await super()._make_app()
        app.middlewares.append(self._guard())
        return app

    async def on_startup(self, app: web.Application) -> None:
        """Say where it is."""
        print(f"Maestro in the browser: {self.address}\nCtrl+C ends it; runs go on.", flush=True)

    def _guard(self) -> Middleware:
        @web.middleware
        async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
            if not self._known_name(request.headers.get("Host", "")):
                raise web.HTTPForbidden(text="This address is not served here.")
            given = request.query.get("token") or request.cookies.get(COOKIE, "")
            if not hmac.compare_digest(given.encode(), self.token.encode()):
                raise web.HTTPForbidden(text="Open the address that maestro serve has printed.")
            origin = request.headers.get("Origin")
            if origin is not None and not self._known_name(urlsplit(origin).netloc):
                raise web.HTTPForbidden(text="Another page may not open this one.")
            if request.path == "/" and "token" in request.query:
                # Out of the address bar, so that neither history nor a picture keeps it.
                answer: web.StreamResponse = web.HTTPFound("/")
                answer.set_cookie(COOKIE, self.token, httponly=True, samesite="Strict")
                return answer
            return await handler(request)

        return guard

    def _known_name(self, netloc: str) -> bool:
        """Whether the page was asked for under its own name: others may be made to point here."""
        parts = urlsplit(f"//{netloc}")
        try:
            port = parts.port
        except ValueError:
            return False
        return parts.hostname in (*LOOPBACK, self.host) and port in (self.port, None)
