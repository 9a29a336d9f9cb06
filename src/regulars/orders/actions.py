"""Orders arrive: told twice they are one, told differently they change, and the lake is told in the same transaction."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple, Self

import numpy as np
import pyarrow as pa

from regulars.orders.content import HEAD, LINE
from regulars.orders.keeping import Keeping, Lines, heads_of, lines_of
from regulars.store import bulk, database
from regulars.store.changes import MARK, moment
from regulars.store.models import Customer

_ID, _CUSTOMER = HEAD.index("order_id"), HEAD.index("customer_id")


@dataclass
class Arrived:
    """What became of orders."""

    added: int = 0
    changed: int = 0
    unchanged: int = 0

    def __iadd__(self, more: Arrived) -> Self:
        self.added += more.added
        self.changed += more.changed
        self.unchanged += more.unchanged
        return self


class Alone:
    """That a store had no order when a load began, and that nobody but the load has given it any since: then it has none of those to come.

    Who adds an order takes a number for it under the lock of orders. While no number was given out but to the load itself, no other order is there.
    """

    def __init__(self) -> None:
        with database.writing("orders"):
            self._last = None if _has_orders() else database.last_number("order")

    def holds(self) -> bool:
        """Tell whether it is still so, which it never is again once it was not; call under the lock of orders."""
        if self._last is not None and self._last != database.last_number("order"):
            self._last = None
        return self._last is not None

    def added(self, last: int) -> None:
        """Remember the last number that the load itself was given."""
        if self._last is not None:
            self._last = last


def arrive(
    heads: pa.Table,
    lines: Lines,
    now: datetime,
    *,
    knows_refunds: bool = True,
    alone: Alone | None = None,
) -> Arrived:
    """Take in orders: rows of :data:`~regulars.orders.keeping.HEADS`, and what tells the lines of some of them. One transaction.

    An order that the store has not seen is added, one with other content or of another customer takes its place under a new version, any other
    stays as it is. Customers and products are the store's own keys. What is told by a source that knows nothing of refunds leaves those
    that were told one by one (:class:`~regulars.orders.keeping.Keeping`). With ``alone``, which a source gives that tells no order twice, the store
    is not asked for orders that it cannot have.
    """
    with database.writing("orders"):
        heads = _of_whom_they_are(heads)
        known = {} if alone is not None and alone.holds() else _known(heads["order_id"])
        suspects = {} if knows_refunds else _refunded(heads, known)
        keeping = Keeping(heads, lines, suspects)
        sorted_out = _sorted_out(keeping.heads, known)
        last = _write(keeping.heads, keeping.lines, known, sorted_out, moment(now))
        keeping.restore(sorted_out.changed)
    # Only once it is committed: a number that was given back is another's.
    if alone is not None and last is not None:
        alone.added(last)
    return Arrived(
        len(sorted_out.fresh),
        len(sorted_out.changed),
        len(heads) - len(sorted_out.fresh) - len(sorted_out.changed),
    )


def _refunded(heads: pa.Table, known: dict[str, _Met]) -> dict[int, int]:
    """Return the places of orders that say something else than the store and have refunds there, with their keys."""
    from django.db import connection

    if not known:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT o.order_id FROM asked_orders a JOIN orders o ON o.order_id = a.order_id
            WHERE EXISTS (SELECT 1 FROM refunds r WHERE r.order_id = o.id)"""
        )
        refunded = {row[0] for row in cursor.fetchall()}
    if not refunded:
        return {}
    return {
        place: known[order_id].key
        for place, (order_id, content) in enumerate(bulk.tuples(heads.select(["order_id", "content"])))
        if order_id in refunded and known[order_id].content != content
    }


class _Sorted(NamedTuple):
    """The places of orders that the store has not seen, and of those that say something else than it knows."""

    fresh: Sequence[int]
    changed: Sequence[int]


def _sorted_out(heads: pa.Table, known: dict[str, _Met]) -> _Sorted:
    if not known:
        return _Sorted(range(len(heads)), ())
    fresh, changed = [], []
    told = bulk.tuples(heads.select(["order_id", "content", "customer_id"]))
    for place, (order_id, content, customer) in enumerate(told):
        met = known.get(order_id)
        if met is None:
            fresh.append(place)
        elif (met.content, met.customer) != (content, customer):
            changed.append(place)
    return _Sorted(fresh, changed)


