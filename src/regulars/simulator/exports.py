"""The same shop as plain CSV files, the way a merchant's export arrives."""

from __future__ import annotations

import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.csv
import pyarrow.dataset
import pyarrow.parquet as pq


def to_csv(folder: Path) -> None:
    """Turn a simulated folder's merchant tables into ``orders.csv``, ``products.csv`` and ``costs.csv``."""
    _one_csv(sorted((folder / "order_lines").glob("*.parquet")), folder / "orders.csv")
    shutil.rmtree(folder / "order_lines")
    for name in ("products", "costs"):
        _one_csv([folder / f"{name}.parquet"], folder / f"{name}.csv")
        (folder / f"{name}.parquet").unlink()


def _one_csv(parts: list[Path], path: Path) -> None:
    """Stream Parquet parts into one CSV; moments to the second, as shops write them."""
    schema = _plain(pq.read_schema(parts[0]))
    with pyarrow.csv.CSVWriter(path, schema) as writer:
        for part in parts:
            for batch in pq.ParquetFile(part).iter_batches():
                columns = [
                    _cast(column, field.type) for column, field in zip(batch.columns, schema, strict=True)
                ]
                writer.write_batch(pa.record_batch(columns, schema=schema))


def _plain(schema: pa.Schema) -> pa.Schema:
    fields = []
    for field in schema:
        kind = field.type.value_type if pa.types.is_dictionary(field.type) else field.type
        fields.append(field.with_type(pa.timestamp("s", tz="UTC") if pa.types.is_timestamp(kind) else kind))
    return pa.schema(fields)


def _cast(column: pa.Array, kind: pa.DataType) -> pa.Array:
    return column if column.type == kind else column.cast(kind)
