"""What the engine must count for the figures: Ibis expressions over the orders, never executed here.

Every table that comes back is small (days × days at most) except ``steps`` and ``buyers``, which are saved
once and read by the rest. Nothing here depends on one engine: months and quarters of an hour are integers,
quantiles are taken later from histograms, sums of money stay decimal.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import ibis
import ibis.expr.types as ir

BANDS = (0, 10, 20, 30, 50)
"""Upper bounds of the discount bands, percent of gross."""


def month_number(day: ir.Value) -> ir.Value:
    """Return months since year 0, the same on every engine."""
    return day.year().cast("int64") * 12 + day.month().cast("int64") - 1


def facts(orders: ir.Table, as_of: date) -> ir.Table:
    """Valid orders and credit notes until the end of ``as_of``."""
    return orders.filter(orders.valid & (orders.ordered_on <= as_of))


def bounds(orders: ir.Table) -> ir.Table:
    """One row: first and last day of valid facts (``first_on``, ``last_on``) and of any row (``any_on``)."""
    return orders.aggregate(
        first_on=orders.ordered_on.min(where=orders.valid),
        any_on=orders.ordered_on.max(),
    )


def daily(facts: ir.Table) -> ir.Table:
    """One row a day: counts and money of all valid facts, and the part that no customer is known for."""
    order, unknown = facts.kind == "order", facts.customer_key.isnull()
    return facts.group_by("ordered_on").aggregate(
        orders=facts.count(where=order),
        discounted=facts.count(where=order & (facts.discount > 0)),
        unknown_orders=facts.count(where=order & unknown),
        units=facts.units.sum(where=order),
        gross=facts.gross.sum(),
        discount=facts.discount.sum(),
        tax=facts.tax.sum(),
        refunded=facts.refunded.sum(),
        net=facts.net.sum(),
        unknown_net=facts.net.sum(where=unknown),
    )


def steps(facts: ir.Table) -> ir.Table:
    """One row an order or credit note of a known customer, with its place in that customer's history.

    ``nth`` counts the customer's orders from 0 (credit notes come after them and have no ``previous_on``);
    ``first_on`` is the day of the first order, null for customers who only ever took back.
    """
    known = facts.filter(facts.customer_key.notnull())
    known = known.mutate(
        purchase=known.kind == "order",
        bought_on=ibis.cases((known.kind == "order", known.ordered_on), else_=ibis.null("date")),
    )
    # "order" sorts before "refund": one sort gives the first, the previous and the number of each order.
    history = ibis.window(group_by="customer_key", order_by=["kind", "ordered_on", "ordered_at", "order_key"])
    placed = known.mutate(
        first_on=known.bought_on.first(include_null=True).over(history),
        earlier_on=known.ordered_on.lag().over(history),
        nth=ibis.row_number().over(history).cast("int64"),
    )
    return placed.select(
        "customer_key",
        "order_key",
        "purchase",
        "ordered_on",
        "first_on",
        ibis.cases((placed.purchase, placed.earlier_on), else_=ibis.null("date")).name("previous_on"),
        "nth",
        "net",
        "channel",
        "country",
    )


def gaps(steps: ir.Table) -> ir.Table:
    """How many days passed between consecutive orders: ``gap``, ``number``, of them ``seconds`` (to a second order)."""
    gap = steps.ordered_on.delta(steps.previous_on, unit="day").cast("int64")
    again = steps.filter(steps.purchase & steps.previous_on.notnull()).mutate(gap=gap)
    return again.group_by("gap").aggregate(number=again.count(), seconds=again.count(where=again.nth == 1))


def firsts(steps: ir.Table, horizons: Sequence[int]) -> ir.Table:
    """One row a day of first orders: ``customers``, how many have a ``seconds`` order, and ``within_d`` days."""
    start = steps.filter(steps.purchase & (steps.nth <= 1))
    age = start.ordered_on.delta(start.first_on, unit="day")
    return start.group_by("first_on").aggregate(
        customers=start.count(where=start.nth == 0),
        seconds=start.count(where=start.nth == 1),
        **{f"within_{days}": start.count(where=(start.nth == 1) & (age <= days)) for days in horizons},
    )


def cells(steps: ir.Table) -> ir.Table:
    """One row a cohort month and calendar month: ``customers`` ordering, ``orders``, ``net``.

    ``cohort`` is null for customers without an order. Months are numbers of :func:`month_number`. A customer is
    counted by the first order of each month, so no distinct count is needed.
    """
    placed = steps.mutate(
        cohort=month_number(steps.first_on),
        month=month_number(steps.ordered_on),
        before=month_number(steps.previous_on),
    )
    opens = placed.purchase & (placed.before.isnull() | (placed.before < placed.month))
    return placed.group_by("cohort", "month").aggregate(
        customers=placed.count(where=opens), orders=placed.count(where=placed.purchase), net=placed.net.sum()
    )


def buyers_in(steps: ir.Table, windows: dict[str, tuple[date, date]]) -> ir.Table:
    """One row: distinct customers with an order in each window, and their orders as ``<name>_orders``."""
    counts: dict[str, ir.Value] = {}
    for name, (start, end) in windows.items():
        inside = steps.purchase & steps.ordered_on.between(start, end)
        counts[name] = steps.count(where=inside & (steps.previous_on.isnull() | (steps.previous_on < start)))
        counts[f"{name}_orders"] = steps.count(where=inside)
    return steps.aggregate(**counts)


def ages(steps: ir.Table, horizons: Sequence[int]) -> ir.Table:
    """``net`` by day of the first order and ``slot``: how many of the ascending horizons its age in days exceeds."""
    bought = steps.filter(steps.first_on.notnull())
    age = bought.ordered_on.delta(bought.first_on, unit="day")
    slot = sum(((age > days).cast("int64") for days in horizons), ibis.literal(0, "int64"))
    bought = bought.mutate(slot=slot)
    return bought.group_by("first_on", "slot").aggregate(net=bought.net.sum())


def buyers(steps: ir.Table, *, gap_days: int, start: date, end: date) -> ir.Table:
    """One row a customer with an order: the first one, totals, and whether active at the end of two days.

    Active means: ordered within the ``gap_days`` days up to and including that day.
    """
    bought = steps.filter(steps.first_on.notnull())
    first = bought.purchase & (bought.nth == 0)

    def active(day: date) -> ir.Value:
        recent = bought.purchase & (bought.ordered_on > day - timedelta(days=gap_days))
        return bought.count(where=recent & (bought.ordered_on <= day)) > 0

    return bought.group_by("customer_key").aggregate(
        first_order_key=bought.order_key.min(where=first),
        first_on=bought.first_on.min(),
        first_channel=bought.channel.min(where=first),
        first_country=bought.country.min(where=first),
        orders=bought.count(where=bought.purchase),
        net=bought.net.sum(),
        active_start=active(start),
        active_end=active(end),
    )


def lapses(buyers: ir.Table) -> ir.Table:
    """One row: customers ``active`` at the start, and of them ``lapsed`` by the end."""
    return buyers.aggregate(
        active=buyers.count(where=buyers.active_start),
        lapsed=buyers.count(where=buyers.active_start & ~buyers.active_end),
    )


def by_first(buyers: ir.Table, column: str) -> ir.Table:
    """Customers grouped by something about their first order: ``customers``, ``repeated``, ``orders``, ``net``."""
    return buyers.group_by(group=buyers[column]).aggregate(**_of_buyers(buyers))


def channel_ages(steps: ir.Table, buyers: ir.Table, start: date, end: date) -> ir.Table:
    """``net`` by first-touch channel (``group``) and ``age`` in days, of the customers won from start to end."""
    won = buyers.filter(buyers.first_on.between(start, end)).select("customer_key", "first_channel")
    joined = steps.inner_join(won, "customer_key")
    age = joined.ordered_on.delta(joined.first_on, unit="day").cast("int64")
    joined = joined.mutate(group=joined.first_channel, age=age)
    return joined.group_by("group", "age").aggregate(net=joined.net.sum())


def won_by_channel(buyers: ir.Table, start: date, end: date) -> ir.Table:
    """Customers whose first order lies from start to end, by its channel (``group``)."""
    won = buyers.filter(buyers.first_on.between(start, end))
    return won.group_by(group=won.first_channel).aggregate(**_of_buyers(won))


def countries(facts: ir.Table) -> ir.Table:
    """Orders and net revenue by the country of the order (``group``)."""
    return facts.group_by(group=facts.country).aggregate(
        orders=facts.count(where=facts.kind == "order"), net=facts.net.sum()
    )


def moments(facts: ir.Table) -> ir.Table:
    """Orders and their net by quarter of an hour since 1970 (UTC): every zone's clock can be read from it."""
    bought = facts.filter(facts.kind == "order")
    quarter = (bought.ordered_at.epoch_seconds().cast("int64") // 900).cast("int64")
    bought = bought.mutate(quarter=quarter)
    return bought.group_by("quarter").aggregate(orders=bought.count(), net=bought.net.sum())


def bands(facts: ir.Table) -> ir.Table:
    """Orders by discount band: ``band`` counts how many of ``BANDS`` the discount in percent of gross exceeds."""
    bought = facts.filter(facts.kind == "order")
    band = sum(
        ((bought.discount * 100 > bought.gross * bound).cast("int64") for bound in BANDS),
        ibis.literal(0, "int64"),
    )
    bought = bought.mutate(band=band)
    return bought.group_by("band").aggregate(
        orders=bought.count(),
        gross=bought.gross.sum(),
        discount=bought.discount.sum(),
        net=bought.net.sum(),
    )


def _of_buyers(buyers: ir.Table) -> dict[str, ir.Value]:
    return {
        "customers": buyers.count(),
        "repeated": buyers.count(where=buyers.orders > 1),
        "orders": buyers.orders.sum().cast("int64"),
        "net": buyers.net.sum(),
    }


def members(steps: ir.Table, *, cohort: int, month: int | None) -> ir.Table:
    """The customers of a cohort, or those of them with an order in a month (both numbers of :func:`month_number`)."""
    chosen = steps.filter(steps.purchase & (month_number(steps.first_on) == cohort))
    if month is not None:
        chosen = chosen.filter(month_number(chosen.ordered_on) == month)
    # Grouped, not distinct: over a window function Ibis would write Spark a DISTINCT of more columns than these.
    each = chosen.group_by("customer_key").aggregate(orders=chosen.count())
    return each.select("customer_key").order_by("customer_key")
