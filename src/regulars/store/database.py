"""The one connection to the store: SQLite in a folder or PostgreSQL by an address, told to Django once and changed for tests."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from regulars.kit.errors import Kind, RegularsError
from regulars.kit.i18n import mark

FILE = "store.sqlite3"
APPS = ("regulars.store",)
ROOMY_KIB = 512 * 1024
LOCKS = {
    "advertising": 7_261_009,
    "customers": 7_261_000,
    "orders": 7_261_001,
    "products": 7_261_002,
    "refresh": 7_261_003,
    "lake": 7_261_004,
    "users": 7_261_006,
    "segments": 7_261_008,
    "settings": 7_261_010,
}
"""Numbers of PostgreSQL's advisory locks."""


def address(home: Path, url: str) -> dict[str, Any]:
    """Return Django's description of the store: the address, or SQLite in the home folder."""
    if not url:
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": str(home / FILE),
            # Opening the file and telling it how to behave costs more than most questions.
            "CONN_MAX_AGE": 600,
            "OPTIONS": {
                "timeout": 30,
                "transaction_mode": "IMMEDIATE",
                # What was acknowledged must survive a loss of power, so every commit is written through.
                "init_command": "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -65536;",
            },
        }
    told = urlsplit(url)
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(told.path.lstrip("/")),
        "USER": unquote(told.username or ""),
        "PASSWORD": unquote(told.password or ""),
        "HOST": told.hostname or "",
        "PORT": str(told.port or ""),
        "CONN_HEALTH_CHECKS": True,
        "CONN_MAX_AGE": 600,
    }


def connect(home: Path, url: str = "", **more: Any) -> None:
    """Make Django known to this process, or point it at another store; ``more`` are further settings of Django's."""
    import django
    from django.conf import settings
    from django.db import connections

    described = address(home, url)
    if not settings.configured:
        settings.configure(
            DATABASES={"default": described},
            INSTALLED_APPS=list(APPS),
            USE_TZ=True,
            TIME_ZONE="UTC",
            DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
            **more,
        )
        django.setup()
        return
    for name, value in more.items():
        setattr(settings, name, value)
    connections.close_all()
    settings.DATABASES["default"] = described
    connections.settings["default"] = connections.configure_settings({"default": described})["default"]
    if hasattr(connections._connections, "default"):
        del connections["default"]


def migrate() -> None:
    """Bring the tables up to this version; nothing where they are. Raises where they are those of a newer version."""
    from django.core.management import call_command
    from django.db import OperationalError

    try:
        # Django's own way of finding out that there is nothing to do takes longer than everything else an opening does.
        if _is_behind():
            call_command("migrate", verbosity=0, interactive=False)
    except OperationalError as error:
        raise RegularsError(
            "store.unavailable",
            mark("The store cannot be opened: {error}."),
            hint=mark("Check the home folder's rights, or REGULARS_DATABASE_URL."),
            kind=Kind.UNAVAILABLE,
            error=str(error).strip(),
        ) from error


def _is_behind() -> bool:
    """Tell whether migrations wait. Raises where the store has been through some that this version does not know: it would write what a
    newer one misreads.
    """
    from django.db import connection
    from django.db.migrations.loader import MigrationLoader

    loader = MigrationLoader(connection)
    unknown = sorted(
        name for app, name in set(loader.applied_migrations) - set(loader.disk_migrations) if app == "store"
    )
    if unknown:
        raise RegularsError(
            "store.newer",
            mark("The store was brought up by a newer Regulars: this one does not know {names}."),
            hint=mark(
                "Install that version or a later one, or restore a backup made with this one: regulars restore"
            ),
            kind=Kind.CONFLICT,
            names=", ".join(unknown),
        )
    return not set(loader.disk_migrations) <= set(loader.applied_migrations)


def is_postgres() -> bool:
    """Tell whether the store is a PostgreSQL."""
    from django.db import connection

    return connection.vendor == "postgresql"


@contextmanager
def writing(lock: str = "", *, shared: bool = False) -> Iterator[None]:
    """One transaction; with a ``lock``, no other that names it runs beside it (``shared``: beside others that share it).

    SQLite has one writer at a time anyway; PostgreSQL takes an advisory lock that ends with the transaction. Inside another it is a part of
    that one: what fails in here fails the whole.
    """
    from django.db import connection, transaction

    with transaction.atomic(savepoint=False):
        if lock and connection.vendor == "postgresql":
            function = "pg_advisory_xact_lock_shared" if shared else "pg_advisory_xact_lock"
            with connection.cursor() as cursor:
                cursor.execute(f"SELECT {function}(%s)", [LOCKS[lock]])
        yield


@contextmanager
def roomy() -> Iterator[None]:
    """Give SQLite more memory for a while: many rows written in no order touch pages all over a large file again and again."""
    from django.db import connection

    if connection.vendor != "sqlite":
        yield
        return
    with connection.cursor() as cursor:
        (before,) = cursor.execute("PRAGMA cache_size").fetchone()
        cursor.execute(f"PRAGMA cache_size = -{ROOMY_KIB}")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f"PRAGMA cache_size = {before}")


def numbers(name: str, count: int) -> range:
    """Give out ``count`` numbers that were never given out under a name; call inside a transaction."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            """INSERT INTO counters (name, last) VALUES (%s, %s)
            ON CONFLICT (name) DO UPDATE SET last = counters.last + excluded.last RETURNING last""",
            [name, count],
        )
        (last,) = cursor.fetchone() or (0,)
    return range(int(last) - count + 1, int(last) + 1)


def last_number(name: str) -> int:
    """Return the last number that was given out under a name; 0 for none."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT last FROM counters WHERE name = %s", [name])
        (last,) = cursor.fetchone() or (0,)
    return int(last)
