"""PostgreSQL through ADBC, in a session that can only read."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from regulars.sources.sql.arrowed import write_batches
from regulars.sources.sql.urls import Address

if TYPE_CHECKING:
    import pyarrow as pa


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
        cursor.execute(f"SELECT * FROM ({select}) AS answer LIMIT 0")
        with closing(cursor.fetch_record_batch()) as reader:
            schema = reader.schema
        cursor.execute(_spelled(select, schema))
        reader = cursor.fetch_record_batch()
        return write_batches(schema.names, reader.schema.types, reader, target)


def _spelled(select: str, schema: pa.Schema) -> str:
    """Ask for types that Arrow would hand over in the server's inner bytes (money in cents, addresses, …) as text."""
    casts = [_cast(field) for field in schema]
    if not any(casts):
        return select
    places = ", ".join(f"c{i}" for i in range(len(casts)))
    items = ", ".join((cast or "{}").format(f"c{i}") for i, cast in enumerate(casts))
    return f"SELECT {items} FROM ({select}) AS answer({places})"


def _cast(field: pa.Field) -> str:
    import pyarrow as pa

    type_ = str(field.type)
    told = (field.metadata or {}).get(b"POSTGRESQL:type", b"").decode()
    if told == "money":
        return "{}::numeric"
    if pa.types.is_list(field.type):
        return "to_json({})::text"
    strange = "opaque" in type_ and "type_name=numeric" not in type_
    return "{}::text" if strange or told in {"interval", "uuid", "bpchar"} else ""


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
