"""What is known of costs, as a list and as the table that figures are worked out from."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pyarrow as pa

from regulars.store.models import AdvertisingCost

TABLE = pa.schema(
    [
        ("date", pa.date32()),
        ("channel", pa.string()),
        ("campaign", pa.string()),
        ("spend", pa.decimal128(18, 4)),
    ]
)


def listed(since: date | None, until: date | None, after: int, limit: int) -> list[AdvertisingCost]:
    """Return costs in the order in which they came, from after a key on."""
    some = AdvertisingCost.objects.filter(id__gt=after)
    if since is not None:
        some = some.filter(spent_on__gte=since)
    if until is not None:
        some = some.filter(spent_on__lte=until)
    return list(some.order_by("id")[:limit])


def table(digits: int) -> pa.Table | None:
    """Return all costs in the currency's own units; None without any."""
    some = AdvertisingCost.objects.order_by("spent_on", "channel", "campaign")
    rows = [
        {"date": day, "channel": channel or None, "campaign": campaign or None, "spend": Decimal(minor).scaleb(-digits)}
        for day, channel, campaign, minor in some.values_list("spent_on", "channel", "campaign", "spend_minor")
    ]  # fmt: skip
    return pa.Table.from_pylist(rows, TABLE) if rows else None


def days() -> tuple[date, date] | None:
    """Return the first and the last day of which costs are known; None without any."""
    ordered = AdvertisingCost.objects.order_by("spent_on").values_list("spent_on", flat=True)
    first, last = ordered.first(), ordered.last()
    return (first, last) if first is not None and last is not None else None
