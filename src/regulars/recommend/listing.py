"""Lays the shop's own catalogue over what orders say of products: what nobody bought yet gets a place among them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from regulars.recommend.catalogue import Catalogue
from regulars.recommend.goods import which

OVERLAID = ("title", "category", "price", "cost")
"""What both may say; the catalogue, which is of today, has the last word."""


def united(sold: pa.Table, listed: pa.Table | None) -> pa.Table:
    """Return one row a product, sorted by its id (``shown``); ``product_key`` is null where nobody bought it.

    Lines that are no goods, such as postage, are left out. ``sold`` has product_key, product_id, title, category, cost and price,
    ``listed`` the columns of :data:`regulars.sources.products.SCHEMA`.
    """
    rows = sold.to_pylist()
    for row in rows:
        row["shown"] = row["product_id"] if row["product_id"] is not None else str(row["product_key"])
    have = {row["shown"]: row for row in rows}
    for told in [] if listed is None else listed.to_pylist():
        row = have.get(told["product_id"])
        if row is None:
            row = {"shown": told["product_id"], "product_key": None}
            rows.append(row)
        row |= {name: told[name] for name in OVERLAID if told[name] is not None}
        row |= {"listed": True} | {name: told[name] for name in ("brand", "available", "attributes")}
    keep = which([row["shown"] for row in rows], [row.get("title") for row in rows])
    kept = sorted((row for row, goods in zip(rows, keep, strict=True) if goods), key=lambda row: row["shown"])
    return pa.Table.from_pylist(kept, schema=_SCHEMA)


_SCHEMA = pa.schema(
    [
        ("product_key", pa.int64()),
        ("shown", pa.string()),
        ("title", pa.string()),
        ("category", pa.string()),
        ("price", pa.float64()),
        ("cost", pa.float64()),
        ("listed", pa.bool_()),
        ("brand", pa.string()),
        ("available", pa.bool_()),
        ("attributes", pa.list_(pa.string())),
    ]
)


def catalogue(products: pa.Table, *, given: bool) -> Catalogue:
    """Return united products as a catalogue; ``given`` says whether the shop gave one of its own."""
    column: dict[str, list[Any]] = {name: products[name].to_pylist() for name in products.column_names}
    return Catalogue(
        tuple(column["shown"]),
        tuple(column["title"]),
        tuple(column["category"]),
        _numbers(column["price"]),
        _numbers(column["cost"]),
        tuple(column["brand"]) if any(column["brand"]) else (),
        _stock(column) if given else None,
        np.array([bool(told) for told in column["listed"]], bool) if given else None,
        tuple(tuple(told or ()) for told in column["attributes"]) if any(column["attributes"]) else (),
    )


def _stock(column: dict[str, list[Any]]) -> NDArray[np.bool_] | None:
    """Return what can be bought; where the shop says it of its products, one that it does not even name cannot."""
    if all(told is None for told in column["available"]):
        return None
    pairs = zip(column["listed"], column["available"], strict=True)
    return np.array([bool(listed) and told is not False for listed, told in pairs], bool)


def _numbers(cells: list[float | None]) -> NDArray[np.float64]:
    return np.array([np.nan if cell is None else cell for cell in cells], float)
