"""What the engine must count about products: Ibis expressions over the order lines, never executed here."""

from __future__ import annotations

from datetime import date

import ibis
import ibis.expr.types as ir


def facts(lines: ir.Table, as_of: date) -> ir.Table:
    """Lines of valid orders and credit notes until the end of ``as_of`` whose product is known."""
    return lines.filter(lines.valid & (lines.ordered_on <= as_of) & lines.product_key.notnull())


def by_product(facts: ir.Table, products: ir.Table) -> ir.Table:
    """One row a product: ``lines`` sold, ``units``, money, and what its units cost where that is known."""
    sold = facts.kind == "order"
    totals = facts.group_by("product_key").aggregate(
        lines=facts.count(where=sold),
        units=facts.quantity.sum(where=sold),
        gross=facts.gross.sum(),
        discount=facts.discount.sum(),
        refunded=facts.refunded.sum(),
        net=facts.net.sum(),
    )
    named = products.select("product_key", "product_id", "title", "category", "cost")
    return totals.left_join(named, "product_key").select(
        "product_key", "product_id", "title", "category", "cost", *MEASURES
    )


MEASURES = ("lines", "units", "gross", "discount", "refunded", "net")


def top(by_product: ir.Table, number: int, *, by: str = "net") -> ir.Table:
    """Return the first products by a measure; ties are broken by the product's key, the same on every engine."""
    return by_product.order_by(by_product[by].desc(), by_product.product_key.asc()).limit(number)


def by_category(by_product: ir.Table) -> ir.Table:
    """Sum the products' measures by category; a null category is one of them."""
    return by_product.group_by("category").aggregate(
        products=by_product.count(),
        lines=by_product.lines.sum().cast("int64"),
        **{name: by_product[name].sum() for name in MEASURES[1:]},
    )


def costs(by_product: ir.Table) -> ir.Table:
    """One row: ``net`` revenue and ``cost`` of the products whose cost is known, and the ``net`` of all (``total``)."""
    known = by_product.cost.notnull()
    spent = by_product.units.cast("decimal(18, 4)") * by_product.cost.cast("decimal(18, 4)")
    return by_product.aggregate(
        net=by_product.net.sum(where=known),
        cost=spent.sum(where=known),
        total=by_product.net.sum(),
        lines=by_product.lines.sum().cast("int64"),
    )


def first_lines(facts: ir.Table, buyers: ir.Table, products: ir.Table) -> ir.Table:
    """Lines of first orders: ``order_key``, ``product_key``, ``category``, and the customer's ``orders`` and ``net``."""
    bought = facts.filter(facts.kind == "order").select("order_key", "product_key")
    firsts = buyers.select("first_order_key", "orders", "net")
    joined = bought.inner_join(firsts, bought.order_key == firsts.first_order_key)
    named = joined.left_join(products.select("product_key", "category"), "product_key")
    return named.select("order_key", "product_key", "category", "orders", "net")


def first_baskets(first_lines: ir.Table, by: str) -> ir.Table:
    """Customers by what their first order contained (``group``: a ``product_key`` or a ``category``).

    A customer counts once for each product or category in the basket, so groups overlap.
    """
    once = first_lines.select("order_key", "orders", "net", group=first_lines[by]).distinct()
    return once.group_by("group").aggregate(
        customers=once.count(), repeated=once.count(where=once.orders > 1), net=once.net.sum()
    )


def first_products(first_baskets: ir.Table, products: ir.Table, number: int) -> ir.Table:
    """Name the products of the most frequent first baskets."""
    top = first_baskets.order_by(first_baskets.customers.desc(), first_baskets.group.asc()).limit(number)
    return top.left_join(products, top.group == products.product_key).select(
        "product_id", "title", "category", "customers", "repeated", "net"
    )


def baskets(facts: ir.Table, items: ir.Table, item: str, start: date, every: int) -> ir.Table:
    """Distinct (``order_key``, ``item``) of orders since ``start``, for the items of a table with that column.

    ``items`` maps ``product_key`` to ``item``; ``every`` keeps one order key in so many, to bound what comes back.
    """
    bought = _sample(facts, start, every)
    placed = bought.inner_join(items.select("product_key", item=items[item]), "product_key")
    return placed.filter(placed.item.notnull()).select("order_key", "item").distinct()


def basket_count(facts: ir.Table, start: date, every: int) -> ir.Table:
    """One row: the orders with a product since ``start`` (``baskets``) in the same sample."""
    bought = _sample(facts, start, every)
    return bought.aggregate(baskets=bought.order_key.nunique())


def recent_lines(facts: ir.Table, start: date) -> ir.Table:
    """One row: how many ``lines`` the baskets since ``start`` have."""
    return _sample(facts, start, 1).aggregate(lines=ibis._.count())


def _sample(facts: ir.Table, start: date, every: int) -> ir.Table:
    bought = facts.filter((facts.kind == "order") & (facts.ordered_on >= start))
    return bought if every == 1 else bought.filter(bought.order_key % every == 0)


def repurchase(facts: ir.Table, chosen: ir.Table) -> ir.Table:
    """``buyers`` of each chosen product, and how many of them bought it in a second order (``again``)."""
    bought = facts.filter((facts.kind == "order") & facts.customer_key.notnull())
    each = (
        bought.semi_join(chosen, "product_key")
        .group_by("product_key", "customer_key")
        .aggregate(orders=lambda t: t.order_key.nunique())
    )
    return each.group_by("product_key").aggregate(
        buyers=each.count(), again=each.count(where=each.orders > 1)
    )
