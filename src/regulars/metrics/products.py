"""Which products and categories sell, and which of them bring customers who come back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from regulars.kit.i18n import mark
from regulars.kit.unknown import Unknown
from regulars.lake import Capabilities
from regulars.metrics.figures import Column, Table
from regulars.metrics.period import Period, per, share
from regulars.metrics.shapes import table

NO_PRODUCTS = Unknown.because("no_products", mark("The file does not say what was bought."))
NO_CATEGORIES = Unknown.because(
    "no_categories", mark("The file does not say which category a product is in.")
)
TOP_PRODUCTS = 50

PRODUCT = (
    Column("product_id", mark("Product number"), "text"),
    Column("title", mark("Product"), "text"),
    Column("category", mark("Category"), "text"),
)
SALES = (
    Column("units", mark("Units"), "quantity"),
    Column("gross", mark("Gross revenue"), "money"),
    Column("discount", mark("Discounts"), "money"),
    Column("refunded", mark("Refunds"), "money"),
    Column("net", mark("Net revenue"), "money"),
)
FIRST = (
    Column("customers", mark("Customers"), "count"),
    Column("repeat_share", mark("With a second order"), "share"),
    Column("net", mark("Net revenue to date"), "money"),
    Column("net_per_customer", mark("Net revenue per customer"), "money"),
)


def top_products(best: list[dict[str, Any]], again: list[dict[str, Any]], period: Period) -> Table:
    """Return the products with the most net revenue, with their buyers and who of them bought it again."""
    buyers = {row["product_key"]: row for row in again}
    rows = []
    for product in sorted(best, key=lambda row: (-row["net"], row["product_key"])):
        found = buyers.get(product["product_key"], {"buyers": 0, "again": 0})
        rows.append(
            {
                **product,
                "buyers": found["buyers"],
                "again_share": share(found["again"], found["buyers"]) if found["buyers"] else None,
            }
        )
    return table(
        "top_products",
        mark("Products"),
        mark(
            "The {number} products with the highest net revenue of their order lines; buyers are distinct known "
            "customers, and again are those of them with at least two orders of the product."
        ),
        (
            *PRODUCT,
            *SALES,
            Column("buyers", mark("Buyers"), "count"),
            Column("again_share", mark("Bought again"), "share"),
        ),
        rows,
        period.overall,
        empty=NO_PRODUCTS,
        values=(("number", TOP_PRODUCTS),),
    )


def categories(rows: list[dict[str, Any]], told: Capabilities, period: Period) -> Table:
    """Return one row a category, most net revenue first; the products without one are in the row without a name."""
    return table(
        "categories",
        mark("Categories"),
        mark("Units and money of the order lines whose product is in the category."),
        (
            Column("category", mark("Category"), "text"),
            Column("products", mark("Number of products"), "count"),
            *SALES,
        ),
        sorted(rows, key=lambda row: (-row["net"], row["category"] or "")) if told.categories else (),
        period.overall,
        empty=NO_CATEGORIES if told.products else NO_PRODUCTS,
    )


def first_baskets(
    by_product: list[dict[str, Any]], by_category: list[dict[str, Any]], told: Capabilities, period: Period
) -> Iterator[Table]:
    """Yield customers by product and by category of their first order."""
    yield table(
        "first_products",
        mark("Product of the first order"),
        mark(
            "Customers whose first order contained the product, and everything they have brought since; the {number} "
            "most frequent products. A customer counts for each product of the first order."
        ),
        (*PRODUCT, *FIRST),
        _frequent(by_product, "product_id"),
        period.overall,
        empty=NO_PRODUCTS,
        values=(("number", TOP_PRODUCTS),),
    )
    yield table(
        "first_categories",
        mark("Category of the first order"),
        mark(
            "Customers whose first order contained the category, and everything they have brought since. A customer "
            "counts for each category of the first order."
        ),
        (PRODUCT[2], *FIRST),
        _frequent([{**row, "category": row["group"]} for row in by_category], "category"),
        period.overall,
        empty=NO_CATEGORIES if told.products else NO_PRODUCTS,
    )


def _frequent(rows: list[dict[str, Any]], name: str) -> list[dict[str, Any]]:
    return [
        {
            **row,
            "repeat_share": share(row["repeated"], row["customers"]),
            "net_per_customer": per(row["net"], row["customers"]),
        }
        for row in sorted(rows, key=lambda row: (-row["customers"], row[name] or ""))
    ]
