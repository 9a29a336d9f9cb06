"""The home of a server: its settings read, its store connected and its tables brought up to date."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from regulars.kit.errors import Kind, RegularsError
from regulars.kit.files import ensure_writable
from regulars.kit.i18n import mark
from regulars.runtime.settings import Settings

NEEDED = ("django", "deltalake", "msgspec", "granian", "psycopg")


def open_home(home: Path | str | None = None) -> Settings:
    """Open the home folder, made where there is none, and connect this process to its store.

    Raises :class:`~regulars.kit.errors.RegularsError` where ``regulars[server]`` is not installed, a setting cannot be, the folder cannot be
    written or the store not be opened.
    """
    settings = connect_home(home)
    from regulars.store import database

    ensure_writable(settings.home)
    settings.home.mkdir(parents=True, exist_ok=True)
    database.migrate()
    from regulars.runtime import preferences

    return preferences.apply(settings)


def connect_home(home: Path | str | None = None) -> Settings:
    """Read a home's settings and tell this process where its store is, without opening or making anything; raises like :func:`open_home`."""
    needed()
    from regulars.runtime.wiring import django_settings
    from regulars.store import database

    settings = Settings.read(home)
    database.connect(settings.home, settings.database_url, **django_settings(settings))
    return settings


def needed() -> None:
    """Raise where packages of ``regulars[server]`` are not installed."""
    missing = [name for name in NEEDED if find_spec(name) is None]
    if missing:
        raise RegularsError(
            "server.missing",
            mark("The server needs packages that are not installed: {names}."),
            hint=mark("Install them with: pip install 'regulars[server]'"),
            kind=Kind.UNAVAILABLE,
            names=", ".join(missing),
        )
