"""What the value models read, as expressions: purchase days of each customer, and one row a customer.

Orders of one day are one purchase, as in the papers the models come from: a basket split in two is not a repeat.
Nothing is executed here; the same expressions run on DuckDB and on Spark.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import ibis

if TYPE_CHECKING:
    import ibis.expr.types as ir

MONEY_SUM = "decimal(38, 4)"


def purchase_days(orders: ir.Table) -> ir.Table:
    """One row a customer and day with something bought or taken back.

    Columns: customer_key, ordered_on, orders (int64), spend (before refunds, after discounts and tax), refunded.
    """
    counted = orders.filter(orders.valid & orders.customer_key.notnull())
    bought = counted.kind == "order"
    return counted.group_by("customer_key", "ordered_on").agg(
        orders=bought.cast("int64").sum(),
        spend=ibis.ifelse(bought, counted.net + counted.refunded, 0)
        .cast("decimal(18, 4)")
        .sum()
        .cast(MONEY_SUM),
        refunded=counted.refunded.sum().cast(MONEY_SUM),
    )


def customer_summary(days: ir.Table, as_of: date) -> ir.Table:
    """One row a customer who bought by ``as_of`` (inclusive): the sufficient statistics of the models.

    x is the number of repeat purchase days, recency (t_x) and T are in days, as in Schmittlein, Morrison and Colombo (1987).
    """
    until = days.filter(days.ordered_on <= ibis.date(as_of))
    bought = until.orders > 0
    day = ibis.ifelse(bought, until.ordered_on, ibis.null("date"))
    summary = until.group_by("customer_key").agg(
        orders=until.orders.sum().cast("int64"),
        purchase_days=bought.cast("int64").sum().cast("int64"),
        first_on=day.min(),
        last_on=day.max(),
        spend=until.spend.sum().cast(MONEY_SUM),
        refunded=until.refunded.sum().cast(MONEY_SUM),
    )
    summary = summary.filter(summary.orders > 0)
    first, last, now = summary.first_on, summary.last_on, ibis.date(as_of)
    return summary.mutate(
        x=summary.purchase_days - 1,
        recency=last.delta(first, unit="day").cast("int64"),
        T=now.delta(first, unit="day").cast("int64"),
    )


def purchases_by_day(days: ir.Table, as_of: date) -> ir.Table:
    """How many customers bought on each day until ``as_of`` (inclusive)."""
    until = days.filter((days.ordered_on <= ibis.date(as_of)) & (days.orders > 0))
    return until.group_by("ordered_on").agg(customers=until.count())


def spend_between(days: ir.Table, after: date, until: date) -> ir.Table:
    """Spend and orders of each customer in ``after < day <= until``; what a forecast made on ``after`` is held against."""
    window = days.filter((days.ordered_on > ibis.date(after)) & (days.ordered_on <= ibis.date(until)))
    return window.group_by("customer_key").agg(
        spend=window.spend.sum().cast(MONEY_SUM),
        orders=window.orders.sum().cast("int64"),
        purchase_days=(window.orders > 0).cast("int64").sum().cast("int64"),
        refunded=window.refunded.sum().cast(MONEY_SUM),
    )


def spend_by_month(days: ir.Table, as_of: date) -> ir.Table:
    """One row a customer and month with something paid by ``as_of``: what a price level is seen from.

    Columns: customer_key, month (year · 12 + month − 1), purchases, mean_log (of the spend on a purchase day), first_share (1 where
    all of them are the customer's first).
    """
    paid = days.filter((days.ordered_on <= ibis.date(as_of)) & (days.orders > 0) & (days.spend > 0))
    first = paid.ordered_on == paid.ordered_on.min().over(group_by="customer_key")
    told = paid.mutate(
        month=_month(paid.ordered_on),
        log=paid.spend.cast("float64").ln(),
        first=first.cast("float64"),
    )
    return told.group_by("customer_key", "month").agg(
        purchases=told.count(), mean_log=told.log.mean(), first_share=told.first.mean()
    )


def restated_spend(days: ir.Table, as_of: date, factors: tuple[tuple[int, float], ...]) -> ir.Table:
    """Spend of each customer by ``as_of``, each month's multiplied by its factor: customer_key, spend (float64)."""
    until = days.filter(days.ordered_on <= ibis.date(as_of))
    month = _month(until.ordered_on)
    factor = ibis.cases(
        *((month == number, ibis.literal(by, "float64")) for number, by in factors), else_=1.0
    )
    told = until.mutate(restated=until.spend.cast("float64") * factor)
    return told.group_by("customer_key").agg(spend=told.restated.sum())


def _month(day: ir.DateColumn) -> ir.IntegerColumn:
    """Number months through the years."""
    return day.year().cast("int64") * 12 + day.month().cast("int64") - 1


def first_purchase(days: ir.Table) -> ir.Table:
    """The day of the first purchase: one row, null where there is none."""
    return days.filter(days.orders > 0).agg(first_on=days.ordered_on.min())


def span(orders: ir.Table) -> ir.Table:
    """First and last day of any valid purchase, and how many customers bought: one row."""
    bought = orders.filter(orders.valid & (orders.kind == "order"))
    return bought.agg(first_on=bought.ordered_on.min(), last_on=bought.ordered_on.max())


def known_by_day(days: ir.Table, known_by: date, until: date) -> ir.Table:
    """What the customers who had bought by ``known_by`` did on each day after it, up to ``until``: no new one counts.

    Columns: ordered_on, purchase_days, spend (before refunds), refunded.
    """
    before = days.filter((days.ordered_on <= ibis.date(known_by)) & (days.orders > 0))
    known = before.group_by("customer_key").agg(bought=before.count())
    after = days.filter((days.ordered_on > ibis.date(known_by)) & (days.ordered_on <= ibis.date(until)))
    theirs = after.semi_join(known, "customer_key")
    return theirs.group_by("ordered_on").agg(
        purchase_days=(theirs.orders > 0).cast("int64").sum().cast("int64"),
        spend=theirs.spend.sum().cast(MONEY_SUM),
        refunded=theirs.refunded.sum().cast(MONEY_SUM),
    )


def spend_moments(days: ir.Table, until: date) -> ir.Table:
    """One row: ``purchases`` days until a day (inclusive), their ``spend`` and its square, summed as floats."""
    bought = days.filter((days.ordered_on <= ibis.date(until)) & (days.orders > 0))
    spend = bought.spend.cast("float64")
    return bought.agg(purchases=bought.count(), spend=spend.sum(), squared=(spend * spend).sum())
