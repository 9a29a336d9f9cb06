"""Delta tables in a folder: written by one process at a time, on the disk when a commit returns, read as a list of Parquet files."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

import pyarrow as pa
from deltalake import CommitProperties, DeltaTable, Transaction, write_deltalake

LOG = "_delta_log"
PARTITION = "bucket"
KEEP = {
    "delta.logRetentionDuration": "interval 1 days",
    "delta.deletedFileRetentionDuration": "interval 0 days",
}
"""The log names values of columns, so it is kept no longer than readers need it."""


@dataclass(frozen=True)
class Table:
    """One table of the lake, partitioned by ``bucket``; the folder appears with the first rows."""

    folder: Path

    @property
    def exists(self) -> bool:
        """Whether anything was ever written."""
        return (self.folder / LOG).is_dir() and DeltaTable.is_deltatable(str(self.folder))

    @property
    def version(self) -> int:
        """The number of the last commit; -1 before the first."""
        return self._table().version() if self.exists else -1

    def applied(self, application: str) -> int:
        """Return the number of the last batch of an application whose commit is there; -1 for none."""
        found = self._table().transaction_version(application) if self.exists else None
        return -1 if found is None else int(found)

    def files(self) -> tuple[Path, ...]:
        """Return the Parquet files of the present version."""
        if not self.exists:
            return ()
        return tuple(sorted(Path(unquote(uri.removeprefix("file://"))) for uri in self._table().file_uris()))

    def scan(self, bucket: int | None = None) -> str:
        """Return the SQL for DuckDB of all rows, or of those of one bucket; empty where there are none."""
        held = (
            path for path in self.files() if bucket is None or path.parent.name == f"{PARTITION}={bucket}"
        )
        listed = ", ".join("'" + str(path).replace("'", "''") + "'" for path in held)
        return f"read_parquet([{listed}], hive_partitioning = true)" if listed else ""

    def append(self, rows: pa.Table, *, batch: tuple[str, int] | None = None) -> None:
        """Add rows in one commit; with ``batch`` the commit remembers the application and the number of its batch."""
        if len(rows) or batch:
            self._write(rows, "append", None, batch)

    def replace(self, buckets: tuple[int, ...], rows: pa.Table) -> None:
        """Put rows, all of these buckets, in the place of all that the buckets hold, in one commit."""
        named = ", ".join(map(str, buckets))
        self._write(rows, "overwrite", f"{PARTITION} IN ({named})", None)

    def widen(self, columns: pa.Schema) -> bool:
        """Give a table that an older version wrote the columns that it lacks, empty, in one commit; return whether it lacked any.

        Files are read as a list, so all of them must have all columns: rows stream from the old files into new ones.
        """
        if not self.exists or {each.name for each in columns} <= {
            each.name for each in self._table().schema().fields
        }:
            return False
        import duckdb

        with duckdb.connect() as connection:
            connection.execute("SET TimeZone = 'UTC'; SET preserve_insertion_order = false")
            connection.register("widened", columns.empty_table())
            held = f"SELECT * FROM {self.scan()} UNION ALL BY NAME " if self.files() else ""
            rows = connection.execute(
                f"SELECT * REPLACE (CAST({PARTITION} AS INTEGER) AS {PARTITION}) FROM ({held}SELECT * FROM widened)"
            )
            write_deltalake(
                str(self.folder), rows.to_arrow_reader(50_000), mode="overwrite", schema_mode="merge"
            )
        self._sync()
        return True

    def delete(self, column: str, keys: tuple[int, ...]) -> None:
        """Take rows out by whole numbers in a column, in one commit."""
        if self.exists and keys:
            self._table().delete(f"{column} IN ({', '.join(map(str, keys))})")
            self._sync()

    def tidy(self, most_files_each: int = 8) -> None:
        """Put small files together where a bucket has many, and delete what no version needs."""
        if not self.exists:
            return
        table = self._table()
        buckets = max(1, len({path.parent for path in self.files()}))
        if len(self.files()) > most_files_each * buckets:
            table.optimize.compact()
            self._sync()
        table.vacuum(retention_hours=0, dry_run=False, enforce_retention_duration=False, full=True)

    def _table(self) -> DeltaTable:
        return DeltaTable(str(self.folder))

    def _write(self, rows: pa.Table, mode: str, predicate: str | None, batch: tuple[str, int] | None) -> None:
        told = None if batch is None else CommitProperties(app_transactions=[Transaction(*batch)])
        self.folder.mkdir(parents=True, exist_ok=True)
        write_deltalake(
            str(self.folder),
            rows,
            mode=mode,
            predicate=predicate,
            partition_by=[PARTITION] if not self.exists else None,
            configuration=KEEP if not self.exists else None,
            commit_properties=told,
        )
        self._sync()

    def _sync(self) -> None:
        """Write the last commit through to the disk: its files, their folders, and the log; the library never does."""
        log = self.folder / LOG / f"{self._table().version():020}.json"
        added = [
            json.loads(line)["add"]["path"]
            for line in log.read_text(encoding="utf-8").splitlines()
            if line.startswith('{"add"')
        ]
        paths = [self.folder / unquote(path) for path in added]
        for path in (*paths, log, *{path.parent for path in paths}, log.parent, self.folder):
            if path.exists():
                _flush(path)


def _flush(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
