"""One product at a time: what a catalogue says of it, or what an order says of one that no catalogue lists."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from regulars.store import database
from regulars.store.models import Product


class Sold(NamedTuple):
    """A product as an order names it."""

    product_id: str
    title: str = ""
    category: str = ""


def sold(goods: Iterable[Sold], now: datetime) -> dict[str, int]:
    """Return the key of each product that an order names, made where it is new; call inside the order's transaction.

    Title and category of a product that no catalogue lists follow the order where it says something.
    """
    wanted = {each.product_id: each for each in goods}
    with database.writing("products"):
        known = {
            product.product_id: product for product in Product.objects.filter(product_id__in=list(wanted))
        }
        _follow(known, wanted, now)
        fresh = [each for name, each in wanted.items() if name not in known]
        keys = database.numbers("product", len(fresh)) if fresh else range(0)
        made = [
            Product(
                id=key, product_id=each.product_id, title=each.title, category=each.category, updated_at=now
            )
            for key, each in zip(keys, fresh, strict=True)
        ]
        Product.objects.bulk_create(made)
    return {product.product_id: product.id for product in (*known.values(), *made)}


def _follow(known: dict[str, Product], wanted: dict[str, Sold], now: datetime) -> None:
    for name, product in known.items():
        told = wanted[name]
        title, category = told.title or product.title, told.category or product.category
        if not product.listed and (title, category) != (product.title, product.category):
            Product.objects.filter(id=product.id).update(title=title, category=category, updated_at=now)


class Listed(NamedTuple):
    """What became of a product."""

    product: Product
    state: str
    """``added``, ``changed`` or ``unchanged``."""


def listed(told: Sequence[dict[str, Any]], now: datetime) -> list[Listed]:
    """Take in products as a catalogue tells them: fields of the record, each with a ``product_id`` of its own."""
    with database.writing("products"):
        names = [row["product_id"] for row in told]
        known = {product.product_id: product for product in Product.objects.filter(product_id__in=names)}
        fresh = [row for row in told if row["product_id"] not in known]
        keys = iter(database.numbers("product", len(fresh)) if fresh else range(0))
        found = []
        for row in told:
            product = known.get(row["product_id"])
            fields = row | {"listed": True}
            if product is None:
                found.append(Listed(Product(id=next(keys), updated_at=now, **fields), "added"))
            elif all(getattr(product, name) == value for name, value in fields.items()):
                found.append(Listed(product, "unchanged"))
            else:
                for name, value in fields.items():
                    setattr(product, name, value)
                product.updated_at = now
                found.append(Listed(product, "changed"))
        Product.objects.bulk_create([each.product for each in found if each.state == "added"])
        changed = [each.product for each in found if each.state == "changed"]
        if changed:
            names = [field.name for field in Product._meta.fields if field.name not in ("id", "product_id")]
            Product.objects.bulk_update(changed, names, batch_size=200)
    return found
