"""Products as they are shown."""

from __future__ import annotations

from regulars.store.models import Product


def listed(after: int, limit: int) -> list[Product]:
    """Return products in the order of their keys, from after a key on."""
    return list(Product.objects.filter(id__gt=after).order_by("id")[:limit])


def by_id(product_id: str) -> Product | None:
    """Return the product with the shop's own id, None where there is none."""
    return Product.objects.filter(product_id=product_id).first()
