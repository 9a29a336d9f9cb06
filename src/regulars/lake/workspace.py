"""A working folder and an engine, opened together and cleaned up together."""

from __future__ import annotations

import os
import weakref
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from regulars.kit.errors import Kind, RegularsError
from regulars.kit.i18n import mark
from regulars.kit.scratch import Scratch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import ibis.expr.types as ir
    import pyarrow as pa

    from regulars.lake.engines.duckdb import DuckDB


class Engine(Protocol):
    """What executes an Ibis expression. DuckDB in this process, or Spark."""

    name: str

    def read(self, path: Path | Sequence[Path]) -> ir.Table:
        """Return a Parquet file, a folder of them, or one file or more by their paths, as a table."""

    def arrow(self, table: ir.Table, *, title: str = "") -> pa.Table:
        """Execute and return everything; for results that fit in memory."""

    def save(self, table: ir.Table, path: Path, *, title: str = "") -> ir.Table:
        """Execute into Parquet at ``path`` and return the table that reads it."""

    def map_batches(
        self,
        table: ir.Table,
        function: Callable[[Iterator[pa.RecordBatch]], Iterator[pa.RecordBatch]],
        schema: pa.Schema,
        path: Path,
        *,
        title: str = "",
    ) -> ir.Table:
        """Execute, send the rows through ``function`` in batches, and keep what it gives as Parquet at ``path``.

        For results that need not fit in memory. ``function`` must not look back at the engine, must give the same for any
        split into batches, and is pickled where the engine has other processes; what it gives has ``schema``.
        """

    def close(self) -> None:
        """Release whatever the engine holds."""


class Workspace:
    """A temporary folder, the engine of the analysis, and the DuckDB that every source enters through."""

    def __init__(self, scratch: Scratch, door: DuckDB, engine: Engine) -> None:
        self.folder, self.door, self.engine = scratch.path, door, engine
        self._cleanup = weakref.finalize(self, scratch.remove)

    def close(self) -> None:
        """Release the engines and delete the folder."""
        self.engine.close()
        self.door.close()
        self._cleanup()


def open_workspace(
    *,
    engine: str = "duckdb",
    memory_limit: str | None = None,
    threads: int | None = None,
    folder: Path | None = None,
) -> Workspace:
    """Open a workspace.

    ``engine`` is ``duckdb``, ``spark`` (local) or a Spark master URL (``spark://…``, ``local[2]``).
    ``memory_limit`` bounds DuckDB (default: 4 GB, or 60% of the machine's memory where that is less); beyond it
    work spills to the folder, which is made under ``folder`` or the system's temporary folder; what killed runs left
    there is removed.
    """
    from regulars.lake.engines.duckdb import DuckDB

    scratch = Scratch("regulars-", folder)
    try:
        door = DuckDB(scratch.path / "spill", memory_limit=memory_limit or _default_memory(), threads=threads)
        chosen: Engine = door if engine == "duckdb" else _spark(engine, scratch.path)
    except BaseException:
        scratch.remove()
        raise
    return Workspace(scratch, door, chosen)


def _spark(master: str, scratch: Path) -> Engine:
    try:
        from regulars.lake.engines.spark import Spark
    except ImportError as error:
        raise RegularsError(
            "engine.no_spark",
            mark("The engine {master!r} needs Spark, which is not installed."),
            hint=mark("Install it with: pip install 'regulars[spark]' (and Java 17)."),
            kind=Kind.UNAVAILABLE,
            master=master,
        ) from error
    return Spark("local[*]" if master == "spark" else master, scratch)


def _default_memory() -> str:
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return f"{min(4 * 1024**3, int(total * 0.6)) // 1024**2}MiB"
