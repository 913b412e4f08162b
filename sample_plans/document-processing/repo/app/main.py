"""The application: database migrated to head, every router registered."""

from __future__ import annotations

from wsgiref.simple_server import make_server

from app import migrations
from app.db import Database
from app.http import App
from app.routers import discover


def create_app(database: Database | None = None) -> App:
    database = database or Database()
    migrations.upgrade(database)
    return App(database, discover())


if __name__ == "__main__":
    with make_server("127.0.0.1", 8000, create_app(Database("paperwork.db"))) as server:
        print("http://127.0.0.1:8000/v1/documents")
        server.serve_forever()
