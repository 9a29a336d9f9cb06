"""The lake held against the store: every order worked out anew and compared, cell by cell; what differs can be written again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import duckdb

from regulars.kit.i18n import mark
from regulars.kit.progress import stage
from regulars.lake.delta import Table
from regulars.lake.folder import Lake
from regulars.runtime.projection import ORDERS_AT_ONCE, bring, lake_of, project
from regulars.store import database
from regulars.store.changes import touch
from regulars.store.models import Order, Unprojected

if TYPE_CHECKING:
    from regulars.runtime.settings import Settings

TOLD = 20


@dataclass(frozen=True)
class Verified:
    """What a comparison found."""

    orders: int
    """Orders of the store that were compared."""
    waiting: int
    """Orders that the worker has not brought to the lake yet; these are not compared."""
    differing: tuple[int, ...]
    """Keys of orders that the lake has not, or has otherwise."""
    strangers: tuple[int, ...]
    """Keys of orders that only the lake has."""
    events: int
    doubled_events: int
    """Events that the lake has more than once."""

    @property
    def sound(self) -> bool:
        """Whether the lake says what the store says."""
        return not (self.differing or self.strangers or self.doubled_events)

    def to_json(self) -> dict[str, Any]:
        """Return everything, JSON-ready; of keys the first ones."""
        told = asdict(self) | {"sound": self.sound}
        for name in ("differing", "strangers"):
            keys = getattr(self, name)
            told[name] = {"count": len(keys), "first": [int(key) for key in keys[:TOLD]]}
        return told


def verify(settings: Settings) -> Verified:
    """Compare the lake with the store; nothing is changed. Waits while somebody writes to the lake."""
    lake = lake_of(settings)
    with lake.writing(), stage(mark("Comparing the lake with the store")), duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        for table, name in ((lake.orders, "orders"), (lake.lines, "lines"), (lake.events, "events")):
            connection.execute(f"CREATE TEMP VIEW lake_{name} AS {_relation(table, name)}")
        waiting = set(Unprojected.objects.values_list("order_id", flat=True))
        compared, differing = _compared(connection, settings, lake)
        events, doubled = connection.execute(
            "SELECT count(*), count(*) - count(DISTINCT event_id) FROM lake_events"
        ).fetchone() or (0, 0)
        return Verified(
            compared - len(waiting),
            len(waiting),
            tuple(sorted(differing - waiting)),
            tuple(sorted(_strangers(connection))),
            int(events),
            int(doubled),
        )


def repair(settings: Settings, found: Verified, clock: Callable[[], datetime] | None = None) -> int:
    """Write to the lake again what differs, and take out of it what the store has not; return how many orders."""
    now = clock or (lambda: datetime.now(UTC))
    for start in range(0, len(found.differing), ORDERS_AT_ONCE):
        with database.writing("orders"):
            touch(found.differing[start : start + ORDERS_AT_ONCE], now())
    written = project(settings)
    if found.strangers:
        _taken_out(lake_of(settings), found.strangers)
    return written + len(found.strangers)


def _relation(table: Table, name: str) -> str:
    rows = table.scan()
    if rows:
        return f"SELECT * FROM {rows}"
    key = "CAST(NULL AS VARCHAR) AS event_id" if name == "events" else "CAST(NULL AS BIGINT) AS order_key"
    return f"SELECT {key} WHERE false"


def _compared(connection: duckdb.DuckDBPyConnection, settings: Settings, lake: Lake) -> tuple[int, set[int]]:
    """Return how many orders the store has, and which of them the lake has not like that."""
    compared, last = 0, 0
    differing: set[int] = set()
    while True:
        asked = f"(SELECT id AS order_id, version FROM orders WHERE id > {last} ORDER BY id LIMIT {ORDERS_AT_ONCE})"
        count = bring(connection, settings, lake.buckets, asked, "(SELECT id AS order_id FROM orders)")
        if not count:
            return compared, differing
        compared += count
        differing |= _differing(connection, lake)
        (last,) = connection.execute("SELECT max(order_key) FROM heads").fetchone() or (last,)


def _differing(connection: duckdb.DuckDBPyConnection, lake: Lake) -> set[int]:
    found: set[int] = set()
    for table, name in ((lake.orders, "orders"), (lake.lines, "lines")):
        if not table.exists:
            rows = connection.execute("SELECT order_key FROM heads").fetchall()
            return {int(key) for (key,) in rows}
        columns = ", ".join(
            "CAST(bucket AS INTEGER) AS bucket" if column == "bucket" else column
            for (column, *_) in connection.execute(f"DESCRIBE new_{name}").fetchall()
        )
        mine = f"SELECT {columns} FROM new_{name}"
        theirs = f"SELECT {columns} FROM lake_{name} SEMI JOIN heads USING (order_key)"
        for one, other in ((mine, theirs), (theirs, mine)):
            rows = connection.execute(
                f"SELECT DISTINCT order_key FROM (({one}) EXCEPT ALL ({other}))"
            ).fetchall()
            found |= {int(key) for (key,) in rows}
    return found


def _strangers(connection: duckdb.DuckDBPyConnection) -> set[int]:
    rows = connection.execute(
        "SELECT order_key FROM lake_orders UNION SELECT order_key FROM lake_lines"
    ).fetchall()
    held = [int(key) for (key,) in rows]
    known: set[int] = set()
    for start in range(0, len(held), 500):
        known |= set(Order.objects.filter(id__in=held[start : start + 500]).values_list("id", flat=True))
    return set(held) - known


def _taken_out(lake: Lake, keys: tuple[int, ...]) -> None:
    with lake.writing():
        for table in (lake.orders, lake.lines):
            table.delete("order_key", keys)
