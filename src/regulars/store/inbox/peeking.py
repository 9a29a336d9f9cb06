"""A look at the newest events that wait: reads and nothing else, never more than a bounded part, in nobody's way."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection
from contextlib import closing
from pathlib import Path
from typing import Any

from regulars.store.inbox.failing import unavailable
from regulars.store.inbox.inbox import Event

LOOKED_AT = 20_000
"""Of what waits only the newest are looked through, however much there is."""
_COLUMNS = ", ".join(Event._fields)
_BUSY_SECONDS = 1.0


def newest(
    place: str | Path, most: int, *, type_: str = "", customers: Collection[str] | None = None
) -> list[Event]:
    """Return the newest events that wait, latest received first, at most ``most``, each once; none where there is no inbox yet.

    ``type_`` and ``customers`` (the shop's own ids) leave out all others. Raises ``inbox.unavailable`` where the database does not answer.
    """
    told = str(place)
    names = None if customers is None else sorted(customers)[:100]
    if names == []:
        return []
    if told.startswith(("postgresql://", "postgres://")):
        rows = _postgres(told, most, type_, names)
    else:
        rows = _sqlite(Path(told.removeprefix("sqlite:///")), most, type_, names)
    once: dict[str, Event] = {}
    for row in rows:
        once.setdefault(row[0], Event(*row))
    return sorted(once.values(), key=lambda event: -event.received_at)


def _sqlite(path: Path, most: int, type_: str, names: list[str] | None) -> list[Any]:
    if not path.exists():
        return []
    where, values = _where(type_, names, "?")
    gone = "coalesce((SELECT max(last) FROM claims WHERE finished), 0)"
    left = "NOT EXISTS (SELECT 1 FROM seen WHERE seen.event_id = e.event_id)"
    some = f"SELECT * FROM events WHERE number > {gone} ORDER BY number DESC LIMIT {LOOKED_AT}"
    sql = (
        f"SELECT {_COLUMNS} FROM ({some}) e WHERE {' AND '.join([*where, left])} ORDER BY number DESC LIMIT ?"
    )
    try:
        address = f"{path.resolve().as_uri()}?mode=ro"
        with closing(sqlite3.connect(address, uri=True, timeout=_BUSY_SECONDS)) as connection:
            return connection.execute(sql, (*values, most)).fetchall()
    except sqlite3.OperationalError as error:
        if "no such table" in str(error):
            return []
        raise unavailable(error) from error


def _postgres(address: str, most: int, type_: str, names: list[str] | None) -> list[Any]:
    import psycopg

    where, values = _where(type_, names, "%s")
    both = " UNION ALL ".join(
        f"(SELECT {_COLUMNS} FROM {table} ORDER BY received_at DESC LIMIT {LOOKED_AT})"
        for table in ("regulars_inbox", "regulars_inbox_claimed")
    )
    kept = f" WHERE {' AND '.join(where)}" if where else ""
    sql = f"SELECT {_COLUMNS} FROM ({both}) e{kept} ORDER BY received_at DESC LIMIT %s"
    try:
        with psycopg.connect(
            address, autocommit=True, connect_timeout=2, options="-c statement_timeout=2000"
        ) as connection:
            return connection.execute(sql, (*values, most)).fetchall()
    except psycopg.errors.UndefinedTable:
        return []
    except psycopg.Error as error:
        raise unavailable(error) from error


def _where(type_: str, names: list[str] | None, sign: str) -> tuple[list[str], list[str]]:
    where, values = [], []
    if type_:
        where.append(f"e.type = {sign}")
        values.append(type_)
    if names is not None:
        where.append(f"e.customer_id IN ({', '.join([sign] * len(names))})")
        values += names
    return where, values
