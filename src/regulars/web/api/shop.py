"""What every part of the API knows of the shop: its settings, its currency, and the run whose results are shown."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from django.conf import settings as django

from regulars.kit.errors import RegularsError
from regulars.kit.i18n import mark
from regulars.runtime import publication, taking
from regulars.store.state import recall

if TYPE_CHECKING:
    from regulars.runtime.settings import Settings
    from regulars.store.models import Customer, Run

LONGEST_ID = 200


def settings() -> Settings:
    """Return the server's settings."""
    found: Settings = django.REGULARS
    return found


def currency() -> str:
    """Return the shop's currency; empty until a setting, a load or an order has named it."""
    return settings().currency or recall("currency", "")


def published() -> Run | None:
    """Return the run whose results are shown."""
    return publication.published()


def name_of(customer: Customer) -> str:
    """Return what to ask for a customer by: the shop's own id, else our key. Their identifiers are there already."""
    ids = sorted(one.value for one in customer.identifiers.all() if one.kind == "store_id")
    return ids[0] if ids else f"key:{customer.id}"


def instant(told: datetime) -> datetime:
    """Return a moment in UTC; one without an offset is in the shop's own zone."""
    return taking.instant(told, settings())


def checked_id(told: str) -> str:
    """Return the shop's own id of something; raises for one that cannot be."""
    if not 1 <= len(told) <= LONGEST_ID or not told.isprintable() or told != told.strip():
        raise RegularsError(
            "api.id",
            mark("An id has 1 to {longest} visible characters, and no blank before or after them."),
            longest=LONGEST_ID,
            location="path",
        )
    return told
