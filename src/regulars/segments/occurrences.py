"""What customers did, laid out as rules ask for it: orders, order lines and events, the same columns for every engine.

``orders`` (valid orders, no credit notes): customer_key, at (UTC), on (date), net, gross, discount, refunded and units (decimal(18,4)), channel,
country, coupon. ``lines``: customer_key, on, net, gross, discount, refunded, quantity, product (the shop's own id), category. ``events``:
customer_key, at, type, product, category, value (decimal(18,4)). All but customer_key, at, on and type may be null.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis

if TYPE_CHECKING:
    import ibis.expr.types as ir

_MONEY = ("net", "gross", "discount", "refunded")
_LARGEST = 10.0**13


def of_orders(orders: ir.Table) -> ir.Table:
    """Return the orders of a shop's canonical facts."""
    kept = _bought(orders)
    return kept.select(
        "customer_key",
        *_MONEY,
        "units",
        "channel",
        "country",
        at=kept.ordered_at,
        on=kept.ordered_on,
        coupon=kept.coupon_code,
    )


def of_lines(lines: ir.Table, products: ir.Table) -> ir.Table:
    """Return the order lines with what their products are called."""
    kept, named = _bought(lines), _named(products)
    joined = kept.left_join(named, kept.product_key == named.named_key)
    return joined.select(
        "customer_key",
        *_MONEY,
        "quantity",
        "category",
        on=joined.ordered_on,
        product=joined.named_id,
    )


def of_events(events: ir.Table, products: ir.Table) -> ir.Table:
    """Return the events of known customers; the category is the one that the product has now."""
    known = events.filter(events.customer_key.notnull())
    named = _named(products).select("named_id", "category")
    joined = known.left_join(named, known.product_id == named.named_id)
    sound = joined.value.abs() < _LARGEST
    return joined.select(
        "customer_key",
        "type",
        "category",
        at=joined.occurred_at,
        product=joined.product_id,
        # What overflows, or is no number, is unknown.
        value=ibis.cases((sound, joined.value)).cast("decimal(18, 4)"),
    )


def first_channels(rows: ir.Table) -> ir.Table:
    """Return ``customer_key`` and ``first_channel``, that of the first order of :func:`of_orders`; of several at once the least."""
    order = ibis.window(group_by=rows.customer_key, order_by=[rows.at, rows.channel])
    numbered = rows.mutate(place=ibis.row_number().over(order))
    first = numbered.filter(numbered.place == 0)
    return first.select("customer_key", first_channel=first.channel)


def _bought(rows: ir.Table) -> ir.Table:
    return rows.filter(rows.valid & (rows.kind == "order") & rows.customer_key.notnull())


def _named(products: ir.Table) -> ir.Table:
    return products.select(
        named_key=products.product_key, named_id=products.product_id, category=products.category
    )
