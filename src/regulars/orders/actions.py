"""Orders arrive: told twice they are one, told differently they change, and the lake is told in the same transaction."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple, Self

import pyarrow as pa

from regulars.orders.content import HEAD, LINE
from regulars.orders.keeping import Keeping, Lines, lines_of
from regulars.store import bulk, database
from regulars.store.changes import MARK, moment

_ID, _CUSTOMER, _CONTENT = (HEAD.index(name) for name in ("order_id", "customer_id", "content"))


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


def arrive(
    heads: Sequence[tuple[Any, ...]], lines: Lines, now: datetime, *, knows_refunds: bool = True
) -> Arrived:
    """Take in orders: rows of :data:`HEAD`, and what tells the lines of some of them. One transaction.

    An order that the store has not seen is added, one with other content or of another customer takes its place under a new version, any other
    stays as it is. Customers and products are the store's own keys. What is told by a source that knows nothing of refunds leaves those
    that were told one by one (:class:`~regulars.orders.keeping.Keeping`).
    """
    with database.writing("orders"):
        heads = _of_whom_they_are(heads)
        known = _known([head[_ID] for head in heads])
        suspects = {} if knows_refunds else _refunded(heads, known)
        keeping = Keeping(heads, lines, suspects)
        arrived, changed = _arrive(keeping.heads, keeping.lines, known, moment(now))
        keeping.restore(changed)
    return arrived


def _refunded(heads: Sequence[tuple[Any, ...]], known: dict[str, _Met]) -> dict[int, int]:
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
    return {
        place: known[head[_ID]].key
        for place, head in enumerate(heads)
        if head[_ID] in refunded and known[head[_ID]].content != head[_CONTENT]
    }


def _arrive(
    heads: Sequence[tuple[Any, ...]], lines: Lines, known: dict[str, _Met], now: str
) -> tuple[Arrived, list[int]]:
    """Write what is new; return what became of the orders, and the places of those that changed."""
    fresh, changed = [], []
    for place, head in enumerate(heads):
        met = known.get(head[_ID])
        if met is None:
            fresh.append(place)
        elif (met.content, met.customer) != (head[_CONTENT], head[_CUSTOMER]):
            changed.append(place)
    ids = dict(zip(fresh, database.numbers("order", len(fresh)), strict=True)) if fresh else {}
    ids |= {place: known[heads[place][_ID]].key for place in changed}
    bulk.insert(
        "orders",
        ("id", *HEAD, "version", "updated_at", "visitor_id"),
        ((ids[place], *heads[place], 1, now, "") for place in fresh),
    )
    _replace([(ids[place], known[heads[place][_ID]].version + 1, heads[place]) for place in changed], now)
    touched = [*fresh, *changed]
    if touched:
        keys = pa.array([ids.get(place, 0) for place in range(len(heads))], pa.int64())
        for part in lines(touched):
            order = pa.chunked_array([keys]).take(part["place"])
            told = {"order_id": order} | {name: part[name] for name in LINE}
            bulk.insert_table("order_lines", pa.table(told))
        bulk.insert("unprojected", ("order_id", "version"), ((ids[place], 1) for place in fresh))
    return Arrived(len(fresh), len(changed), len(heads) - len(touched)), changed


def _of_whom_they_are(heads: Sequence[tuple[Any, ...]]) -> Sequence[tuple[Any, ...]]:
    """Give orders of customers who were merged since they were recognised to whom they are now; call under the lock of orders."""
    into = _merged({head[_CUSTOMER] for head in heads} - {None})
    if not into:
        return heads
    return [
        (*head[:_CUSTOMER], _kept(head[_CUSTOMER], into), *head[_CUSTOMER + 1 :])
        if head[_CUSTOMER] in into
        else head
        for head in heads
    ]


def _merged(asked: Collection[int]) -> dict[int, int]:
    """Return into whom the customers were merged, and those in turn: of few asked by name, of many all that ever were."""
    from regulars.store.models import Customer

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


def _known(order_ids: Sequence[str]) -> dict[str, _Met]:
    """Return key, version and content of the orders that the store has."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM orders LIMIT 1")
        if cursor.fetchone() is None:
            return {}
        cursor.execute("CREATE TEMP TABLE IF NOT EXISTS asked_orders (order_id varchar(200) PRIMARY KEY)")
        cursor.execute("DELETE FROM asked_orders")
    bulk.insert("asked_orders", ("order_id",), ((order_id,) for order_id in order_ids))
    statement = "SELECT o.order_id, o.id, o.version, o.content, o.customer_id FROM asked_orders a JOIN orders o ON o.order_id = a.order_id"
    return {row[0]: _Met(*row[1:]) for part in bulk.read(statement) for row in part}


__all__ = ["Arrived", "arrive", "lines_of"]
