"""What the recommender reads, as expressions: who bought what when, in which order, and what the shop sells.

Nothing is executed here; the same expressions run on DuckDB and on Spark.
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
        units=sold.quantity.cast("float64").sum(),
        paid=(sold.gross - sold.discount).cast("float64").sum(),
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


def _sold(lines: ir.Table, as_of: date | None) -> ir.Table:
    sold = lines.filter(
        lines.valid & (lines.kind == "order") & (lines.quantity > 0) & lines.product_key.notnull()
    )
    return sold if as_of is None else sold.filter(sold.ordered_on <= ibis.literal(as_of))
