"""Kinds of values inside sentences: pages write them by locale, everything else as English does."""

from __future__ import annotations

from calendar import month_name
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Money:
    """An amount, by pages with the shop's currency; to the cent, unless that would only seem exact."""

    amount: float
    cents: bool = True

    def __str__(self) -> str:
        return f"{self.amount:,.2f}" if self.cents or abs(self.amount) < 1000 else f"{self.amount:,.0f}"


@dataclass(frozen=True, slots=True)
class Month:
    """A month of the year, 1 to 12."""

    number: int

    def __str__(self) -> str:
        return month_name[self.number]


@dataclass(frozen=True, slots=True)
class Share:
    """A share, 0..1, written as percent."""

    part: float

    def __str__(self) -> str:
        return f"{self.part:.1%}"
