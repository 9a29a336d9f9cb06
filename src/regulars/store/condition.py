"""What a store says of itself: its kind and version, its own clock, and how its tables stand to this version's. Changes nothing."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from regulars.store import database


@dataclass(frozen=True, slots=True)
class Condition:
    """A store that answered."""

    kind: str
    """Its name and version."""
    answered_seconds: float
    ahead_seconds: float
    """How much its clock is ahead of this machine's; zero for SQLite, which has none of its own."""
    waiting: tuple[str, ...]
    """Migrations that the store has not had yet."""
    unknown: tuple[str, ...]
    """Migrations of a newer version, which this one does not know."""


def look() -> Condition:
    """Ask the store; raises what the database raises where it does not answer."""
    from django.db import connection

    before = time.perf_counter()
    ahead = 0.0
    with connection.cursor() as cursor:
        if database.is_postgres():
            cursor.execute("SELECT current_setting('server_version'), clock_timestamp()")
            version, told = cursor.fetchone() or ("", datetime.now(UTC))
            ahead, kind = (told - datetime.now(UTC)).total_seconds(), f"PostgreSQL {version}"
        else:
            cursor.execute("SELECT sqlite_version()")
            (version,) = cursor.fetchone() or ("",)
            kind = f"SQLite {version}"
        answered = time.perf_counter() - before
        there: set[str] = set()
        if "django_migrations" in connection.introspection.table_names(cursor):
            cursor.execute("SELECT name FROM django_migrations WHERE app = 'store'")
            there = {name for (name,) in cursor.fetchall()}
    known = known_migrations()
    waiting = tuple(name for name in known if name not in there)
    return Condition(kind, answered, ahead, waiting, tuple(sorted(there - set(known))))


def known_migrations() -> tuple[str, ...]:
    """Return the names of this version's migrations, first to last; needs no store."""
    return tuple(sorted(path.stem for path in (Path(__file__).parent / "migrations").glob("[0-9]*.py")))
