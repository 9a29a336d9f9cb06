"""Finding a product by its code or by a part of its name."""

from __future__ import annotations

from collections.abc import Iterable

from regulars.store.models import Product

MOST = 8
LONGEST = 200


def exactly(told: str) -> Product | None:
    """Return the product with this very code, else the only one with this very name; None where it is none, or several."""
    text = _clean(told)
    found = Product.objects.filter(product_id=text).first() if text else None
    if found is not None or not text:
        return found
    named = list(Product.objects.filter(title=text)[:2])
    return named[0] if len(named) == 1 else None


def found(told: str) -> list[Product]:
    """Return at most :data:`MOST` products whose code begins like this or whose name holds it, by name."""
    text = _clean(told)
    if not text:
        return []
    named = Product.objects.filter(title__icontains=text) | Product.objects.filter(
        product_id__istartswith=text
    )
    return list(named.order_by("title", "id")[:MOST])


def known(product_ids: Iterable[str]) -> dict[str, Product]:
    """Return products by the shop's own ids."""
    return {each.product_id: each for each in Product.objects.filter(product_id__in=set(product_ids))}


def labels(field: str, most: int = 500) -> list[str]:
    """Return the categories or the brands there are, in alphabetical order."""
    told = Product.objects.exclude(**{field: ""}).order_by(field).values_list(field, flat=True).distinct()
    return list(told[:most])


def _clean(told: str) -> str:
    text = told.strip()[:LONGEST]
    return text if text.isprintable() else ""
