"""What the recommender reads, as expressions: who bought what when, in which order, and what the shop sells.

Nothing is executed here; the same expressions run on DuckDB and on Spark. What a single process counts in memory (what is bought
together, what sells now, who likes what) can be counted by the engine too, with the same result.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import ibis

if TYPE_CHECKING:
    import ibis.expr.types as ir


def purchases(lines: ir.Table, as_of: date | None = None) -> ir.Table:
    """One row an order and product: customer_key (null for a guest), order_key, product_key, ordered_on.

    Only lines that were sold count: of valid orders, with a product and a quantity above zero; up to ``as_of`` inclusive.
    """
    sold = _sold(lines, as_of)
    return sold.group_by("order_key", "product_key").aggregate(
        customer_key=sold.customer_key.max(), ordered_on=sold.ordered_on.min()
    )


def goods(lines: ir.Table, products: ir.Table, as_of: date | None = None) -> ir.Table:
    """One row a product that was sold: product_key, product_id, title, category, cost, price.

    ``price`` is what a unit was sold for on average after discounts, tax included (float64, null where unknown).
    """
    sold = _sold(lines, as_of)
    totals = sold.group_by(sold_key=sold.product_key).aggregate(
        # Decimals add up to the same whatever comes first, on every engine.
        units=sold.quantity.sum().cast("float64"),
        paid=(sold.gross - sold.discount).sum().cast("float64"),
    )
    named = totals.left_join(products, totals.sold_key == products.product_key)
    return named.select(
        product_key=named.sold_key,
        product_id=named.product_id,
        title=named.title,
        category=named.category,
        cost=named.cost.cast("float64"),
        price=named.paid / named.units.nullif(0),
    )


def customers(identities: ir.Table) -> ir.Table:
    """Which shop id each customer key stands for: customer_key, customer_id."""
    return identities.select("customer_key", "customer_id")


def countries(orders: ir.Table, as_of: date | None = None) -> ir.Table:
    """Which country each order went to, as the shop writes it: order_key, country; only where the shop says it."""
    told = orders.filter(orders.valid & (orders.kind == "order") & orders.country.notnull())
    told = told if as_of is None else told.filter(told.ordered_on <= ibis.literal(as_of))
    return told.select("order_key", "country")


def together(sold: ir.Table, *, most: int, top: int) -> ir.Table:
    """One row a product and another one in the same order: product_key, other_key, orders, place.

    ``sold`` is :func:`purchases`. Orders of more than ``most`` products are left out, as they say nothing of what goes with what.
    Of each product the ``top`` others with most orders stay, place 1 first; equal ones by the lower key. The sparse product of a
    single process, for shops that do not fit in one.
    """
    size = sold.group_by("order_key").aggregate(products=ibis._.count())
    one = sold.semi_join(size.filter(size.products <= most), "order_key").select("order_key", "product_key")
    other = one.select("order_key", other_key=one.product_key)
    pair = one.join(other, "order_key").filter(ibis._.product_key != ibis._.other_key)
    counted = pair.group_by("product_key", "other_key").aggregate(orders=ibis._.count())
    best = ibis.window(group_by="product_key", order_by=[counted.orders.desc(), counted.other_key])
    placed = counted.mutate(place=ibis.row_number().over(best).cast("int64") + 1)
    return placed.filter(placed.place <= top)


def buyers(sold: ir.Table, since: date) -> ir.Table:
    """One row a product: product_key, how many customers ever bought it (ever) and how many on ``since`` or later (recent)."""
    known = sold.filter(sold.customer_key.notnull())
    recent = known.ordered_on >= ibis.literal(since)
    return known.group_by("product_key").aggregate(
        ever=known.customer_key.nunique(), recent=known.customer_key.nunique(where=recent)
    )


def profiles(sold: ir.Table, *, decay: float, steps: int = 200) -> ir.Table:
    """One row a customer and product: customer_key, product_key, weight.

    The customer's latest day weighs one, each day of buying before it ``decay`` of the next; what lies ``steps`` back is nothing.
    """
    known = (
        sold.filter(sold.customer_key.notnull())
        .select("customer_key", "product_key", "ordered_on")
        .distinct()
    )
    visits = known.select("customer_key", "ordered_on").distinct()
    latest = ibis.window(group_by="customer_key", order_by=visits.ordered_on.desc())
    counted = visits.mutate(ago=ibis.row_number().over(latest))
    near = counted.filter(counted.ago < steps)
    weighed = near.mutate(each=ibis.literal(decay) ** near.ago)
    found = known.join(weighed, ["customer_key", "ordered_on"])
    return found.group_by("customer_key", "product_key").aggregate(weight=ibis._.each.sum())


def _sold(lines: ir.Table, as_of: date | None) -> ir.Table:
    sold = lines.filter(
        lines.valid & (lines.kind == "order") & (lines.quantity > 0) & lines.product_key.notnull()
    )
    return sold if as_of is None else sold.filter(sold.ordered_on <= ibis.literal(as_of))
