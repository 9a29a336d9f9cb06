"""DuckDB in this process: bounded memory, spilling to a folder, one connection."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ibis
import pyarrow.parquet as pq

from regulars.kit.i18n import mark
from regulars.kit.progress import stage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import duckdb
    import ibis.expr.types as ir
    import pyarrow as pa


BATCH_ROWS = 1 << 16
"""Rows at a time when a result is streamed."""


class DuckDB:
    """An Ibis backend on an in-memory DuckDB that spills to ``spill``."""

    name = "duckdb"

    def __init__(self, spill: Path, *, memory_limit: str, threads: int | None = None) -> None:
        settings: dict[str, Any] = {
            "memory_limit": memory_limit,
            "temp_directory": str(spill),
        }
        if threads:
            settings["threads"] = threads
        self.backend = ibis.duckdb.connect(**settings)
        self.connection.execute("SET TimeZone = 'UTC'; SET preserve_insertion_order = false")
        self.connection.execute("SET enable_progress_bar = true; SET enable_progress_bar_print = false")
        # Nothing a shop's file contains may make the engine fetch or load code.
        self.connection.execute(
            "SET autoinstall_known_extensions = false; SET autoload_known_extensions = false"
        )

    @property
    def connection(self) -> duckdb.DuckDBPyConnection:
        """The raw connection; sources use it to take files in, frames never do."""
        return self.backend.con

    def read(self, path: Path | Sequence[Path]) -> ir.Table:
        """Return a Parquet file, a folder of them, or one file or more by their paths, as a table."""
        if not isinstance(path, Path):
            return self.backend.read_parquet([str(each) for each in path], hive_partitioning=False)
        return self.backend.read_parquet(str(path / "*.parquet") if path.is_dir() else str(path))

    def arrow(self, table: ir.Table, *, title: str = "") -> pa.Table:
        """Execute and return everything as Arrow."""
        with stage(title or mark("Computing"), share=self._share):
            return table.to_pyarrow()

    def save(self, table: ir.Table, path: Path, *, title: str = "") -> ir.Table:
        """Execute into one Parquet file and return the table that reads it."""
        with stage(title or mark("Writing {name}"), name=path.stem, share=self._share):
            table.to_parquet(str(path), compression="zstd")
        return self.read(path)

    def map_batches(
        self,
        table: ir.Table,
        function: Callable[[Iterator[pa.RecordBatch]], Iterator[pa.RecordBatch]],
        schema: pa.Schema,
        path: Path,
        *,
        title: str = "",
    ) -> ir.Table:
        """Stream the result through ``function`` in this process into one Parquet file; memory holds some batches."""
        with (
            stage(title or mark("Writing {name}"), name=path.stem),
            pq.ParquetWriter(path, schema, compression="zstd") as file,
            table.to_pyarrow_batches(chunk_size=BATCH_ROWS) as reader,
        ):
            for batch in function(iter(reader)):
                file.write_batch(batch)
        return self.read(path)

    def close(self) -> None:
        """Disconnect; the spill folder goes with the workspace."""
        with suppress(Exception):
            self.backend.disconnect()

    def _share(self) -> float | None:
        try:
            percent = float(self.connection.query_progress())
        except Exception:  # a closed or busy connection has no progress to tell
            return None
        return percent / 100 if percent > 0 else None
