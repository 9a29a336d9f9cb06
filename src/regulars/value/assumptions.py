"""What a forecast rests on besides the data: horizon, margin, discounting, and how much data it takes to speak at all."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from math import log1p
from typing import TYPE_CHECKING

from regulars.kit.errors import RegularsError
from regulars.kit.i18n import mark
from regulars.kit.unknown import Unknown

if TYPE_CHECKING:
    from regulars.value.summary import Summary

DAYS_A_WEEK = 7.0
DAYS_A_YEAR = 365.0


@dataclass(frozen=True, slots=True)
class Assumptions:
    """The settings of a forecast.

    ``margin`` is the share of net revenue that is left after the cost of goods, 0 < margin ≤ 1; without one, values are
    net revenue and say so. ``interval`` is the probability that a customer's value falls between its low and high bound.
    """

    horizon_days: int = 365
    margin: float | None = None
    discount_rate_yearly: float = 0.10
    interval: float = 0.80
    seed: int = 20100101
    draws: int = 400

    def __post_init__(self) -> None:
        if not 1 <= self.horizon_days <= 3650:
            raise RegularsError(
                "value.horizon",
                mark("A horizon of {days} days is out of range."),
                hint=mark("Use 1 to 3650 days."),
                days=self.horizon_days,
            )
        if self.margin is not None and not 0 < self.margin <= 1:
            raise RegularsError(
                "value.margin",
                mark("A margin of {margin} is out of range."),
                hint=mark(
                    "Give the share that is left after the cost of goods, between 0 and 1: 0.35 for 35%."
                ),
                margin=self.margin,
            )
        if not 0 <= self.discount_rate_yearly < 10:
            raise RegularsError(
                "value.discount_rate",
                mark("A yearly discount rate of {rate} is out of range."),
                hint=mark("Use 0.10 for 10% a year."),
                rate=self.discount_rate_yearly,
            )
        if not 0 < self.interval < 1:
            raise RegularsError(
                "value.interval",
                mark("An interval of {interval} is out of range."),
                hint=mark("Use 0.8 for 80%."),
                interval=self.interval,
            )

    @property
    def margin_or_all(self) -> float:
        """The margin, or 1 where values are net revenue."""
        return 1.0 if self.margin is None else self.margin

    @property
    def continuous_rate_weekly(self) -> float:
        """The discount rate as a continuous rate a week: log(1 + yearly) · 7 / 365."""
        return log1p(self.discount_rate_yearly) * DAYS_A_WEEK / DAYS_A_YEAR


@dataclass(frozen=True, slots=True)
class Minimum:
    """The least data a forecast is made from; below it the answer is ``Unknown`` with the reason."""

    customers: int = 500
    span_days: int = 180
    silence_days: int = 30
    regulars: int = 10
    """Customers with three or more purchase days: fewer cannot tell slow buyers from lost ones."""

    def missing(self, summary: Summary, as_of: date) -> Unknown | None:
        """Say what is missing, or None when there is enough."""
        if len(summary) < self.customers:
            return Unknown.because(
                "too_few_customers",
                mark("A forecast needs at least {needed} customers; these orders have {found}."),
                needed=self.customers,
                found=len(summary),
            )
        if summary.span_days(as_of) < self.span_days:
            return Unknown.because(
                "too_short",
                mark("A forecast needs at least {needed} days of orders; these cover {found}."),
                needed=self.span_days,
                found=summary.span_days(as_of),
            )
        if summary.silence_days(as_of) > self.silence_days:
            return Unknown.because(
                "silent",
                mark(
                    "The last order is {found} days before the as-of date; a forecast needs one in the last {needed} days."
                ),
                needed=self.silence_days,
                found=summary.silence_days(as_of),
            )
        regulars = int((summary.purchase_days >= 3).sum())
        if regulars < self.regulars:
            return Unknown.because(
                "too_few_regulars",
                mark(
                    "A forecast needs at least {needed} customers with three or more purchases; there are {found}."
                ),
                needed=self.regulars,
                found=regulars,
            )
        if not (summary.spend > 0).any():
            return Unknown.because(
                "no_spend", mark("No order is worth anything, so there is no spend to forecast.")
            )
        return None
