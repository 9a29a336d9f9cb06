"""What a customer has been and may be worth: traditional and historical customer lifetime value, and the margin."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from regulars.kit.i18n import mark
from regulars.kit.unknown import Unknown
from regulars.metrics.cohorts import Cohort
from regulars.metrics.figures import Figure, Value
from regulars.metrics.money import NO_CUSTOMERS, NO_ORDERS, ZERO, Totals
from regulars.metrics.period import CENT, Period, per, share


@dataclass(frozen=True, slots=True)
class Margin:
    """The share of net revenue that is left after the goods, and where it comes from."""

    rate: float | None
    source: str

    @property
    def factor(self) -> Decimal:
        """What net revenue is multiplied by; 1 where no margin is known."""
        return Decimal(1) if self.rate is None else Decimal(repr(self.rate))


def margin_of(given: float | None, costs: Mapping[str, Any] | None) -> Margin:
    """Choose the margin: the one given, else from product costs (refunded goods keep their cost), else none."""
    if given is not None:
        return Margin(given, "given")
    if costs and costs["cost"] is not None and (costs["net"] or ZERO) > 0:
        return Margin(round(1 - share(costs["cost"], costs["net"]), 6), "products")
    return Margin(None, "none")


def figures(
    period: Period,
    recent: Totals,
    found: Sequence[Cohort],
    lifespan_years: float | Unknown,
    margin: Margin,
) -> Iterator[Figure]:
    """Yield traditional and historical lifetime value."""
    yield Figure(
        "clv_traditional",
        mark("Customer lifetime value, traditional"),
        _traditional(period, recent, lifespan_years, margin),
        "money",
        mark(
            "Average order value times orders a year per customer of the window times the lifespan in years (one "
            "divided by yearly churn) times the margin; without a margin it is net revenue."
        ),
        period.recent,
    )
    customers = sum(cohort.size for cohort in found)
    total = sum((sum(cohort.net.values(), ZERO) for cohort in found), ZERO) * margin.factor
    definition = mark(
        "Net revenue to date of all customers with an order times the margin; without a margin it is net revenue."
    )
    yield Figure(
        "clv_historical_total",
        mark("Customer value to date, all customers"),
        total.quantize(CENT) if customers else NO_CUSTOMERS,
        "money",
        definition,
        period.overall,
    )
    yield Figure(
        "clv_historical",
        mark("Customer value to date, mean"),
        per(total, customers) if customers else NO_CUSTOMERS,
        "money",
        mark(
            "Net revenue to date of all customers with an order times the margin, divided by these customers; without "
            "a margin it is net revenue."
        ),
        period.overall,
    )


def _traditional(period: Period, recent: Totals, lifespan_years: float | Unknown, margin: Margin) -> Value:
    if not recent.orders:
        return NO_ORDERS
    if not recent.customers:
        return NO_CUSTOMERS
    if isinstance(lifespan_years, Unknown):
        return lifespan_years
    known = recent.orders - recent.unknown_orders
    yearly = Decimal(known * 365) / Decimal(recent.customers * period.window_days)
    worth = recent.net / recent.orders * yearly * Decimal(repr(lifespan_years)) * margin.factor
    return worth.quantize(CENT)
