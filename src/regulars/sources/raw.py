"""Read anything that holds a table (file, folder, data frame, database) as it is, with where each row came from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from regulars.sources.parts import FILE_COLUMN, ROW_COLUMN, FileRead

if TYPE_CHECKING:
    from regulars.lake.workspace import Workspace

__all__ = ["FileRead", "Raw", "read_raw"]


@dataclass(frozen=True)
class Raw:
    """Rows as the source wrote them, under a name in ``workspace.door.connection``.

    ``relation`` has the source's columns (original header names, made unique without regard to case, never empty), then
    ``__file`` (VARCHAR: file name relative to the folder, '' for in-memory tables and databases) and ``__row``
    (BIGINT: 1-based number of the record within its file, the same on every read).
    Text formats (CSV, Excel, JSON) have VARCHAR columns only, empty cells are NULL; Excel dates are ISO text
    (``2024-03-01`` or ``2024-03-01 10:30:00``) and whole numbers have no ``.0``. Parquet, databases and
    in-memory tables keep their native types; nested values become JSON text.
    ``rejects`` is a relation too: file, line, "column", value, reason (all VARCHAR but line BIGINT), one row for each
    record that could not even be split into columns; its rows are counted in ``rejected``.
    """

    workspace: Workspace
    relation: str
    columns: tuple[str, ...]
    types: dict[str, str]
    files: tuple[FileRead, ...]
    rejects: str
    rejected: int

    file_column = FILE_COLUMN
    row_column = ROW_COLUMN

    def with_lines(self, relation: str) -> str:
        """Return a SELECT that adds ``line`` (BIGINT) to a relation or (sub)query having ``__file`` and ``__row``.

        The physical line of a text file at which the record starts (1-based); the record's number elsewhere.
        """
        raise NotImplementedError

    def line_of(self, file: str, row: int) -> int:
        """Return the physical line at which a record starts."""
        raise NotImplementedError


def read_raw(
    origin: str | Path | Any,
    workspace: Workspace,
    *,
    query: str | None = None,
    sheet: str | None = None,
    encoding: str | None = None,
    delimiter: str | None = None,
) -> Raw:
    """Read a file, a folder, a database URL, or a pandas, Polars or Arrow table, without interpreting a cell."""
    raise NotImplementedError
