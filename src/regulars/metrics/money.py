"""Revenue, orders and customers over a window of days, and what follows from them by division."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import date
from decimal import Decimal
from typing import Any

from regulars.kit.i18n import mark
from regulars.kit.unknown import Unknown
from regulars.lake import Capabilities
from regulars.metrics.figures import Figure, Value, Window
from regulars.metrics.period import Period, per, share

NO_ORDERS = Unknown.because("no_orders", mark("There is no paid order in this window."))
NO_CUSTOMERS = Unknown.because("no_customers", mark("No order in this window names its customer."))
NO_SALES = Unknown.because("no_sales", mark("There is nothing sold in this window to take a share of."))
NO_DISCOUNTS = Unknown.because("no_discounts", mark("The file does not say what was discounted."))
NO_REFUNDS = Unknown.because("no_refunds", mark("The file does not say what was refunded."))
ZERO = Decimal(0)


@dataclass(slots=True)
class Totals:
    """Sums over a window; customers are distinct, ``new`` of them ordered for the first time in it."""

    orders: int = 0
    discounted: int = 0
    unknown_orders: int = 0
    units: Decimal = ZERO
    gross: Decimal = ZERO
    discount: Decimal = ZERO
    tax: Decimal = ZERO
    refunded: Decimal = ZERO
    net: Decimal = ZERO
    unknown_net: Decimal = ZERO
    customers: int = 0
    new: int = 0

    def add(self, day: Mapping[str, Any]) -> None:
        """Add one day's sums; a sum over nothing is null and adds nothing."""
        for name in DAILY:
            setattr(self, name, getattr(self, name) + (day[name] or 0))


DAILY = tuple(field.name for field in fields(Totals) if field.name not in {"customers", "new"})


def totals(days: list[dict[str, Any]], window: Window, *, customers: int, new: int) -> Totals:
    """Sum the rows of :func:`regulars.metrics.frames.daily` that lie in the window."""
    found = Totals(customers=customers, new=new)
    for day in days:
        if window[0] <= day["ordered_on"] <= window[1]:
            found.add(day)
    return found


def new_customers(firsts: list[dict[str, Any]], window: Window) -> int:
    """Count the first orders in a window."""
    return sum(day["customers"] for day in firsts if window[0] <= day["first_on"] <= window[1])


Measure = Callable[[Totals], Value]


def _aov(total: Totals) -> Value:
    return per(total.net, total.orders) if total.orders else NO_ORDERS


def _frequency(total: Totals) -> Value:
    known = total.orders - total.unknown_orders
    return share(known, total.customers) if total.customers else NO_CUSTOMERS


def _returning(total: Totals) -> Value:
    return share(total.customers - total.new, total.customers) if total.customers else NO_CUSTOMERS


def _discounted(total: Totals) -> Value:
    return share(total.discounted, total.orders) if total.orders else NO_ORDERS


def _discount_share(total: Totals) -> Value:
    return share(total.discount, total.gross) if total.gross > 0 else NO_SALES


def _refund_share(total: Totals) -> Value:
    before = total.net + total.refunded
    return share(total.refunded, before) if before > 0 else NO_SALES


def _unattributed(total: Totals) -> Value:
    return share(total.unknown_net, total.net) if total.net > 0 else NO_SALES


