"""What the shop's catalogue says of its products, as the recommender reads it: brands, prices, what can be bought, what nobody bought yet."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from regulars.kit import currencies
from regulars.sources.products import SCHEMA, attributes
from regulars.store.models import Product
from regulars.store.state import recall

_FIELDS = ("product_id", "title", "category", "brand", "price_minor", "cost_minor", "available", "attributes", "listed")  # fmt: skip


def offered() -> pa.Table | None:
    """Return every product with what is known of it; None where no catalogue names any.

    What only orders tell of is among them with nothing said of its stock: a catalogue that names some products does not mean that
    all others are gone.
    """
    if not Product.objects.filter(listed=True).exists():
        return None
    unit = 10 ** currencies.digits(recall("currency", ""))
    rows = Product.objects.order_by("product_id").values_list(*_FIELDS).iterator(chunk_size=5000)
    parts = [_row(dict(zip(_FIELDS, row, strict=True)), unit) for row in rows]
    return pa.Table.from_pylist(parts, schema=SCHEMA)


def _row(told: dict[str, Any], unit: int) -> dict[str, object]:
    found: dict[str, object] = {
        name: told[name] or None for name in ("product_id", "title", "category", "brand")
    }
    for name in ("price", "cost"):
        minor = told[f"{name}_minor"]
        found[name] = minor / unit if isinstance(minor, int) else None
    found["available"] = told["available"] if told["listed"] else None
    found["attributes"] = attributes(told["attributes"] or None)
    return found
