"""Write record batches of a driver to one Parquet file, its columns named by their places."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa

BATCH_ROWS = 50_000


def write_batches(
    names: Sequence[str], types: Sequence[pa.DataType], batches: Iterable[pa.RecordBatch], target: Path
) -> int:
    """Write batches and return the number of rows. The real names are kept in the file's own notes.

    Extension types are written as what they are stored as; a ``numeric`` that arrives as text is noted, so that it
    becomes a decimal again.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    stored = [_storage(each) for each in types]
    decimals = [
        f"c{i}" for i, each in enumerate(types) if "numeric" in str(each).lower() and stored[i] == pa.string()
    ]
    notes = {b"names": "\x1f".join(names).encode(), b"decimals": " ".join(decimals).encode()}
    schema = pa.schema([(f"c{i}", each) for i, each in enumerate(stored)], metadata=notes)
    rows = 0
    with pq.ParquetWriter(target, schema, compression="lz4") as writer:
        for batch in batches:
            arrays = [_plain(batch.column(i)).cast(each) for i, each in enumerate(stored)]
            writer.write_table(pa.table(arrays, schema=schema))
            rows += batch.num_rows
    return rows


def _storage(type_: pa.DataType) -> pa.DataType:
    import pyarrow as pa

    if isinstance(type_, pa.BaseExtensionType):
        return type_.storage_type
    return pa.string() if pa.types.is_null(type_) else type_


def _plain(array: pa.Array) -> pa.Array:
    import pyarrow as pa

    return array.storage if isinstance(array, pa.ExtensionArray) else array
