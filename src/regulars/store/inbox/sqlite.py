"""The inbox as one SQLite file: a file of its own, so that no console transaction waits for intake, nor intake for it."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from itertools import chain
from pathlib import Path

from regulars.kit.files import sync_folder
from regulars.store.inbox.failing import unavailable
from regulars.store.inbox.inbox import KEPT_DAYS, Claim, Event, Waiting

_COLUMNS = ", ".join(Event._fields)
_SCHEMA = """
-- AUTOINCREMENT: a number never comes again, whatever was deleted, so that no claim ever reaches over later events.
CREATE TABLE IF NOT EXISTS events (
    number INTEGER PRIMARY KEY AUTOINCREMENT, event_id TEXT NOT NULL, source TEXT NOT NULL, visitor_id TEXT, customer_id TEXT,
    session_id TEXT, type TEXT NOT NULL, occurred_at INTEGER NOT NULL, received_at INTEGER NOT NULL, product_id TEXT,
    order_id TEXT, value REAL, url TEXT, properties TEXT NOT NULL
);
-- In the order in which they came, so that the oldest are found without an index.
CREATE TABLE IF NOT EXISTS seen (
    number INTEGER PRIMARY KEY, event_id TEXT NOT NULL UNIQUE, received_at INTEGER NOT NULL
);
-- At most one that is open.
CREATE TABLE IF NOT EXISTS claims (
    number INTEGER PRIMARY KEY AUTOINCREMENT, last INTEGER NOT NULL, finished INTEGER NOT NULL DEFAULT 0
);
CREATE TRIGGER IF NOT EXISTS once BEFORE INSERT ON events BEGIN
    SELECT RAISE(IGNORE) WHERE EXISTS (SELECT 1 FROM seen WHERE event_id = NEW.event_id);
    INSERT INTO seen (event_id, received_at) VALUES (NEW.event_id, NEW.received_at);
END;
"""
_BUSY_SECONDS = 10.0
_TOGETHER = 100
"""Rows a statement: SQLite works on them without Python's lock, so that requests are read meanwhile."""
_SLICE = 2_000
"""Rows deleted in one go: some ten milliseconds that an append may have to wait."""
_CHECKPOINT_PAGES = 4_000


