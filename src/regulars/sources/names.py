"""What only a store needs to know: how the shop itself writes each order's id, and which e-mails belong to whom.

An analysis never sees these. They stand beside the canonical tables, as ``documents`` (order_key, order_id, whether other customers share the id) and ``contacts`` (customer_key,
customer_id, email), one row a pair that the source names.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from regulars.sources.quoting import text
from regulars.sources.reading import Reading

if TYPE_CHECKING:
    import duckdb


def write(connection: duckdb.DuckDBPyConnection, reading: Reading, folder: Path) -> None:
    """Write ``documents.parquet`` and ``contacts.parquet`` from the settled lines."""
    for name, select in (("documents", _documents(reading)), ("contacts", _contacts(reading))):
        path = text(str(folder / f"{name}.parquet"))
        connection.execute(f"COPY ({select}) TO {path} (FORMAT parquet, COMPRESSION zstd)")


def _documents(reading: Reading) -> str:
    """Every order with its id, nothing where the source names none; a number that customers share is each one's with their key."""
    if not reading.has("order_id"):
        return "SELECT DISTINCT okey AS order_key, CAST(NULL AS VARCHAR) AS order_id, false AS shared FROM regulars_settled"
    return """SELECT order_key, order_id, count(*) OVER (PARTITION BY order_id) > 1 AND order_id IS NOT NULL AS shared
        FROM (SELECT okey AS order_key, CAST(max(oid) AS VARCHAR) AS order_id FROM regulars_settled GROUP BY okey)"""


def _contacts(reading: Reading) -> str:
    """Who has which id and e-mail; a guest has no id."""
    known = "CAST(cid AS VARCHAR)" if reading.has("customer_id") else "CAST(NULL AS VARCHAR)"
    return f"""SELECT DISTINCT ckey AS customer_key, {known} AS customer_id, mail AS email
        FROM regulars_settled WHERE ckey IS NOT NULL"""
