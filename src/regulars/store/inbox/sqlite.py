"""The inbox as one SQLite file: a file of its own, so that no console transaction waits for intake, nor intake for it."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from functools import cache
from itertools import chain
from pathlib import Path

from regulars.kit.files import sync_folder
from regulars.store.inbox.failing import unavailable
from regulars.store.inbox.inbox import KEPT_DAYS, Claim, Event, Left, Waiting

_COLUMNS = ", ".join(Event._fields)
_SCHEMA = """
-- AUTOINCREMENT: a number never comes again, whatever was deleted, so that no claim ever reaches over later events.
CREATE TABLE IF NOT EXISTS events (
    number INTEGER PRIMARY KEY AUTOINCREMENT, event_id TEXT NOT NULL, source TEXT NOT NULL, visitor_id TEXT, customer_id TEXT,
    session_id TEXT, type TEXT NOT NULL, occurred_at INTEGER NOT NULL, received_at INTEGER NOT NULL, product_id TEXT,
    order_id TEXT, value REAL, url TEXT, properties TEXT NOT NULL
);
-- No index on the ids: one in no order costs each append most of its pages, so duplicates end at the claim. Earlier versions had one.
DROP INDEX IF EXISTS events_once;
-- Ids of what has left, written by whoever takes over, in the order in which they left, so that the oldest are found without another index.
CREATE TABLE IF NOT EXISTS seen (
    number INTEGER PRIMARY KEY, event_id TEXT NOT NULL UNIQUE, received_at INTEGER NOT NULL
);
-- At most one that is open.
CREATE TABLE IF NOT EXISTS claims (
    number INTEGER PRIMARY KEY AUTOINCREMENT, last INTEGER NOT NULL, finished INTEGER NOT NULL DEFAULT 0
);
"""
_BUSY_SECONDS = 10.0
_TOGETHER = (500, 100, 20, 5, 1)
"""Rows a statement, as large as there are rows for: SQLite works on each without Python's lock, so that requests are read meanwhile."""
_SLICE = 1_000
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

    def append(self, events: Sequence[Event]) -> None:
        """Keep events for good; see the protocol."""
        if not events:
            return
        with self._writing() as cursor:
            start = 0
            for size in _TOGETHER:
                while len(events) - start >= size:
                    cursor.execute(_insert(size), tuple(chain.from_iterable(events[start : start + size])))
                    start += size

    def claim(self, limit: int = 100_000) -> Claim | None:
        """Return the open claim or open one; see the protocol."""
        while (found := self._claim(limit)) is not None and not found.events:
            # Nothing but what had left already.
            self.done(found.number)
        return found

    def _claim(self, limit: int) -> Claim | None:
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
        # Outside of the transaction: what is claimed does not change any more, and reading much would keep others from writing.
        with self._alone, _said(), closing(self._open.cursor()) as cursor:
            left = "SELECT 1 FROM seen WHERE seen.event_id = events.event_id"
            rows = cursor.execute(
                f"SELECT {_COLUMNS} FROM events WHERE number <= ? AND NOT EXISTS ({left}) ORDER BY number",
                (last,),
            )
            first: dict[str, Event] = {}
            for row in rows:
                first.setdefault(row[0], Event(*row))
            return Claim(number, list(first.values()))

    def done(self, number: int) -> None:
        """Forget the events of a claim; see the protocol."""
        # From this moment on they are gone for everybody; the rows follow in slices, after a crash at the next claim.
        with self._writing() as cursor:
            cursor.execute("UPDATE claims SET finished = 1 WHERE number = ?", (number,))
        self._sweep()

    def waiting(self) -> Waiting:
        """Return how many events wait, duplicates included; see the protocol."""
        gone = "coalesce((SELECT max(last) FROM claims WHERE finished), 0)"
        waits = f"SELECT number, received_at FROM events WHERE number > {gone} ORDER BY number"
        with self._alone, _said(), closing(self._open.cursor()) as cursor:
            first = cursor.execute(f"{waits} LIMIT 1").fetchone()
            (last,) = cursor.execute("SELECT max(number) FROM events").fetchone()
        # Only the lowest numbers are ever deleted, so there are no gaps, and nothing to be counted.
        return Waiting(last - first[0] + 1, first[1]) if first else Waiting(0, None)

    def held(self) -> list[Event]:
        """Return the events that wait, duplicates included; see the protocol."""
        with self._alone, _said(), closing(self._open.cursor()) as cursor:
            rows = cursor.execute(f"SELECT {_COLUMNS} FROM events ORDER BY number")
            return [Event(*row) for row in rows]

    def left(self) -> Iterator[list[Left]]:
        """Yield the ids of what has left; see the protocol."""
        after = 0
        while True:
            with self._alone, _said(), closing(self._open.cursor()) as cursor:
                some = "SELECT number, event_id, received_at FROM seen WHERE number > ? ORDER BY number LIMIT 50000"
                rows = cursor.execute(some, (after,)).fetchall()
            if not rows:
                return
            after = rows[-1][0]
            yield [(name, at) for _, name, at in rows]

    def restore(self, events: Sequence[Event], left: Iterable[Sequence[Left]], last: int) -> None:
        """Fill an empty inbox; see the protocol."""
        with self._writing() as cursor:
            for part in left:
                cursor.executemany("INSERT INTO seen (event_id, received_at) VALUES (?, ?)", part)
            cursor.execute("INSERT INTO claims (number, last, finished) VALUES (?, 0, 1)", (max(last, 0),))
            cursor.execute("DELETE FROM claims")
        self.append(events)

    def close(self) -> None:
        """Let go of the file; see the protocol."""
        with self._alone:
            self._open.close()

    def _sweep(self) -> None:
        """Delete the rows of finished claims and old ids, a slice a transaction."""
        while self._leave() == _SLICE:
            pass
        with self._writing() as cursor:
            # Only now: while rows of it are left, the claim says that they are gone.
            cursor.execute("DELETE FROM claims WHERE finished")
        while self._forget() == _SLICE:
            pass

    def _leave(self) -> int:
        """Keep the ids of some rows that are gone, and nothing else of them; return how many."""
        with self._writing() as cursor:
            gone = f"SELECT number FROM events WHERE number <= (SELECT last FROM claims WHERE finished) ORDER BY number LIMIT {_SLICE}"
            cursor.execute(
                "INSERT INTO seen (event_id, received_at) SELECT event_id, received_at FROM events "
                f"WHERE number IN ({gone}) ON CONFLICT (event_id) DO NOTHING"
            )
            cursor.execute(f"DELETE FROM events WHERE number IN ({gone})")
            return cursor.rowcount

    def _forget(self) -> int:
        """Forget the oldest ids where they are too old to come again; return how many."""
        until = int((self._clock() - KEPT_DAYS * 86_400) * 1e6)
        with self._writing() as cursor:
            oldest = f"SELECT * FROM seen ORDER BY number LIMIT {_SLICE}"
            cursor.execute(
                f"DELETE FROM seen WHERE number IN (SELECT number FROM ({oldest}) WHERE received_at < ?)",
                (until,),
            )
            return cursor.rowcount

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


@cache
def _insert(rows: int) -> str:
    row = f"({', '.join('?' * len(Event._fields))})"
    return f"INSERT INTO events ({_COLUMNS}) VALUES {', '.join([row] * rows)}"
