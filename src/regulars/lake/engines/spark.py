"""Spark through Ibis: the same frames over the same Parquet files, local or on a cluster."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import ibis
import pyspark
from pyspark.sql import SparkSession
from pyspark.sql.pandas.types import from_arrow_schema

from regulars.kit.i18n import mark
from regulars.kit.progress import stage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import ibis.expr.types as ir
    import pyarrow as pa

assert pyspark.__version__


class Spark:
    """An Ibis backend on a Spark session that this object opens and closes."""

    name = "spark"

    def __init__(self, master: str, scratch: Path) -> None:
        os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
        self._session = (
            SparkSession.builder.master(master)
            .appName("regulars")
            .config("spark.ui.enabled", "false")
            .config("spark.sql.session.timeZone", "UTC")
            .config("spark.sql.warehouse.dir", str(scratch / "warehouse"))
            .config("spark.local.dir", str(scratch / "spark"))
            .config("spark.sql.ansi.enabled", "true")
            .config("spark.sql.shuffle.partitions", str(max(2, os.cpu_count() or 2)))
            .config("spark.driver.bindAddress", "127.0.0.1")
            .config("spark.driver.host", "127.0.0.1" if master.startswith("local") else "0.0.0.0")  # noqa: S104 - the cluster must reach the driver
            .config("spark.sql.execution.arrow.pyspark.enabled", "true")
            .getOrCreate()
        )
        self._session.sparkContext.setLogLevel("ERROR")
        self.backend = ibis.pyspark.connect(self._session)

    def read(self, path: Path | Sequence[Path]) -> ir.Table:
        """Return a Parquet file, a folder of them, or one file or more by their paths, as a table."""
        if not isinstance(path, Path):
            rows = self._session.read.parquet(*(str(each) for each in path))
            rows.createOrReplaceTempView(name := f"regulars_{uuid4().hex}")
            return self.backend.table(name)
        return self.backend.read_parquet(str(path))

    def arrow(self, table: ir.Table, *, title: str = "") -> pa.Table:
        """Execute and return everything as Arrow."""
        with stage(title or mark("Computing on Spark")):
            return table.to_pyarrow()

    def save(self, table: ir.Table, path: Path, *, title: str = "") -> ir.Table:
        """Execute into a folder of Parquet files and return the table that reads it."""
        with stage(title or mark("Writing {name} on Spark"), name=path.stem):
            self.backend.compile(table)
            self._session.sql(self.backend.compile(table)).write.mode("overwrite").parquet(str(path))
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
        """Send the result through ``function`` where its partitions lie, into a folder of Parquet files.

        Spark's Python workers need Regulars installed.
        """
        with stage(title or mark("Writing {name} on Spark"), name=path.stem):
            rows = self._session.sql(self.backend.compile(table))
            rows.mapInArrow(function, from_arrow_schema(schema)).write.mode("overwrite").parquet(str(path))
        return self.read(path)

    def close(self) -> None:
        """Stop the session."""
        self._session.stop()
