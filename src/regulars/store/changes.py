"""What every writer of orders does: say which of them the lake has to get anew, in the same transaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from django.db.models import F

from regulars.store import bulk
from regulars.store.models import Order

MARK = """INSERT INTO unprojected (order_id, version) VALUES (%s, %s)
    ON CONFLICT (order_id) DO UPDATE SET version = excluded.version"""
AT_ONCE = 500


def moment(at: datetime) -> str:
    """Return a moment as text that both databases read and that sorts as moments do: UTC, without an offset."""
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(sep=" ")


def touch(orders: Sequence[int], now: datetime) -> None:
    """Give orders a new version; call inside the transaction that changed them."""
    for start in range(0, len(orders), AT_ONCE):
        some = Order.objects.filter(id__in=orders[start : start + AT_ONCE])
        some.update(version=F("version") + 1, updated_at=now)
        bulk.execute_many(MARK, list(some.values_list("id", "version")))
