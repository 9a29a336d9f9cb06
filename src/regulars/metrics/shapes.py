"""Tables are written as records and become Arrow by the units of their columns, in one place."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pyarrow as pa

from regulars.kit.unknown import Unknown
from regulars.metrics.figures import Column, Table, Window

TYPES: dict[str, pa.DataType] = {
    "money": pa.decimal128(38, 4),
    "quantity": pa.decimal128(38, 4),
    "share": pa.float64(),
    "ratio": pa.float64(),
    "count": pa.int64(),
    "orders": pa.int64(),
    "days": pa.int64(),
    "weekday": pa.int64(),
    "hour": pa.int64(),
    "month": pa.date32(),
    "flag": pa.bool_(),
    "text": pa.string(),
}


def table(
    name: str,
    title: str,
    definition: str,
    columns: tuple[Column, ...],
    records: Iterable[Mapping[str, Any]],
    window: Window,
    *,
    empty: Unknown,
    values: tuple[tuple[str, object], ...] = (),
) -> Table:
    """Build a table from records that have (at least) the columns' names; without records it is ``empty``."""
    schema = pa.schema([(column.name, TYPES[column.unit]) for column in columns])
    rows = [{column.name: record[column.name] for column in columns} for record in records]
    found = pa.Table.from_pylist(rows, schema) if rows else empty
    return Table(name, title, definition, columns, found, window, values=values)
