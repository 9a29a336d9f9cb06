"""What a learner may look at, as expressions: one row a customer, from nothing after a cut-off.

The purchase models know on how many days a customer came, when last, and how much a day brought. Here stands what they
do not: the last weeks apart from the rest, how regular the gaps are, what was bought and who else buys it again, where the customer
came from, discounts. Nothing is executed here. Money is summed as decimals and becomes a floating number once, so that no
figure depends on the order of rows or on the engine.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

import ibis

from regulars.value.learning.engagement import COUNTED

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import numpy as np
    from numpy.typing import NDArray

    from regulars.lake import Orders
    from regulars.value.learning.engagement import Engagement

WINDOWS_DAYS = (30, 91, 182, 365)
PRIOR_BUYERS = 20
"""So many buyers of average habit stand beside the real ones of each product: one person says little about it."""
SLOTS = 100_003
"""A prime; customers fall into so many slots by their key alone, whatever the order of rows."""
_SPREAD = 48_271
_SHARE = "decimal(18, 6)"


@dataclass(frozen=True, slots=True)
class Scope:
    """Which days and customers the features are taken from."""

    begin: date
    """The day of the shop's first order."""
    cutoff: date
    """The last day that may be looked at."""
    horizon_days: int
    slots: int = SLOTS
    """Who falls into the first so many slots is asked about; all of them by default."""
    peers: int = SLOTS
    """Who falls into the first so many slots tells how products do; the same at every cut-off, so that they compare."""

    def back(self, days: int) -> date:
        """Return the day after which lie the last ``days`` days."""
        return self.cutoff - timedelta(days=days)


def slot(key: ir.Value) -> ir.Value:
    """Return the slot of a customer, 0 to ``SLOTS`` − 1, the same on every engine."""
    inside = ((key % SLOTS) + SLOTS) % SLOTS
    return (inside * _SPREAD) % SLOTS


