"""Homes of servers for tests: a folder with SQLite, or one whose store is a database of a PostgreSQL that the session started."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

from regulars.runtime.home import open_home
from regulars.runtime.settings import Settings
from regulars.runtime.wiring import django_settings
from regulars.store import database

# Django is made known to the process once, so that tests may import records before they open a home of their own.
database.connect(Path("/nowhere"), **django_settings(Settings(home=Path("/nowhere"))))


@contextmanager
def database_of(server: str, *, up_to_date: bool = False) -> Iterator[str]:
    """Make a database on a server, empty or with this version's tables; yield its address."""
    import psycopg

    name = f"regulars_{uuid4().hex}"
    like = f" TEMPLATE {_postgres_tables(server)}" if up_to_date else ""
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}{like}")
    try:
        yield server.rsplit("/", 1)[0] + f"/{name}"
    finally:
        from django.db import connections

        connections.close_all()
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@cache
def _postgres_tables(server: str) -> str:
    """Make a database with this version's tables and nothing in them, once; return its name."""
    import psycopg
    from django.db import connections

    name = f"regulars_{uuid4().hex}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    database.connect(Path("/nowhere"), server.rsplit("/", 1)[0] + f"/{name}")
    database.migrate()
    connections.close_all()
    return name


@cache
def _sqlite_tables() -> bytes:
    """Make a store with this version's tables and nothing in them, once; return its file: to migrate takes half a second."""
    from django.db import connections

    with TemporaryDirectory(prefix="regulars-tests-") as folder:
        database.connect(Path(folder))
        database.migrate()
        connections.close_all()
        return (Path(folder) / database.FILE).read_bytes()


def opened(folder: Path, url: str = "", **settings: str) -> Settings:
    """Open a home with settings of its own, in this process; a new one begins with this version's tables."""
    lines = [f'{name} = "{value}"' for name, value in settings.items()]
    if url:
        lines.append(f'database_url = "{url}"')
    folder.mkdir(parents=True, exist_ok=True)
    if not url and not (folder / database.FILE).exists():
        (folder / database.FILE).write_bytes(_sqlite_tables())
    (folder / "regulars.toml").write_text("\n".join(lines), encoding="utf-8")
    return open_home(folder)


def environment() -> dict[str, str]:
    """The environment of a child process that knows nothing of other homes."""
    return {name: value for name, value in os.environ.items() if not name.startswith("REGULARS_")} | {
        "REGULARS_LEARNER": "off"
    }


Opened = Callable[..., Settings]
