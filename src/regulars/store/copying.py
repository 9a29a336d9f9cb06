"""Every table of the store as Parquet, and back: the same files from SQLite and PostgreSQL, for either of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from regulars.store import bulk, database
from regulars.store.changes import moment

LEFT_OUT = ("sessions", "attempts", "password_links")
"""Who was signed in: a copy brings nobody back in."""
_NUMBERS = {
    "AutoField": pa.int64(),
    "BigAutoField": pa.int64(),
    "SmallIntegerField": pa.int64(),
    "IntegerField": pa.int64(),
    "BigIntegerField": pa.int64(),
    "PositiveIntegerField": pa.int64(),
    "PositiveBigIntegerField": pa.int64(),
    "FloatField": pa.float64(),
    "BooleanField": pa.bool_(),
}
"""Whatever is not here is text: moments in UTC, days, decimals, JSON."""


@contextmanager
def snapshot() -> Iterator[None]:
    """See the store as it is now until the block ends, whoever writes meanwhile; nobody waits for it."""
    from django.db import connection, transaction

    if database.is_postgres():
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            cursor.execute("SELECT 1 FROM settings LIMIT 1")
            yield
        return
    connection.ensure_connection()
    # Django's own transactions take SQLite's write lock; reading needs none.
    connection.connection.execute("BEGIN DEFERRED")
    try:
        connection.connection.execute("SELECT 1 FROM settings LIMIT 1").fetchone()
        yield
    finally:
        with suppress(Exception):
            connection.connection.execute("COMMIT")


def migration() -> str:
    """Return the name of the last migration that the store has."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT max(name) FROM django_migrations WHERE app = %s", [_app()])
        (name,) = cursor.fetchone() or ("",)
    return str(name)


def write(folder: Path) -> dict[str, int]:
    """Write every table into a folder, one Parquet file each; return their rows. Call inside :func:`snapshot`."""
    rows = {}
    for model in _models():
        fields = [field for field in model._meta.local_concrete_fields if field.column]
        schema = pa.schema([(field.column, _type(field)) for field in fields])
        rows[model._meta.db_table] = _written(
            schema, model._meta.db_table, folder / f"{model._meta.db_table}.parquet"
        )
    return rows


def _written(schema: pa.Schema, table: str, path: Path) -> int:
    from django.db import connection

    count = 0
    names = ", ".join(f'"{name}"' for name in schema.names)
    with pq.ParquetWriter(path, schema, compression="zstd") as file, _cursor(connection) as cursor:
        cursor.execute(f'SELECT {names} FROM "{table}"')
        while part := cursor.fetchmany(bulk.READ_ROWS):
            columns = [
                pa.array([_plain(value, field.type) for value in column], field.type)
                for column, field in zip(zip(*part, strict=True), schema, strict=True)
            ]
            file.write_table(pa.Table.from_arrays(columns, schema=schema))
            count += len(part)
    return count


@contextmanager
def _cursor(connection: Any) -> Iterator[Any]:
    """A cursor that brings values as the database has them, a part at a time."""
    if database.is_postgres():
        with connection.chunked_cursor() as cursor:
            yield cursor
        return
    cursor = connection.connection.cursor()
    try:
        yield cursor
    finally:
        cursor.close()


def fill(folder: Path, tables: Sequence[str], target: str) -> None:
    """Fill an empty database from the files: its tables as of the migration ``target``, then brought up to this version.

    All rows come in one transaction: cut off, the database stays empty.
    """
    from django.core.management import call_command
    from django.core.management.color import no_style
    from django.db import connection

    call_command("migrate", _app(), target, verbosity=0, interactive=False)
    with database.writing():
        for table in reversed(tables):
            with connection.cursor() as cursor:
                cursor.execute(f'DELETE FROM "{table}"')
        for table in tables:
            with pq.ParquetFile(folder / f"{table}.parquet") as file:
                names = [f'"{name}"' for name in file.schema_arrow.names]
                for batch in file.iter_batches(bulk.READ_ROWS):
                    rows = zip(*(column.to_pylist() for column in batch.columns), strict=True)
                    bulk.insert(f'"{table}"', names, rows)
    database.migrate()
    with database.writing(), connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), _models()):
            cursor.execute(statement)


def occupied() -> str:
    """Return the name of a table of the database that has rows, none of them made by the tables' own history; empty for none."""
    from django.db import connection

    there = set(connection.introspection.table_names())
    for model in _models():
        if model._meta.db_table in there and model.objects.exists():
            return str(model._meta.db_table)
    return ""


def _app() -> str:
    return "store"


def _models() -> list[Any]:
    """Every record's model; those that others point to come first."""
    from django.apps import apps

    waiting = [model for model in apps.get_models() if model._meta.db_table not in LEFT_OUT]
    found: list[Any] = []
    while waiting:
        ready = [
            model
            for model in waiting
            if all(
                field.related_model in found
                or field.related_model is model
                or field.related_model not in waiting
                for field in model._meta.local_concrete_fields
                if field.is_relation
            )
        ]
        found += ready
        waiting = [model for model in waiting if model not in ready]
    return found


def _type(field: Any) -> pa.DataType:
    """Return how a column is written; a key of another record is written as that record's own."""
    while field.is_relation:
        field = field.target_field
    return _NUMBERS.get(field.get_internal_type(), pa.string())


def _plain(value: Any, kind: pa.DataType) -> Any:
    """Return a value as the file has it; both databases read it back."""
    if value is None or not pa.types.is_string(kind):
        return bool(value) if value is not None and pa.types.is_boolean(kind) else value
    if isinstance(value, datetime):
        return moment(value)
    return value.isoformat() if isinstance(value, date) else str(value)
