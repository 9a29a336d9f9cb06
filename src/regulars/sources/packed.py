"""Exports that pack each order line into one cell (``name:…|sku:…|quantity:…|total:…``) are spread into lines."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from regulars.sources.quoting import column, text
from regulars.sources.recognise import Recognised

if TYPE_CHECKING:
    import duckdb

    from regulars.sources.raw import Raw

RELATION = "regulars_unpacked"
ITEM_NUMBER = "__item"
ITEM = {
    "title": ("item name", "name"),
    "product_id": ("item sku", "sku"),
    "quantity": ("item quantity", "quantity"),
    "amount": ("item sub_total", "sub_total"),
}


def unpacked(connection: duckdb.DuckDBPyConnection, raw: Raw, found: Recognised) -> tuple[Raw, Recognised]:
    """Return the source with one row an order line; orders without any line keep one row."""
    cells = ", ".join(f"CAST({column(name)} AS VARCHAR)" for name in found.packed)
    kept = [name for name in raw.columns if name not in found.packed]
    shown = ", ".join(column(name) for name in kept)
    fields = ", ".join(
        f"{_field('sku', 'product_id', 'name') if name == 'product_id' else _field(key)} AS {column(title)}"
        for name, (title, key) in ITEM.items()
        if name != "amount"
    )
    before, after = _field("sub_total", "total"), _field("total", "sub_total")
    connection.execute(
        f"""CREATE OR REPLACE TEMP VIEW {RELATION} AS
            SELECT * EXCLUDE (item), {fields}, {before} AS "item sub_total",
                greatest(coalesce(TRY_CAST({before} AS DOUBLE) - TRY_CAST({after} AS DOUBLE), 0), 0) AS "item discount"
            FROM (SELECT {shown}, {raw.file_column}, {raw.row_column},
                    generate_subscripts(items, 1) AS {ITEM_NUMBER}, unnest(items) AS item
                FROM (SELECT *, CASE WHEN len(filled) = 0 THEN [''] ELSE filled END AS items
                    FROM (SELECT *, list_filter([{cells}], lambda x: trim(coalesce(x, '')) <> '') AS filled
                        FROM {raw.relation})))"""
    )
    types = {name: raw.types[name] for name in kept}
    types |= dict.fromkeys((title for title, _ in ITEM.values()), "VARCHAR")
    types["item discount"] = "DOUBLE"
    columns = {
        **found.columns,
        **{name: title for name, (title, _) in ITEM.items()},
        "discount": "item discount",
    }
    return (
        replace(raw, relation=RELATION, columns=tuple(types), types=types),
        replace(found, columns=columns),
    )


def _field(*keys: str) -> str:
    """SQL: the first filled field of a packed line."""
    patterns = [text(rf"(?:^|[|])\s*{key}:([^|]*)") for key in keys]
    found = ", ".join(f"nullif(regexp_extract(item, {pattern}, 1), '')" for pattern in patterns)
    return f"coalesce({found})"
