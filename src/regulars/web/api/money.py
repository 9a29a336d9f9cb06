"""Amounts as the API writes them: decimal text in the currency's own units, never a binary number."""

from __future__ import annotations

from decimal import Decimal

from regulars.kit import currencies
from regulars.kit.errors import RegularsError
from regulars.kit.i18n import mark


def text(minor: int | None, currency: str) -> str | None:
    """Return an amount of minor units as text."""
    return None if minor is None else f"{Decimal(minor).scaleb(-currencies.digits(currency)):f}"


def minor(told: str, currency: str, location: str) -> int:
    """Return an amount in minor units; raises for digits that the currency has not got."""
    exact = Decimal(told).scaleb(currencies.digits(currency))
    if exact != exact.to_integral_value():
        raise RegularsError(
            "api.amount",
            mark("{told} has more digits than {currency} has."),
            hint=mark("Amounts of {currency} have {digits} digits after the point."),
            location=location,
            told=told,
            currency=currency,
            digits=currencies.digits(currency),
        )
    return int(exact)
