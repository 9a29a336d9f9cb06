"""The inbox on PostgreSQL: copied into a table without an index, so that appending stays quick; duplicates end at the claim."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from typing import Any, TypeVar

import psycopg

from regulars.store.inbox.failing import unavailable
from regulars.store.inbox.inbox import KEPT_DAYS, Claim, Event, Left, Waiting

Told = TypeVar("Told")

_COLUMNS = ", ".join(Event._fields)
_TYPED = """
    event_id text NOT NULL, source text NOT NULL, visitor_id text, customer_id text, session_id text, type text NOT NULL,
    occurred_at bigint NOT NULL, received_at bigint NOT NULL, product_id text, order_id text,
    value double precision, url text, properties text NOT NULL
"""
_SCHEMA = f"""
CREATE TABLE IF NOT EXISTS regulars_inbox ({_TYPED}) WITH (autovacuum_vacuum_scale_factor = 0.05);
CREATE TABLE IF NOT EXISTS regulars_inbox_claimed ({_TYPED});
CREATE TABLE IF NOT EXISTS regulars_inbox_claims (number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY);
CREATE TABLE IF NOT EXISTS regulars_inbox_seen (event_id text PRIMARY KEY, received_at bigint NOT NULL);
CREATE INDEX IF NOT EXISTS regulars_inbox_seen_received ON regulars_inbox_seen (received_at);
"""
# Rows become visible out of the order of any number they could have: what is there is moved, nothing is remembered as reached.
_MOVE = f"""
WITH taken AS (
    DELETE FROM regulars_inbox
    WHERE ctid = ANY (ARRAY(SELECT ctid FROM regulars_inbox LIMIT %s FOR UPDATE SKIP LOCKED))
    RETURNING *
), first AS (
    SELECT DISTINCT ON (event_id) * FROM taken ORDER BY event_id, received_at
), new AS (
    INSERT INTO regulars_inbox_seen SELECT event_id, received_at FROM first
    ON CONFLICT DO NOTHING RETURNING event_id
), kept AS (
    INSERT INTO regulars_inbox_claimed ({_COLUMNS})
    SELECT {_COLUMNS} FROM first WHERE event_id IN (SELECT event_id FROM new) RETURNING 1
)
SELECT (SELECT count(*) FROM taken), (SELECT count(*) FROM kept)
"""
_SLICE = 10_000
_CONNECT_SECONDS = 10


class PostgresInbox:
    """Events in tables ``regulars_inbox…``; see :class:`~regulars.store.inbox.inbox.Inbox` for what is promised."""

    def __init__(self, address: str, *, clock: Callable[[], float] = time.time) -> None:
        self._address, self._clock, self._alone = address, clock, threading.Lock()
        self._open: psycopg.Connection[Any] | None = None
        self._closed = False
        self._work(self._prepare)

    def append(self, events: Sequence[Event]) -> None:
        """Keep events for good; see the protocol."""
        if not events:
            return

        def copy(connection: psycopg.Connection[Any]) -> None:
            with (
                connection.cursor() as cursor,
                cursor.copy(f"COPY regulars_inbox ({_COLUMNS}) FROM STDIN") as rows,
            ):
                for event in events:
                    rows.write_row(event)

        # Whether a commit came through is unknown when the connection breaks: copied twice, they are still claimed once.
        self._work(copy)

    def claim(self, limit: int = 100_000) -> Claim | None:
        """Return the open claim or open one; see the protocol."""
        return self._work(lambda connection: _claim(connection, limit))

    def done(self, number: int) -> None:
        """Forget the events of a claim; see the protocol."""
        until = int((self._clock() - KEPT_DAYS * 86_400) * 1e6)
        self._work(lambda connection: _done(connection, number))
        while self._work(lambda connection: _prune(connection, until)) == _SLICE:
            pass

    def waiting(self) -> Waiting:
        """Return how many events wait, duplicates included; see the protocol."""
        both = (
            "SELECT received_at FROM regulars_inbox UNION ALL SELECT received_at FROM regulars_inbox_claimed"
        )
        query = f"SELECT count(*), min(received_at) FROM ({both}) AS waiting"
        return Waiting(*self._work(lambda connection: connection.execute(query).fetchone() or (0, None)))

    def held(self) -> list[Event]:
        """Return the events that wait, duplicates included; see the protocol."""
        both = (
            f"SELECT {_COLUMNS} FROM regulars_inbox UNION ALL SELECT {_COLUMNS} FROM regulars_inbox_claimed"
        )
        rows = self._work(
            lambda connection: connection.execute(f"{both} ORDER BY received_at, event_id").fetchall()
        )
        return [Event(*row) for row in rows]

    def left(self) -> Iterator[list[Left]]:
        """Yield the ids of what has left; see the protocol."""
        after = ""
        some = (
            "SELECT event_id, received_at FROM regulars_inbox_seen WHERE event_id > %s "
            "ORDER BY event_id LIMIT 50000"
        )

        def following(connection: psycopg.Connection[Any]) -> list[Left]:
            return connection.execute(some, (after,)).fetchall()

        while rows := self._work(following):
            after = rows[-1][0]
            yield rows

    def restore(self, events: Sequence[Event], left: Iterable[Sequence[Left]], last: int) -> None:
        """Fill an empty inbox; see the protocol."""

        def fill(connection: psycopg.Connection[Any]) -> None:
            with connection.transaction(), connection.cursor() as cursor:
                with cursor.copy("COPY regulars_inbox_seen (event_id, received_at) FROM STDIN") as rows:
                    for part in left:
                        for row in part:
                            rows.write_row(row)
                number = "pg_get_serial_sequence('regulars_inbox_claims', 'number')"
                cursor.execute(f"SELECT setval({number}, %s)", (max(last, 1),))

        with self._alone:
            fill(self._connection())
        self.append(events)

    def close(self) -> None:
        """Let go of the server; see the protocol."""
        with self._alone:
            self._closed = True
            self._leave()

    def _work(self, work: Callable[[psycopg.Connection[Any]], Told]) -> Told:
        """Do something that may be done twice, once more if the connection had been lost since the last time."""
        with self._alone:
            fresh = self._open is None
            try:
                return work(self._connection())
            except (psycopg.OperationalError, psycopg.InterfaceError) as error:
                self._leave()
                if fresh or self._closed:
                    raise unavailable(error) from error
            try:
                return work(self._connection())
            except (psycopg.OperationalError, psycopg.InterfaceError) as error:
                self._leave()
                raise unavailable(error) from error

    def _connection(self) -> psycopg.Connection[Any]:
        if self._closed:
            raise psycopg.InterfaceError("the inbox is closed")
        if self._open is None:
            self._open = psycopg.connect(self._address, autocommit=True, connect_timeout=_CONNECT_SECONDS)
            # Whatever the server's own habit is: acknowledged means on disk.
            self._open.execute("SET synchronous_commit = on")
        return self._open

    def _leave(self) -> None:
        if self._open is not None:
            with suppress(psycopg.Error):
                self._open.close()
        self._open = None

    def _prepare(self, connection: psycopg.Connection[Any]) -> None:
        with connection.transaction():
            # Two who create the same table at once would be told of a conflict.
            connection.execute("SELECT pg_advisory_xact_lock(hashtext('regulars_inbox'))")
            connection.execute(_SCHEMA)


def _claim(connection: psycopg.Connection[Any], limit: int) -> Claim | None:
    with connection.transaction():
        connection.execute("LOCK TABLE regulars_inbox_claims IN EXCLUSIVE MODE")
        found = connection.execute("SELECT number FROM regulars_inbox_claims").fetchone()
        if found is None:
            if not _moved(connection, limit):
                return None
            found = connection.execute(
                "INSERT INTO regulars_inbox_claims DEFAULT VALUES RETURNING number"
            ).fetchone()
        assert found is not None
        rows = connection.execute(
            f"SELECT {_COLUMNS} FROM regulars_inbox_claimed ORDER BY received_at, event_id"
        )
        return Claim(found[0], [Event(*row) for row in rows])


def _moved(connection: psycopg.Connection[Any], limit: int) -> bool:
    """Move what waits to what is claimed; say whether there was anything but duplicates."""
    while True:
        taken, kept = connection.execute(_MOVE, (limit,)).fetchone() or (0, 0)
        if kept or not taken:
            return bool(kept)


def _done(connection: psycopg.Connection[Any], number: int) -> None:
    with connection.transaction():
        gone = connection.execute("DELETE FROM regulars_inbox_claims WHERE number = %s", (number,))
        if gone.rowcount:
            connection.execute("TRUNCATE regulars_inbox_claimed")


def _prune(connection: psycopg.Connection[Any], until: int) -> int:
    """Forget some ids that are too old to come again; return how many."""
    oldest = "SELECT ctid FROM regulars_inbox_seen WHERE received_at < %s LIMIT %s"
    gone = connection.execute(
        f"DELETE FROM regulars_inbox_seen WHERE ctid = ANY (ARRAY({oldest}))", (until, _SLICE)
    )
    return gone.rowcount
