"""MySQL and MariaDB through SQLAlchemy, row by row from the server, in a session that can only read."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from regulars.sources.sql.arrowed import BATCH_ROWS, write_batches
from regulars.sources.sql.urls import Address

if TYPE_CHECKING:
    import pyarrow as pa

GREETING_SECONDS = 30
_INTEGERS = {1, 2, 3, 8, 9, 13}
_FLOATS = {4, 5}
_DECIMALS = {0, 246}
_DATES = {10, 14}
_MOMENTS = {7, 12}


def tables(address: Address) -> list[str]:
    """Return the tables and views of the database."""
    from sqlalchemy import text

    with _session(address) as con:
        found = con.execute(
            text(
                "SELECT table_name FROM information_schema.tables WHERE table_schema = database() ORDER BY 1"
            )
        )
        return [row[0] for row in found]


def stream(address: Address, select: str, target: Path) -> int:
    """Write the answer to ``target`` and return its number of rows."""
    with _session(address) as con:
        options = {"stream_results": True, "max_row_buffer": BATCH_ROWS, "no_parameters": True}
        result = con.execution_options(**options).exec_driver_sql(select)
        described = result.cursor.description
        types = [arrow_type(each) for each in described]
        return write_batches([each[0] for each in described], types, _batches(result, types), target)


def arrow_type(described: Sequence[Any]) -> pa.DataType:
    """Return the type of a column as the driver describes it (PEP 249: name, code, …, precision, scale, …)."""
    import pyarrow as pa

    code, scale = described[1], described[5]
    if code in _INTEGERS:
        return pa.decimal128(20, 0) if code == 8 else pa.int64()
    if code in _FLOATS:
        return pa.float64()
    if code in _DECIMALS:
        return pa.decimal128(38, min(int(scale or 0), 30))
    if code in _DATES:
        return pa.date32()
    return pa.timestamp("us") if code in _MOMENTS else pa.string()


def cell_of(cell: Any, type_: pa.DataType) -> Any:
    """Return a cell as its column's type; MySQL's zero dates (``0000-00-00``) are empty."""
    import pyarrow as pa

    if cell is None:
        return None
    if pa.types.is_string(type_):
        return cell.decode("utf-8", errors="replace") if isinstance(cell, bytes) else str(cell)
    if pa.types.is_temporal(type_) and not isinstance(cell, dt.date):
        return None
    return cell


def _batches(result: Any, types: Sequence[pa.DataType]) -> Iterator[pa.RecordBatch]:
    import pyarrow as pa

    while rows := result.fetchmany(BATCH_ROWS):
        columns = list(zip(*rows, strict=True))
        arrays = [
            pa.array([cell_of(cell, type_) for cell in cells], type_)
            for cells, type_ in zip(columns, types, strict=True)
        ]
        yield pa.record_batch(arrays, names=[f"c{i}" for i in range(len(arrays))])


@contextmanager
def _session(address: Address) -> Iterator[Any]:
    import pymysql  # noqa: F401  # say early that the driver is missing
    from sqlalchemy import create_engine, event

    engine = create_engine(address.url, hide_parameters=True, connect_args={"read_timeout": GREETING_SECONDS})
    # A server that took the connection and says nothing is waited for no longer than this; a long question may take its time.
    event.listen(engine, "connect", lambda opened, _: setattr(opened, "_read_timeout", None))
    try:
        with engine.connect() as con:
            con.exec_driver_sql("SET SESSION TRANSACTION READ ONLY")
            con.rollback()
            yield con
    finally:
        engine.dispose()