class SqliteInbox:
    """Events in one file; see :class:`~regulars.store.inbox.inbox.Inbox` for what is promised."""

    def __init__(self, path: Path | str, *, clock: Callable[[], float] = time.time) -> None:
        self.path, self._clock, self._alone = Path(path), clock, threading.Lock()
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._open = sqlite3.connect(
                self.path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False
            )
            self._prepare()
            sync_folder(self.path.parent)
        except (sqlite3.Error, OSError) as error:
            raise unavailable(error) from error

    def _prepare(self) -> None:
        deadline = time.monotonic() + _BUSY_SECONDS
        while True:
            try:
                # Going over to WAL does not wait for others who do so at the same moment.
                self._open.execute("PRAGMA journal_mode = WAL")
                break
            except sqlite3.OperationalError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.01)
        self._open.execute("PRAGMA synchronous = FULL")
        self._open.execute(f"PRAGMA wal_autocheckpoint = {_CHECKPOINT_PAGES}")
        self._open.executescript(f"BEGIN IMMEDIATE; {_SCHEMA} COMMIT;")

    def append(self, events: Sequence[Event]) -> int | None:
        """Keep events for good and return how many were new; see the protocol."""
        if not events:
            return 0
        with self._writing() as cursor:
            new, whole = 0, len(events) - len(events) % _TOGETHER
            for start in range(0, whole, _TOGETHER):
                told = events[start : start + _TOGETHER]
                cursor.execute(_insert(_TOGETHER), tuple(chain.from_iterable(told)))
                new += cursor.rowcount
            cursor.executemany(_insert(1), events[whole:])
            return new + max(cursor.rowcount, 0)

    def claim(self, limit: int = 100_000) -> Claim | None:
        """Return the open claim or open one; see the protocol."""
        self._sweep()
        with self._writing() as cursor:
            found = cursor.execute("SELECT number, last FROM claims WHERE NOT finished").fetchone()
            if found is None:
                ends = "SELECT max(number) FROM (SELECT number FROM events ORDER BY number LIMIT ?)"
                (last,) = cursor.execute(ends, (limit,)).fetchone()
                if last is None:
                    return None
                cursor.execute("INSERT INTO claims (last) VALUES (?)", (last,))
                found = cursor.lastrowid, last
            number, last = found
            rows = cursor.execute(f"SELECT {_COLUMNS} FROM events WHERE number <= ? ORDER BY number", (last,))
            return Claim(number, [Event(*row) for row in rows])

    def done(self, number: int) -> None:
        """Forget the events of a claim; see the protocol."""
        # From this moment on they are gone for everybody; the rows follow in slices, after a crash at the next claim.
        with self._writing() as cursor:
            cursor.execute("UPDATE claims SET finished = 1 WHERE number = ?", (number,))
        self._sweep()

    def waiting(self) -> Waiting:
        """Return how many events wait; see the protocol."""
        with self._alone, _said(), closing(self._open.cursor()) as cursor:
            # Numbers have no gaps: they are given in order, and only the oldest are ever deleted.
            (last, gone) = cursor.execute(
                "SELECT (SELECT max(number) FROM events), (SELECT max(last) FROM claims WHERE finished)"
            ).fetchone()
            first = cursor.execute(
                "SELECT number, received_at FROM events WHERE number > ? ORDER BY number LIMIT 1",
                (gone or 0,),
            ).fetchone()
        return Waiting(0, None) if first is None else Waiting(last - first[0] + 1, first[1])

    def close(self) -> None:
        """Let go of the file; see the protocol."""
        with self._alone:
            self._open.close()

    def _sweep(self) -> None:
        """Delete the rows of finished claims and old ids, a slice a transaction."""
        while self._slice("events", "number <= (SELECT last FROM claims WHERE finished)"):
            pass
        with self._writing() as cursor:
            # Only now: while rows of it are left, the claim says that they are gone.
            cursor.execute("DELETE FROM claims WHERE finished")
            (oldest,) = cursor.execute(
                "SELECT received_at FROM events ORDER BY number LIMIT 1"
            ).fetchone() or (None,)
        until = int((self._clock() - KEPT_DAYS * 86_400) * 1e6)
        until = until if oldest is None else min(until, oldest)
        while self._slice("seen", "received_at < ?", until):
            pass

    def _slice(self, table: str, where: str, *values: int) -> bool:
        """Delete the oldest rows as long as the condition holds for them, some at a time; say whether there may be more."""
        with self._writing() as cursor:
            oldest = f"SELECT * FROM {table} ORDER BY number LIMIT {_SLICE}"
            cursor.execute(
                f"DELETE FROM {table} WHERE number IN (SELECT number FROM ({oldest}) WHERE {where})", values
            )
            return cursor.rowcount == _SLICE

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Cursor]:
        """Yield a cursor inside a transaction that is on disk when the block has ended, or did not happen."""
        with self._alone, _said(), closing(self._open.cursor()) as cursor:
            cursor.execute("BEGIN IMMEDIATE")
            try:
                yield cursor
                cursor.execute("COMMIT")
            except BaseException:
                with suppress(sqlite3.Error):
                    cursor.execute("ROLLBACK")
                raise


@contextmanager
def _said() -> Iterator[None]:
    try:
        yield
    except sqlite3.DatabaseError as error:
        # What does not fit the table is the caller's mistake, and will fit no better a moment later.
        if isinstance(error, sqlite3.IntegrityError | sqlite3.DataError):
            raise
        raise unavailable(error) from error


def _insert(rows: int) -> str:
    row = f"({', '.join('?' * len(Event._fields))})"
    return f"INSERT INTO events ({_COLUMNS}) VALUES {', '.join([row] * rows)}"
