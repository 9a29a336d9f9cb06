"""Facts rise by the outbox: whoever changes something says so in the same transaction, and knows nobody who listens."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import uuid4

from regulars.store.models import Outbox

ORDER_CREATED, ORDER_UPDATED = "order.created", "order.updated"
ORDER_REFUNDED, ORDER_STATUS = "order.refunded", "order.status_changed"
CUSTOMER_CREATED = "customer.created"
CUSTOMERS_MERGED, CUSTOMERS_UNMERGED = "customers.merged", "customers.unmerged"
CONSENT_CHANGED = "consent.changed"
IMPORT_FINISHED = "import.finished"
SCORES_PUBLISHED, REFRESH_FAILED = "scores.published", "refresh.failed"
FORECAST_LEFT_BAND = "forecast.left_band"
TEST = "webhook.test"
FACTS = (
    ORDER_CREATED, ORDER_UPDATED, ORDER_REFUNDED, ORDER_STATUS, CUSTOMER_CREATED, CUSTOMERS_MERGED, CUSTOMERS_UNMERGED,
    CONSENT_CHANGED, IMPORT_FINISHED, SCORES_PUBLISHED, REFRESH_FAILED, FORECAST_LEFT_BAND,
)  # fmt: skip
"""Every fact that can be listened to."""


def tell(fact: str, thing: str, now: datetime, **payload: Any) -> Outbox:
    """Write a fact about a thing down; call inside the transaction that makes it true."""
    made = _message(fact, thing, now, payload)
    made.save(force_insert=True)
    return made


def tell_all(fact: str, told: Iterable[tuple[str, dict[str, Any]]], now: datetime) -> None:
    """Write the same fact down about many things; call inside the transaction that makes it true."""
    Outbox.objects.bulk_create([_message(fact, thing, now, payload) for thing, payload in told], 500)


def _message(fact: str, thing: str, now: datetime, payload: dict[str, Any]) -> Outbox:
    return Outbox(message_id=f"msg_{uuid4().hex}", fact=fact, object_id=thing[:260], payload=payload, at=now)
