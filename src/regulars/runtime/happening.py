"""What happens right now: the newest events, those that still wait in the inbox and those that the lake has by now.

Nobody who refused to be measured is among them, whatever the lake has of them from before.
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from regulars.kit.secrets import secret
from regulars.lake.folder import Lake
from regulars.privacy import queries as privacy
from regulars.privacy.rules import ANALYTICS
from regulars.runtime.compaction import INBOX, hashed
from regulars.runtime.projection import lake_of
from regulars.store.inbox.peeking import newest
from regulars.store.models import Customer, Identifier, Visitor

if TYPE_CHECKING:
    from regulars.runtime.settings import Settings
    from regulars.store.inbox import Event

MOST = 100
DAYS = 7
"""Older events stand in the timelines of customers."""
_alone = threading.Lock()


@dataclass(frozen=True, slots=True)
class Happened:
    """One event as people are shown it."""

    event_id: str
    type: str
    at: datetime
    received_at: datetime
    customer: int | None
    """Our key; None for a visitor."""
    visitor: int | None
    """A number that tells nothing of the device, but is the same each time."""
    product_id: str
    order_id: str
    value: float | None
    source: str
    waits: bool
    """Whether it is still in the inbox."""


def latest(settings: Settings, *, type_: str = "", customer: int | None = None) -> list[Happened]:
    """Return the newest events of the last :data:`DAYS` days, latest received first, at most :data:`MOST`."""
    found = waiting(settings, type_=type_, customer=customer)
    known = {each.event_id for each in found}
    since = datetime.now(UTC) - timedelta(days=DAYS)
    found += [
        each for each in _of_lake(lake_of(settings), type_, customer, since) if each.event_id not in known
    ]
    found = _now(found)
    refusing = privacy.refusing_of(ANALYTICS, {each.customer for each in found if each.customer is not None})
    shown = [each for each in found if each.customer not in refusing]
    return sorted(shown, key=lambda each: (each.received_at, each.at), reverse=True)[:MOST]


def _now(found: list[Happened]) -> list[Happened]:
    """Give events of customers who were merged into others to those."""
    keys = {each.customer for each in found if each.customer is not None}
    merged = Customer.objects.filter(id__in=keys, merged_into__isnull=False)
    into = dict(merged.values_list("id", "merged_into_id"))
    return (
        [replace(each, customer=into.get(each.customer, each.customer)) for each in found] if into else found
    )


def waiting(settings: Settings, *, type_: str = "", customer: int | None = None) -> list[Happened]:
    """Return the newest events that still wait, but for those of who refuses to be measured, on whatever device of theirs."""
    names = None if customer is None else privacy.store_ids([customer])
    place = settings.database_url or settings.home / INBOX
    events = newest(place, MOST, type_=type_, customers=names)
    if not events:
        return []
    customers = _customers({event.customer_id for event in events if event.customer_id})
    devices = dict(
        Visitor.objects.filter(
            id__in={event.visitor_id for event in events if event.visitor_id}, customer__isnull=False
        ).values_list("id", "customer_id")
    )
    refusing = privacy.refusing_of(ANALYTICS, {*customers.values(), *devices.values()})
    key = secret(settings.home)
    return [
        _happened(event, customers, key)
        for event in events
        if customers.get(event.customer_id or "") not in refusing
        and devices.get(event.visitor_id or "") not in refusing
    ]


def _customers(names: Collection[str]) -> dict[str, int]:
    some = Identifier.objects.filter(kind=Identifier.STORE_ID, value__in=names)
    return dict(some.values_list("value", "customer_id"))


def _happened(event: Event, customers: dict[str, int], key: bytes) -> Happened:
    return Happened(
        event.event_id, event.type, _moment(event.occurred_at), _moment(event.received_at),
        customers.get(event.customer_id or ""), hashed(key, event.visitor_id), event.product_id or "", event.order_id or "",
        event.value, event.source, waits=True,
    )  # fmt: skip


def _moment(micros: int) -> datetime:
    return datetime.fromtimestamp(micros / 1e6, UTC)


def _of_lake(lake: Lake, type_: str, customer: int | None, since: datetime) -> Sequence[Happened]:
    # To the hour, so that asking again every other second asks the same until the lake has another version.
    hour = since.replace(minute=0, second=0, microsecond=0)
    version = lake.events.version
    if version < 0:
        return ()
    with _alone:
        return _read(lake.folder, lake.buckets, version, type_, customer, hour)


@lru_cache(maxsize=64)
def _read(
    folder: Path,
    buckets: int,
    version: int,  # noqa: ARG001 - another version is another answer
    type_: str,
    customer: int | None,
    since: datetime,
) -> tuple[Happened, ...]:
    """Read the newest events of a version of the lake."""
    lake = Lake(folder, buckets)
    where, values = ["received_at >= ?"], [since]
    if type_:
        where.append("type = ?")
        values.append(type_)  # type: ignore[arg-type]
    if customer is not None:
        where.append("customer_key = ?")
        values.append(customer)  # type: ignore[arg-type]
    columns = "event_id, type, occurred_at, received_at, customer_key, visitor_key, product_id, order_id, value, source"
    with lake.reading(), duckdb.connect(config={"threads": 1, "memory_limit": "512MB"}) as connection:
        scan = lake.events.scan(None if customer is None else customer % buckets)
        if not scan:
            return ()
        connection.execute("SET TimeZone = 'UTC'")
        rows = connection.execute(
            f"SELECT {columns} FROM {scan} WHERE {' AND '.join(where)} ORDER BY received_at DESC LIMIT {MOST}",
            values,
        ).fetchall()
    return tuple(
        Happened(
            row[0], row[1], row[2].astimezone(UTC), row[3].astimezone(UTC), row[4], row[5], row[6] or "", row[7] or "", row[8], row[9] or "",
            waits=False,
        )
        for row in rows
    )  # fmt: skip
