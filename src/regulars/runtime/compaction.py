"""Events from the inbox to the lake, each once: the number of the claim stands in the commit that holds its events.

Killed before the commit, the claim comes again with the same number and the same events; killed after it, the number is already
there and only the inbox is cleared. Nobody's name enters the lake: a customer is a key, a visitor a keyed hash.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from regulars.customers import details
from regulars.customers.recognition import met
from regulars.kit.secrets import secret
from regulars.lake.columns import EVENTS
from regulars.lake.folder import Lake
from regulars.privacy import queries as privacy
from regulars.privacy.actions import refused_on
from regulars.privacy.rules import ANALYTICS
from regulars.runtime.projection import lake_of
from regulars.store import bulk
from regulars.store.inbox import Event, Inbox, open_inbox
from regulars.store.models import Product, Visitor

if TYPE_CHECKING:
    from regulars.runtime.settings import Settings

APPLICATION = "inbox"
INBOX = "inbox.sqlite3"
AT_ONCE = 50_000
KEPT = (
    "products",
    "query",
    "coupon",
    "list",
    "name",
    "quantity",
    "currency",
    "rating",
    "utm",
    "campaign",
    "category",
)
"""Of an event's properties, what the lake keeps; whatever else a shop sends stays out."""
_MAIL = re.compile(r"[^\s@\"]+@[^\s@\"]+\.[^\s@\"]+")
_DEEPEST, _LONGEST, _MOST = 4, 500, 200


@dataclass(frozen=True)
class Names:
    """What the shop's own ids in some events stand for."""

    customers: Mapping[str, int]
    products: Mapping[str, int]


def inbox_of(settings: Settings) -> Inbox:
    """Open the inbox of a home: a file of its own, or tables in its PostgreSQL."""
    return open_inbox(settings.database_url or settings.home / INBOX)


def compact(settings: Settings, inbox: Inbox) -> int:
    """Write all events that wait to the lake, and clear the inbox of them; return how many. Waits while another process writes to the lake."""
    lake = lake_of(settings)
    with lake.writing():
        return drain(settings, lake, inbox)


def drain(settings: Settings, lake: Lake, inbox: Inbox) -> int:
    """Write all events that wait now, and return how many; call while the lake is locked for writing.

    What comes in meanwhile waits for the next time, so that a steady stream keeps nobody else from the lake.
    """
    key = secret(settings.home)
    written, waiting = 0, inbox.waiting().events
    while waiting > 0 and (claim := inbox.claim(AT_ONCE)) is not None:
        waiting -= len(claim.events)
        if lake.events.applied(APPLICATION) < claim.number:
            events = _wanted(claim.events)
            rows = _rows(events, _met(events), key, lake.buckets)
            lake.events.widen(EVENTS)
            lake.events.append(rows, batch=(APPLICATION, claim.number))
            written += len(events)
        inbox.done(claim.number)
    if written:
        lake.tidy(lake.events)
    return written


def _wanted(events: Sequence[Event]) -> Sequence[Event]:
    """Leave out what customers did who do not want to be measured, on whatever device of theirs; the door may have heard of it too late."""
    refusing = privacy.refusing(ANALYTICS)
    if not refusing:
        return events
    names = privacy.store_ids(refusing)
    refused_on(
        {one.visitor_id: one.customer_id for one in events if one.visitor_id and one.customer_id in names},
        datetime.now(UTC),
    )
    devices = privacy.visitors(refusing)
    return [one for one in events if one.customer_id not in names and one.visitor_id not in devices]


def _met(events: Sequence[Event]) -> Names:
    """Look up who and what the events name; remember who uses which device, and meet customers that no order told of yet."""
    now = datetime.now(UTC)
    customers = met({one.customer_id for one in events if one.customer_id}, now)
    last = {
        one.visitor_id: customers[one.customer_id]
        for one in sorted(events, key=lambda one: one.occurred_at)
        if one.visitor_id and one.customer_id
    }
    Visitor.objects.bulk_create(
        [Visitor(id=visitor, customer_id=customer, since=now) for visitor, customer in last.items()],
        update_conflicts=True,
        unique_fields=["id"],
        update_fields=["customer"],
        batch_size=500,
    )
    _said(events, customers, now)
    products = {one.product_id for one in events if one.product_id}
    return Names(customers, dict(bulk.found(Product.objects, "product_id", "id", products)))


def _said(events: Sequence[Event], customers: Mapping[str, int], now: datetime) -> None:
    """Write down what customers said of themselves: in the order in which they said it, and only where it is proven who they are."""
    for one in sorted(events, key=lambda one: one.occurred_at):
        if one.type == "identify" and one.customer_id:
            traits = json.loads(one.properties)
            details.write(customers[one.customer_id], details.of_traits(traits), now)


def _rows(events: Sequence[Event], names: Names, key: bytes, buckets: int) -> pa.Table:
    """Events as the lake has them: under the name they came with, as whose device it was may turn out later, or change."""
    customers = [names.customers.get(one.customer_id) if one.customer_id else None for one in events]
    visitors = [hashed(key, one.visitor_id) for one in events]
    columns: dict[str, list[Any]] = {
        "event_id": [one.event_id for one in events],
        "customer_key": customers,
        "visitor_key": visitors,
        "session_key": [hashed(key, one.session_id) for one in events],
        "type": [one.type for one in events],
        "occurred_at": [one.occurred_at for one in events],
        "received_at": [one.received_at for one in events],
        "product_key": [names.products.get(one.product_id) if one.product_id else None for one in events],
        "product_id": [one.product_id for one in events],
        "order_id": [one.order_id for one in events],
        "value": [one.value for one in events],
        "source": [one.source for one in events],
        "properties": [kept(one.properties) for one in events],
        "bucket": [
            (customer if customer is not None else visitor or 0) % buckets
            for customer, visitor in zip(customers, visitors, strict=True)
        ],
    }
    return pa.table({name: pa.array(column, EVENTS.field(name).type) for name, column in columns.items()})


def hashed(key: bytes, name: str | None) -> int | None:
    """Return a number for a visitor or a session that tells nothing to whoever has not got the key."""
    if not name:
        return None
    return (
        int.from_bytes(
            hashlib.blake2b(
                name.encode("utf-8", "surrogatepass"), key=key, digest_size=8, person=b"visitors"
            ).digest(),
            "big",
        )
        >> 1
    )


def kept(properties: str) -> str:
    """Return of an event's properties what the lake keeps, without anything that looks like an e-mail."""
    try:
        told = json.loads(properties)
    except ValueError:
        return "{}"
    return (
        json.dumps({name: _plain(told[name]) for name in KEPT if name in told})
        if isinstance(told, dict)
        else "{}"
    )


def _plain(value: Any, depth: int = 0) -> Any:
    if isinstance(value, str):
        return _MAIL.sub("…", value)[:_LONGEST]
    if isinstance(value, list):
        return [_plain(one, depth + 1) for one in value[:_MOST]] if depth < _DEEPEST else None
    if isinstance(value, dict):
        return (
            {
                _MAIL.sub("…", str(name))[:100]: _plain(one, depth + 1)
                for name, one in list(value.items())[:_MOST]
            }
            if depth < _DEEPEST
            else None
        )
    return value