def _write(heads: pa.Table, lines: Lines, known: dict[str, _Met], told: _Sorted, now: str) -> int | None:
    """Write what is new and what changed; return the last number given to a new one."""
    keys = np.zeros(len(heads), np.int64)
    given = database.numbers("order", len(told.fresh)) if told.fresh else range(0)
    keys[told.fresh] = given
    if told.fresh:
        bulk.insert_table("orders", _rows(heads, told.fresh, given, now))
    if told.changed:
        rows = list(bulk.tuples(heads.take(told.changed)))
        met = [known[row[_ID]] for row in rows]
        keys[told.changed] = [each.key for each in met]
        _replace([(each.key, each.version + 1, row) for each, row in zip(met, rows, strict=True)], now)
    if told.fresh or told.changed:
        for part in lines([*told.fresh, *told.changed]):
            columns = {"order_id": pa.array(keys[part["place"].to_numpy()])}
            bulk.insert_table("order_lines", pa.table(columns | {name: part[name] for name in LINE}))
    if not told.fresh:
        return None
    bulk.insert_table(
        "unprojected", pa.table({"order_id": _numbers(given), "version": pa.repeat(1, len(given))})
    )
    return given[-1]


def _rows(heads: pa.Table, fresh: Sequence[int], given: range, now: str) -> pa.Table:
    """Return new orders as the store keeps them."""
    rows = heads if len(fresh) == len(heads) else heads.take(fresh)
    columns = {"id": _numbers(given)} | {name: rows[name] for name in HEAD}
    same = {"version": 1, "updated_at": now, "visitor_id": ""}
    return pa.table(columns | {name: pa.repeat(value, len(given)) for name, value in same.items()})


def _numbers(given: range) -> pa.Array:
    return pa.array(np.arange(given.start, given.stop, dtype=np.int64))


def _of_whom_they_are(heads: pa.Table) -> pa.Table:
    """Give orders of customers who were merged since they were recognised to whom they are now; call under the lock of orders."""
    customers = heads["customer_id"]
    into = _merged(set(customers.unique().drop_null().to_pylist()))
    if not into:
        return heads
    kept = [None if each is None else _kept(each, into) for each in customers.to_pylist()]
    return heads.set_column(_CUSTOMER, "customer_id", pa.array(kept, pa.int64()))


def _merged(asked: Collection[int]) -> dict[int, int]:
    """Return into whom the customers were merged, and those in turn: of few asked by name, of many all that ever were."""
    found: dict[int, int] = {}
    while asked:
        merged = Customer.objects.exclude(merged_into=None)
        few = len(asked) <= bulk.LOOKED_UP
        met = dict((merged.filter(id__in=asked) if few else merged).values_list("id", "merged_into_id"))
        found |= met
        asked = set(met.values()) - found.keys() if few else ()
    return found


def _kept(customer: int, into: Mapping[int, int]) -> int:
    while customer in into:
        customer = into[customer]
    return customer


def _replace(changed: Sequence[tuple[int, int, tuple[Any, ...]]], now: str) -> None:
    """Give orders other heads under a new version, and take their lines away."""
    if not changed:
        return
    assigned = ", ".join(f"{name} = %s" for name in HEAD)
    statement = f"UPDATE orders SET {assigned}, version = %s, updated_at = %s, shipping_refunded_minor = 0 WHERE id = %s"
    bulk.execute_many(statement, [(*head, version, now, key) for key, version, head in changed])
    bulk.execute_many("DELETE FROM order_lines WHERE order_id = %s", [(key,) for key, _, _ in changed])
    bulk.execute_many(MARK, [(key, version) for key, version, _ in changed])


class _Met(NamedTuple):
    """An order that the store has."""

    key: int
    version: int
    content: int
    customer: int | None


def _known(order_ids: pa.ChunkedArray) -> dict[str, _Met]:
    """Return key, version and content of the orders that the store has."""
    from django.db import connection

    if not _has_orders():
        return {}
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMP TABLE IF NOT EXISTS asked_orders (order_id varchar(200) PRIMARY KEY)")
        cursor.execute("TRUNCATE asked_orders" if database.is_postgres() else "DELETE FROM asked_orders")
    bulk.insert_table("asked_orders", pa.table({"order_id": order_ids}))
    statement = "SELECT o.order_id, o.id, o.version, o.content, o.customer_id FROM asked_orders a JOIN orders o ON o.order_id = a.order_id"
    return {row[0]: _Met(*row[1:]) for part in bulk.read(statement) for row in part}


def _has_orders() -> bool:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM orders LIMIT 1")
        return cursor.fetchone() is not None


__all__ = ["Alone", "Arrived", "arrive", "heads_of", "lines_of"]