def slot_of(key: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the slots of customers whose keys are at hand."""
    return (key % SLOTS) * _SPREAD % SLOTS


def of_customers(
    orders: Orders, days: ir.Table, scope: Scope, engagement: Engagement | None = None
) -> ir.Table:
    """One row a customer with a purchase by the cut-off: ``customer_key`` and float64 or string features, null where unknown.

    ``days`` is what :func:`regulars.value.frames.purchase_days` gives, ``engagement`` what customers looked at, where that was recorded.
    """
    has = orders.capabilities
    found = rhythm(days, scope)
    parts = [habits(orders.orders, scope)]
    if has.products:
        basket = baskets(orders.lines, scope)
        parts += [products(basket, scope), companions(basket, days, scope)]
    if has.products and has.categories:
        parts.append(categories(basket, orders.products, scope))
    if engagement is not None and engagement.spans(scope.cutoff):
        parts.append(visits(engagement, days, scope))
    for part in parts:
        found = found.left_join(part, "customer_key").drop("customer_key_right")
    return found


def rhythm(days: ir.Table, scope: Scope) -> ir.Table:
    """When and for how much: windows before the cut-off, the same weeks a year ago, gaps, first, last and largest purchase."""
    seen = _asked(days, scope).filter(lambda t: t.orders > 0)
    history = ibis.window(group_by="customer_key", order_by="ordered_on")
    placed = seen.mutate(
        gap=seen.ordered_on.delta(seen.ordered_on.lag().over(history), unit="day").cast("int64"),
        following=seen.ordered_on.lead().over(history),
        nth=ibis.row_number().over(history).cast("int64"),
    )
    on, spend, gap = placed.ordered_on, placed.spend, placed.gap
    last = placed.following.isnull()
    counted: dict[str, ir.Value] = {}
    for length in _windows(scope):
        inside = on > ibis.date(scope.back(length))
        counted[f"bought_{length}"] = inside.cast("int64").sum().cast("float64")
        counted[f"spent_{length}"] = _money(spend.sum(where=inside))
    if scope.begin <= scope.back(365):
        until = min(scope.cutoff, scope.back(365) + timedelta(days=scope.horizon_days))
        inside = (on > ibis.date(scope.back(365))) & (on <= ibis.date(until))
        counted["bought_same_weeks"] = inside.cast("int64").sum().cast("float64")
        counted["spent_same_weeks"] = _money(spend.sum(where=inside))
    return placed.group_by("customer_key").agg(
        **counted,
        gap_squares=(gap * gap).sum().cast("float64"),
        gap_longest=gap.max().cast("float64"),
        gap_last=gap.max(where=last).cast("float64"),
        first_spend=_money(spend.max(where=placed.nth == 0)),
        last_spend=_money(spend.max(where=last)),
        largest_spend=_money(spend.max()),
    )


def habits(orders: ir.Table, scope: Scope) -> ir.Table:
    """How they came and what they paid less: first channel, last country, discounts, coupons, size of an order."""
    valid = orders.filter(orders.valid & orders.customer_key.notnull() & (orders.kind == "order"))
    mine = ibis.window(group_by="customer_key")
    seen = _asked(valid, scope).mutate(
        first_on=lambda t: t.ordered_on.min().over(mine), last_on=lambda t: t.ordered_on.max().over(mine)
    )
    count = seen.count().cast("float64")
    return seen.group_by("customer_key").agg(
        channel=seen.channel.min(where=seen.ordered_on == seen.first_on),
        country=seen.country.min(where=seen.ordered_on == seen.last_on),
        discounted=seen.count(where=seen.discount > 0).cast("float64") / count,
        discount_share=_money(seen.discount.sum()) / _money(seen.gross.sum()).nullif(0),
        coupons=seen.count(where=seen.coupon_code.notnull()).cast("float64") / count,
        lines=seen.lines.cast("int64").sum().cast("float64") / count,
        units=_money(seen.units.sum()) / count,
    )


def baskets(lines: ir.Table, scope: Scope) -> ir.Table:
    """One row a customer, product and day: money before refunds and quantity of what was bought by the cut-off."""
    sold = lines.filter(
        lines.valid & (lines.kind == "order") & lines.customer_key.notnull() & lines.product_key.notnull()
    )
    seen = sold.filter((sold.ordered_on <= ibis.date(scope.cutoff)) & (sold.quantity > 0))
    seen = seen.filter(slot(seen.customer_key) < max(scope.slots, scope.peers))
    return seen.group_by("customer_key", "product_key", "ordered_on").agg(
        money=(seen.net + seen.refunded).sum(), quantity=seen.quantity.sum()
    )


def products(basket: ir.Table, scope: Scope) -> ir.Table:
    """What customers buy: how many products, how much of each, at which price, and how often others buy them again."""
    bought = basket.group_by("customer_key", "product_key").agg(
        money=basket.money.sum(), quantity=basket.quantity.sum(), times=basket.count()
    )
    peers = bought.filter(slot(bought.customer_key) < scope.peers)
    usual = peers.mutate(again_of_all=(peers.times > 1).cast("float64").mean().over(ibis.window()))
    usual = usual.group_by("product_key").agg(
        again=(
            (usual.times > 1).cast("int64").sum().cast("float64") + PRIOR_BUYERS * usual.again_of_all.max()
        )
        / (usual.count() + PRIOR_BUYERS),
    )
    mine = bought.filter(slot(bought.customer_key) < scope.slots)
    mine = mine.left_join(usual, "product_key").drop("product_key_right")
    count = mine.count().cast("float64")
    return mine.group_by("customer_key").agg(
        products=count,
        top_product=_money(mine.money.max()) / _money(mine.money.sum()).nullif(0),
        price=_money(mine.money.sum()) / _money(mine.quantity.sum()).nullif(0),
        bought_again=(mine.times > 1).cast("int64").sum().cast("float64") / count,
        bought_again_by_others=_money(mine.again.cast(_SHARE).sum()) / count,
    )


def companions(basket: ir.Table, days: ir.Table, scope: Scope) -> ir.Table:
    """How many of those whose first purchase held the same products came back, shrunk to the shop's share."""
    until = days.filter((days.ordered_on <= ibis.date(scope.cutoff)) & (days.orders > 0))
    came = until.group_by("customer_key").agg(
        first_on=until.ordered_on.min(), back=(until.count() > 1).cast("int64")
    )
    began = basket.inner_join(came, "customer_key")
    began = began.filter(began.ordered_on == began.first_on).select("customer_key", "product_key", "back")
    peers = began.filter(slot(began.customer_key) < scope.peers)
    peers = peers.mutate(of_all=peers.back.mean().over(ibis.window()))
    usual = peers.group_by("product_key").agg(
        share=(peers.back.sum().cast("float64") + PRIOR_BUYERS * peers.of_all.max())
        / (peers.count() + PRIOR_BUYERS)
    )
    mine = began.filter(slot(began.customer_key) < scope.slots)
    mine = mine.left_join(usual, "product_key").drop("product_key_right")
    return mine.group_by("customer_key").agg(
        first_products_bring_back=_money(mine.share.cast(_SHARE).sum()) / mine.count().cast("float64")
    )


def categories(basket: ir.Table, catalogue: ir.Table, scope: Scope) -> ir.Table:
    """How many categories, the share of the largest, and its name."""
    named = catalogue.filter(catalogue.category.notnull()).select("product_key", "category")
    mine = basket.filter(slot(basket.customer_key) < scope.slots).inner_join(named, "product_key")
    spent = mine.group_by("customer_key", "category").agg(money=mine.money.sum())
    spent = spent.mutate(most=spent.money.max().over(ibis.window(group_by="customer_key")))
    return spent.group_by("customer_key").agg(
        categories=spent.count().cast("float64"),
        top_category=_money(spent.most.max()) / _money(spent.money.sum()).nullif(0),
        category=spent.category.min(where=spent.money == spent.most),
    )


def visits(engagement: Engagement, days: ir.Table, scope: Scope) -> ir.Table:
    """What they looked at in the last weeks: 0 where they were not seen.

    Columns are those of :data:`regulars.value.learning.engagement.COUNTED` for each span, such as ``viewed_30``, and ``unseen_days`` since they
    were last seen, null where that is longer ago than the longest span.
    """
    spans = engagement.spans(scope.cutoff)
    bought = _asked(days, scope).filter(lambda t: t.orders > 0)
    last = bought.group_by("customer_key").agg(last_on=bought.ordered_on.max())
    known = engagement.days
    known = known.filter(
        (known.seen_on <= ibis.date(scope.cutoff)) & (known.known_on <= ibis.date(scope.cutoff))
    )
    known = known.group_by("customer_key", "seen_on").agg(views=known.views.sum(), carts=known.carts.sum())
    both = last.left_join(known, "customer_key").drop("customer_key_right")
    counted: dict[str, ir.Value] = {}
    for span in spans:
        inside = both.seen_on > ibis.date(scope.back(span))
        since = inside & (both.seen_on > both.last_on)
        sums = (
            inside.cast("int64").sum(),
            both.views.sum(where=inside),
            both.carts.sum(where=inside),
            since.cast("int64").sum(),
            both.carts.sum(where=since),
        )
        for name, value in zip(COUNTED, sums, strict=True):
            counted[f"{name}_{span}"] = ibis.coalesce(value, 0).cast("float64")
    latest = both.seen_on.max(where=both.seen_on > ibis.date(scope.back(spans[-1])))
    counted["unseen_days"] = ibis.date(scope.cutoff).delta(latest, unit="day").cast("float64")
    return both.group_by("customer_key").agg(**counted)


def _asked(rows: ir.Table, scope: Scope) -> ir.Table:
    """Rows up to the cut-off of the customers that are asked about."""
    seen = rows.filter(rows.ordered_on <= ibis.date(scope.cutoff))
    return seen if scope.slots >= SLOTS else seen.filter(slot(seen.customer_key) < scope.slots)


def _windows(scope: Scope) -> tuple[int, ...]:
    """The windows that the shop's past is long enough for; a shorter past would make all of them alike."""
    return tuple(length for length in WINDOWS_DAYS if scope.begin <= scope.back(length))


def _money(amount: ir.Value) -> ir.Value:
    return amount.cast("float64")
