"""Read anything that holds a table (file, folder, data frame, database) as it is, with where each row came from."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from regulars.kit.errors import RegularsError
from regulars.kit.i18n import mark
from regulars.sources.files import Desk, Lines, read_path
from regulars.sources.memory import read_table
from regulars.sources.parts import FILE_COLUMN, ROW_COLUMN, FileRead, Part
from regulars.sources.quoting import column
from regulars.sources.sql import is_url, read_database

if TYPE_CHECKING:
    from regulars.lake.workspace import Workspace

__all__ = ["FileRead", "Raw", "read_raw"]

_NUMBERS = (
    "TINYINT",
    "SMALLINT",
    "INTEGER",
    "BIGINT",
    "HUGEINT",
    "UTINYINT",
    "USMALLINT",
    "UINTEGER",
    "UBIGINT",
)
_FRACTIONS = ("FLOAT", "DOUBLE", "DECIMAL")


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
    lines: dict[str, Lines] = field(default_factory=dict, repr=False)

    file_column = FILE_COLUMN
    row_column = ROW_COLUMN

    @contextmanager
    def guarded(self) -> Iterator[None]:
        """Turn what breaks while the rows are read, such as a damaged page in the middle of a Parquet file, into one sentence."""
        import duckdb

        try:
            yield
        except (duckdb.IOException, duckdb.InvalidInputException, duckdb.SerializationException) as error:
            said = " ".join(str(error).split())[:200]
            if "No space left" in said or "not write" in said:
                raise
            names = ", ".join(sorted({read.name for read in self.files if read.name})[:3])
            raise RegularsError(
                "source.corrupt",
                mark("{names} broke while being read: {said}")
                if names
                else mark("The table broke while being read: {said}"),
                hint=mark("Copy or export it again."),
                names=names,
                said=said,
            ) from error

    def with_lines(self, relation: str) -> str:
        """Return a SELECT that adds ``line`` (BIGINT) to a relation (or a subquery in brackets) with ``__file`` and ``__row``.

        The physical line of a text file at which the record starts (1-based); the record's number elsewhere.
        The first call may read the files again, to find lines that are blank, rejected or inside cells.
        """
        if not self.lines:
            return f"SELECT *, {ROW_COLUMN} AS line FROM {relation}"
        shifts = f"{self.relation}_shifts"
        con = self.workspace.door.connection
        if not con.execute("SELECT 1 FROM duckdb_tables() WHERE table_name = ?", [shifts]).fetchone():
            import pyarrow as pa

            files, rows, steps = [], [], []
            for name, lines in self.lines.items():
                starts, grown = lines.settle(con)
                files += [name] * len(starts)
                rows += starts
                steps += grown
            found = pa.table({"file": files, "row": rows, "shift": steps})
            con.register(f"{shifts}_found", found)
            con.execute(f"CREATE TABLE {shifts} AS FROM {shifts}_found")
            con.unregister(f"{shifts}_found")
        return (
            f"SELECT r.*, r.{ROW_COLUMN} + coalesce(s.shift, 0) AS line FROM {relation} r ASOF LEFT JOIN {shifts} s "
            f"ON r.{FILE_COLUMN} = s.file AND r.{ROW_COLUMN} >= s.row"
        )

    def line_of(self, file: str, row: int) -> int:
        """Return the physical line at which a record starts; the record's number where lines mean nothing."""
        lines = self.lines.get(file)
        return lines.line_of(self.workspace.door.connection, row) if lines else row


