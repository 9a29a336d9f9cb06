"""Many rows at once: COPY into PostgreSQL, one prepared statement on SQLite, and whole columns back."""

from __future__ import annotations

import io
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from pyarrow import csv

from regulars.store.database import is_postgres

if TYPE_CHECKING:
    import duckdb

READ_ROWS = 50_000
PIECE_ROWS = 4_096
"""Rows that go to PostgreSQL at a time."""
LOOKED_UP = 500
"""Values in one question: SQLite takes no more than 999."""


def insert(table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Insert rows inside the present transaction; a row that breaks a rule of the table breaks the transaction."""
    from django.db import connection

    connection.ensure_connection()
    names = ", ".join(columns)
    if is_postgres():
        with connection.cursor() as cursor, cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
        return
    marks = ", ".join("?" * len(columns))
    connection.connection.executemany(f"INSERT INTO {table} ({names}) VALUES ({marks})", rows)


def insert_table(table: str, rows: pa.Table) -> None:
    """Insert columns inside the present transaction; on PostgreSQL as text that no Python object is made for."""
    from django.db import connection

    if not is_postgres():
        insert(table, rows.schema.names, tuples(rows))
        return
    connection.ensure_connection()
    names = ", ".join(rows.schema.names)
    statement = f"COPY {table} ({names}) FROM STDIN (FORMAT csv)"
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        # A null is nothing at all between its commas, an empty text is in quotes: as COPY reads both.
        # Piece by piece: the server takes one in while the next is written.
        csv.write_csv(
            rows,
            pa.PythonFile(_Pieces(copy), "w"),
            csv.WriteOptions(include_header=False, batch_size=PIECE_ROWS, quoting_style="needed"),
        )


class _Pieces(io.RawIOBase):
    """What is written here goes to a COPY at once."""

    def __init__(self, copy: Any) -> None:
        self._copy = copy

    def writable(self) -> bool:
        return True

    def write(self, piece: Any) -> int:
        self._copy.write(bytes(piece))
        return len(piece)


def insert_found(table: str, found: duckdb.DuckDBPyConnection) -> None:
    """Insert what DuckDB answers inside the present transaction, a part at a time; its columns are named as those of the table."""
    for batch in found.to_arrow_reader(READ_ROWS):
        insert_table(table, pa.Table.from_batches([batch]))


def tuples(rows: pa.Table) -> Iterator[tuple[Any, ...]]:
    """Return the rows of a table as Python has them."""
    return zip(*(column.to_pylist() for column in rows.columns), strict=True)


def execute_many(statement: str, rows: Iterable[Sequence[Any]]) -> None:
    """Run one statement (with ``%s``) for each row inside the present transaction."""
    from django.db import connection

    if not is_postgres():
        connection.ensure_connection()
        connection.connection.executemany(statement.replace("%s", "?"), rows)
    elif rows := list(rows):
        with connection.cursor() as cursor:
            cursor.executemany(statement, rows)


def read(statement: str, parameters: Sequence[Any] = ()) -> Iterator[list[tuple[Any, ...]]]:
    """Yield the answer in parts of :data:`READ_ROWS`."""
    from django.db import connection

    if not is_postgres():
        connection.ensure_connection()
        cursor = connection.connection.cursor()
        try:
            cursor.execute(statement.replace("%s", "?"), list(parameters))
            while rows := cursor.fetchmany(READ_ROWS):
                yield [tuple(row) for row in rows]
        finally:
            cursor.close()
        return
    with connection.cursor() as cursor:
        cursor.execute(statement, list(parameters))
        while rows := cursor.fetchmany(READ_ROWS):
            yield rows


def tables(schema: pa.Schema, source: str) -> Iterator[pa.Table]:
    """Yield a table of the store, or a query in brackets with a name, in parts; columns are those of the schema."""
    for rows in read(f"SELECT {', '.join(schema.names)} FROM {source}"):
        told = zip(zip(*rows, strict=True), schema, strict=True)
        yield pa.Table.from_arrays([pa.array(column, field.type) for column, field in told], schema=schema)


def bring(connection: duckdb.DuckDBPyConnection, name: str, schema: pa.Schema, source: str) -> None:
    """Bring what :func:`tables` yields to DuckDB, as a temporary table."""
    connection.register("bulk_part", schema.empty_table())
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS SELECT * FROM bulk_part")
    connection.unregister("bulk_part")
    for part in tables(schema, source):
        connection.register("bulk_part", part)
        connection.execute(f"INSERT INTO {name} SELECT * FROM bulk_part")
        connection.unregister("bulk_part")


def found(records: Any, name: str, value: str, wanted: Collection[Any]) -> list[tuple[Any, Any]]:
    """Look many values of a column up, a part at a time; return those that are there with another column of theirs."""
    asked = sorted(wanted)
    rows: list[tuple[Any, Any]] = []
    for start in range(0, len(asked), LOOKED_UP):
        rows += records.filter(**{f"{name}__in": asked[start : start + LOOKED_UP]}).values_list(name, value)
    return rows
