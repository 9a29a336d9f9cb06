"""Amounts in minor units as people read them."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from regulars.kit import currencies

if TYPE_CHECKING:
    from regulars.report.speech import Speech


def major(minor: int | None, currency: str) -> Decimal | None:
    """Return an amount in the currency's own units."""
    return None if minor is None else Decimal(minor).scaleb(-currencies.digits(currency))


def told(minor: int | None, speech: Speech, *, cents: bool | None = None) -> str:
    """Write an amount; a dash for none."""
    found = major(minor, speech.currency or "")
    return "–" if found is None else speech.money(float(found), cents=cents)