MEASURES: tuple[tuple[str, str, str, str, Measure], ...] = (
    (
        "net",
        mark("Net revenue"),
        "money",
        mark("Gross minus discounts, tax and refunds of all paid orders; delivery only if it is counted."),
        lambda total: total.net,
    ),
    (
        "gross",
        mark("Gross revenue"),
        "money",
        mark(
            "Merchandise of all paid orders at list price, before discounts and refunds, tax included if known."
        ),
        lambda total: total.gross,
    ),
    (
        "discount",
        mark("Discounts"),
        "money",
        mark("What customers did not have to pay because of discounts and coupons."),
        lambda total: total.discount,
    ),
    (
        "refunded",
        mark("Refunds"),
        "money",
        mark("What was given back for merchandise, before tax, on the day the file books it."),
        lambda total: total.refunded,
    ),
    (
        "orders",
        mark("Orders"),
        "orders",
        mark("Paid orders, without cancelled and test orders; a credit note is not an order."),
        lambda total: total.orders,
    ),
    (
        "units",
        mark("Units sold"),
        "count",
        mark("Pieces in all paid orders, before returns."),
        lambda total: total.units,
    ),
    (
        "customers",
        mark("Customers"),
        "count",
        mark("Distinct customers with a paid order in the window."),
        lambda total: total.customers,
    ),
    (
        "new_customers",
        mark("New customers"),
        "count",
        mark("Customers whose first paid order lies in the window."),
        lambda total: total.new,
    ),
    (
        "aov",
        mark("Average order value"),
        "money",
        mark("Net revenue divided by orders."),
        _aov,
    ),
    (
        "purchase_frequency",
        mark("Purchase frequency"),
        "ratio",
        mark("Orders of known customers divided by distinct customers of the window."),
        _frequency,
    ),
    (
        "returning_rate",
        mark("Returning customers"),
        "share",
        mark("Customers of the window who had already ordered before it, divided by all its customers."),
        _returning,
    ),
    (
        "discounted_orders_share",
        mark("Discounted orders"),
        "share",
        mark("Orders with any discount divided by all orders."),
        _discounted,
    ),
    (
        "discount_share",
        mark("Discount depth"),
        "share",
        mark("Sum of discounts divided by gross revenue."),
        _discount_share,
    ),
    (
        "refund_share",
        mark("Refund share"),
        "share",
        mark("Refunds divided by net revenue before refunds."),
        _refund_share,
    ),
    (
        "unattributed_share",
        mark("Revenue without a customer"),
        "share",
        mark("Net revenue of orders that name no customer, divided by net revenue."),
        _unattributed,
    ),
)


OF_NEWCOMERS = frozenset({"new_customers", "returning_rate"})
"""Figures that need to know who had bought before; without a window of memory everybody looks new."""


def figures(
    period: Period, recent: Totals, previous: Totals, overall: Totals, told: Capabilities
) -> Iterator[Figure]:
    """Yield every measure for the recent window (beside the one before), and for all time as ``<name>_overall``."""
    for name, title, unit, definition, measure in MEASURES:
        absent = _absent(name, told)
        now = absent if absent is not None else _now(name, period, recent, measure)
        before = absent if absent is not None else _before(name, period, previous, measure)
        yield Figure(name, title, now, unit, definition, period.recent, previous=before)
        if name != "returning_rate":  # nobody ordered before all time
            ever = absent if absent is not None else measure(overall)
            yield Figure(f"{name}_overall", title, ever, unit, definition, period.overall)


def _now(name: str, period: Period, recent: Totals, measure: Measure) -> Value:
    past = period.no_past if name == "returning_rate" else None
    return measure(recent) if past is None else past


def _before(name: str, period: Period, previous: Totals, measure: Measure) -> Value:
    # Not "or": an Unknown is falsy.
    short = period.too_short
    if short is None and name in OF_NEWCOMERS:
        short = period.no_memory
    return measure(previous) if short is None else short


def _absent(name: str, told: Capabilities) -> Unknown | None:
    if name in {"discount", "discounted_orders_share", "discount_share"} and not told.discounts:
        return NO_DISCOUNTS
    if name in {"refunded", "refund_share"} and not told.refunds:
        return NO_REFUNDS
    return None


def by_month(days: list[dict[str, Any]]) -> dict[int, Totals]:
    """Sum the days into months (numbers from year 0)."""
    months: dict[int, Totals] = {}
    for day in days:
        on: date = day["ordered_on"]
        months.setdefault(on.year * 12 + on.month - 1, Totals()).add(day)
    return months
