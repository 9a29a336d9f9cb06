"""PostgreSQL through ADBC, in a session that can only read."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Any

from regulars.sources.sql.arrowed import write_batches
from regulars.sources.sql.urls import Address


def tables(address: Address) -> list[str]:
    """Return tables and views: of the ``public`` schema by their names, others as ``schema.table``."""
    with closing(_open(address)) as con, closing(con.cursor()) as cursor:
        cursor.execute(
            "SELECT CASE WHEN table_schema = 'public' THEN '' ELSE table_schema || '.' END || table_name AS name "
            "FROM information_schema.tables WHERE table_schema NOT IN ('pg_catalog', 'information_schema') ORDER BY 1"
        )
        return [row[0] for row in cursor.fetchall()]


def stream(address: Address, select: str, target: Path) -> int:
    """Write the answer to ``target`` and return its number of rows."""
    with closing(_open(address)) as con, closing(con.cursor()) as cursor:
        cursor.execute(select)
        reader = cursor.fetch_record_batch()
        return write_batches(reader.schema.names, reader.schema.types, reader, target)


def _open(address: Address) -> Any:
    import adbc_driver_postgresql.dbapi as adbc

    con = adbc.connect(address.url, autocommit=True)
    try:
        with closing(con.cursor()) as cursor:
            cursor.execute("SET default_transaction_read_only = on")
    except BaseException:
        con.close()
        raise
    return con