def read_raw(
    origin: str | Path | Any,
    workspace: Workspace,
    *,
    query: str | None = None,
    sheet: str | None = None,
    encoding: str | None = None,
    delimiter: str | None = None,
) -> Raw:
    """Read a file, a folder, a database URL, or a pandas, Polars or Arrow table, without interpreting a cell.

    ``query`` is a table's name or a SELECT (databases), ``sheet`` a sheet's title (workbooks); ``encoding`` and ``delimiter``
    overrule what the text files say of themselves. Parquet is read in place and must stay where it is while
    the workspace is open; everything else is copied into the workspace.
    Raises :class:`RegularsError` with a ``source.…`` code for whatever is not a table.
    """
    desk = Desk(workspace, encoding=encoding, delimiter=_character(delimiter), sheet=sheet)
    name = f"raw_{desk.token}"
    try:
        if isinstance(origin, str) and is_url(origin):
            parts = [read_database(origin, query, desk.connection, desk.scratch(".parquet"))]
        elif isinstance(origin, str) and not origin.strip():
            raise RegularsError(
                "source.missing", mark("No file was named."), hint=mark("Give a path or a database URL.")
            )
        elif isinstance(origin, (str, Path)):
            parts = read_path(Path(origin).expanduser(), desk)
        else:
            parts = [read_table(origin, desk.connection, f"{name}_table")]
    except BaseException:
        desk.clear()
        raise
    return _united(name, parts, desk)


def _united(name: str, parts: list[Part], desk: Desk) -> Raw:
    """Unite parts by column name, without regard to letter case, into one view."""
    _refuse_strangers(parts)
    spelled: dict[str, str] = {}
    kinds: dict[str, list[str]] = {}
    for part in parts:
        for title in part.columns:
            spelled.setdefault(title.casefold(), title)
            kinds.setdefault(title.casefold(), []).append(part.types[title])
    common = {key: _common(types) for key, types in kinds.items()}
    selects = []
    for part in parts:
        own = {title.casefold(): title for title in part.columns}
        if len(parts) == 1:
            selects.append(part.query)
            continue
        items = [
            f"{f'{column(own[key])}::{common[key]}' if key in own else f'NULL::{common[key]}'} AS {column(title)}"
            for key, title in spelled.items()
        ]
        selects.append(f"SELECT {', '.join(items)}, {FILE_COLUMN}, {ROW_COLUMN} FROM ({part.query})")
    con = desk.connection
    con.execute(f"CREATE VIEW {name} AS {' UNION ALL '.join(selects)}")
    files = tuple(read for part in parts for read in part.files)
    return Raw(
        workspace=desk.workspace,
        relation=name,
        columns=tuple(spelled.values()),
        types={title: common[key] for key, title in spelled.items()},
        files=files,
        rejects=desk.rejects,
        rejected=sum(read.rejected for read in files),
        lines=desk.lines,
    )


def _refuse_strangers(parts: list[Part]) -> None:
    """Files of one folder must be the same kind of table: half of the narrower one's columns in common."""
    widest = max(parts, key=lambda part: len(part.columns))
    expected = {title.casefold() for title in widest.columns}
    for part in parts:
        own = {title.casefold() for title in part.columns}
        if 2 * len(own & expected) < len(own):
            raise RegularsError(
                "source.mixed_columns",
                mark("{one} and {other} are different tables: they share {shared} of {count} columns."),
                hint=mark("Put the files of one export into a folder of their own."),
                one=part.files[0].name,
                other=widest.files[0].name,
                shared=len(own & expected),
                count=len(own),
            )


def _common(types: list[str]) -> str:
    """Return the type that holds every value of columns that files type differently."""
    kinds = set(types)
    if len(kinds) == 1:
        return types[0]
    if all(kind in _NUMBERS for kind in kinds):
        return "BIGINT" if not kinds & {"HUGEINT", "UBIGINT"} else "HUGEINT"
    if all(kind in _NUMBERS or kind.startswith(_FRACTIONS) for kind in kinds):
        return "DOUBLE"
    if all(kind.startswith(("DATE", "TIMESTAMP")) for kind in kinds) and not any(
        "ZONE" in kind for kind in kinds
    ):
        return "TIMESTAMP"
    return "VARCHAR"


def _character(delimiter: str | None) -> str | None:
    """Return the delimiter somebody asked for; a tab may be spelled out."""
    if delimiter is None:
        return None
    character = {"tab": "\t", "\\t": "\t", "semicolon": ";", "comma": ",", "pipe": "|"}.get(
        delimiter.lower(), delimiter
    )
    if len(character) != 1 or character in "\r\n\"'":
        raise RegularsError(
            "source.delimiter",
            mark("The delimiter {delimiter!r} is not one character."),
            hint=mark("For example ';', ',' or 'tab'."),
            delimiter=delimiter,
        )
    return character
