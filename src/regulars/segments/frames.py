"""What the orders alone say about a customer's behaviour, as expressions that any engine can run."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import ibis

if TYPE_CHECKING:
    import ibis.expr.types as ir


def habits(orders: ir.Table, as_of: date, *, recent_days: int) -> ir.Table:
    """Return one row a customer: how they buy, up to and including ``as_of``.

    Columns: customer_key int64; ``discounted`` int64, orders with a discount; ``buyer`` bool, bought within the last
    ``recent_days`` days; ``recent_net`` float64, net of orders and credit notes of those days; ``paid`` float64, what
    the orders brought before anything was given back; ``refunded`` float64, what was given back. Money is summed
    as decimals and made a float at the very end.
    """
    known = _known(orders, as_of)
    is_order = known.kind == "order"
    recent = known.ordered_on > ibis.literal(as_of - timedelta(days=recent_days))
    return known.group_by("customer_key").aggregate(
        discounted=(is_order & (known.discount > 0)).cast("int64").sum().cast("int64"),
        buyer=(is_order & recent).cast("int64").max() == 1,
        recent_net=_money(known.net.sum(where=recent)),
        paid=_money((known.net + known.refunded).sum(where=is_order)),
        refunded=_money(known.refunded.sum()),
    )


def returns_from_silence(orders: ir.Table, as_of: date, *, within_days: int) -> ir.Table:
    """Return, for customers who bought within the last days, the longest gap that one of these purchases ended.

    Columns: customer_key int64, gap_days int64. A purchase on the same day as another ends no gap. Only the last
    ``within_days`` days are sorted by customer; of those before them only the latest date of these customers is needed.
    """
    known = _known(orders, as_of)
    bought = known.filter(known.kind == "order")
    since = ibis.literal(as_of - timedelta(days=within_days))
    recent = bought.filter(bought.ordered_on >= since).select("customer_key", "ordered_on").distinct()
    before = bought.filter(bought.ordered_on < since).semi_join(recent, "customer_key")
    before = before.group_by(earlier_key=before.customer_key).aggregate(before=before.ordered_on.max())
    joined = recent.left_join(before, recent.customer_key == before.earlier_key)
    in_order = ibis.window(group_by=joined.customer_key, order_by=joined.ordered_on)
    days = joined.mutate(previous=ibis.coalesce(joined.ordered_on.lag().over(in_order), joined.before))
    days = days.filter(days.previous.notnull())
    gaps = days.mutate(gap=days.ordered_on.delta(days.previous, unit="day").cast("int64"))
    return gaps.group_by("customer_key").aggregate(gap_days=gaps.gap.max())


def last_orders(orders: ir.Table, as_of: date) -> ir.Table:
    """Return one row a customer who ordered: the day (``last_on``) and the moment (``last_at``, UTC) of the last order."""
    known = _known(orders, as_of)
    bought = known.filter(known.kind == "order")
    return bought.group_by("customer_key").aggregate(
        last_on=bought.ordered_on.max(), last_at=bought.ordered_at.max()
    )


def standing(orders: ir.Table, on: date) -> ir.Table:
    """Return one row a customer who had ordered by a day: what RFM reads, as it was on that day.

    Columns: customer_key int64; recency_days and orders int64; net float64, of orders and credit notes until then.
    """
    known = _known(orders, on)
    bought = known.kind == "order"
    found = known.group_by("customer_key").aggregate(
        last_on=known.ordered_on.max(where=bought),
        orders=bought.cast("int64").sum().cast("int64"),
        net=_money(known.net.sum()),
    )
    there = found.filter(found.orders > 0)
    days = ibis.literal(on).delta(there.last_on, unit="day").cast("int64")
    return there.select("customer_key", "orders", "net", recency_days=days)


def _known(orders: ir.Table, as_of: date) -> ir.Table:
    """Keep valid orders and credit notes of people we can tell apart."""
    return orders.filter(
        orders.valid & orders.customer_key.notnull() & (orders.ordered_on <= ibis.literal(as_of))
    )


def _money(amount: ir.Value) -> ir.Value:
    return ibis.coalesce(amount.cast("float64"), 0.0)
