"""SQLite files, opened read-only: through ADBC where columns keep one type, through Python's own driver otherwise."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from regulars.kit.errors import RegularsError
from regulars.kit.i18n import mark
from regulars.sources.sql.arrowed import BATCH_ROWS, write_batches
from regulars.sources.sql.urls import Address

if TYPE_CHECKING:
    import pyarrow as pa


def tables(address: Address) -> list[str]:
    """Return the names of tables and views. Raises ``source.not_a_table`` for other files."""
    try:
        with closing(_open(address)) as con:
            found = con.execute(
                "SELECT name FROM sqlite_master WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name"
            ).fetchall()
    except sqlite3.DatabaseError as error:
        raise RegularsError(
            "source.not_a_table",
            mark("{address} is not a readable SQLite database: {error}"),
            hint=mark("Check the path."),
            address=address.shown,
            error=error,
        ) from error
    return [name for (name,) in found]


def stream(address: Address, select: str, target: Path) -> int:
    """Write the answer to ``target`` and return its number of rows."""
    with suppress(ImportError):
        from adbc_driver_manager import Error as AdbcError

        with suppress(AdbcError, OSError):  # a column of several types, which ADBC refuses half-way
            return _stream_adbc(address, select, target)
    return _stream_python(address, select, target)


def _stream_adbc(address: Address, select: str, target: Path) -> int:
    import adbc_driver_sqlite.dbapi as adbc

    with closing(adbc.connect(_uri(address))) as con, closing(con.cursor()) as cursor:
        cursor.adbc_statement.set_options(**{"adbc.sqlite.query.batch_rows": str(BATCH_ROWS)})
        cursor.execute(select)
        reader = cursor.fetch_record_batch()
        return write_batches(reader.schema.names, reader.schema.types, reader, target)


def _stream_python(address: Address, select: str, target: Path) -> int:
    import pyarrow as pa

    with closing(_open(address)) as con:
        cursor = con.execute(select)
        names = [each[0] for each in cursor.description]
        kinds = [_kinds(con, select, place, len(names)) for place in range(len(names))]
        types = [_type(each) for each in kinds]

        def batches() -> Iterator[pa.RecordBatch]:
            while rows := cursor.fetchmany(BATCH_ROWS):
                columns = list(zip(*rows, strict=True))
                arrays = [
                    pa.array([_text(cell) for cell in cells] if type_ == pa.string() else cells, type_)
                    for cells, type_ in zip(columns, types, strict=True)
                ]
                yield pa.record_batch(arrays, names=[f"c{i}" for i in range(len(arrays))])

        return write_batches(names, types, batches(), target)


def _kinds(con: sqlite3.Connection, select: str, place: int, width: int) -> set[str]:
    """Return which storage classes a column of the answer really has; SQLite lets each cell choose."""
    names = ", ".join(f"c{i}" for i in range(width))
    found = con.execute(
        f"WITH answer({names}) AS ({select}) SELECT DISTINCT typeof(c{place}) FROM answer"
    ).fetchall()
    return {kind for (kind,) in found} - {"null"}


def _type(kinds: set[str]) -> pa.DataType:
    import pyarrow as pa

    if kinds == {"integer"}:
        return pa.int64()
    if kinds and kinds <= {"integer", "real"}:
        return pa.float64()
    return pa.string()


def _text(cell: object) -> str | None:
    if isinstance(cell, bytes):
        return cell.decode("utf-8", errors="replace")
    return None if cell is None else str(cell)


def _uri(address: Address) -> str:
    return f"file:{quote(str(address.path))}?mode=ro"


def _open(address: Address) -> sqlite3.Connection:
    con = sqlite3.connect(_uri(address), uri=True)
    con.text_factory = lambda raw: raw.decode("utf-8", errors="replace")
    return con
