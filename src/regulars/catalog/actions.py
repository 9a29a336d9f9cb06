"""Products arrive: those that orders tell of, until a catalogue says it better."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import pyarrow as pa

from regulars.store import bulk, database
from regulars.store.changes import moment

if TYPE_CHECKING:
    import duckdb

PRODUCTS = pa.schema(
    [
        ("key", pa.int64()),
        ("product_id", pa.string()),
        ("title", pa.string()),
        ("category", pa.string()),
        ("cost_minor", pa.int64()),
    ]
)
"""One row a product of a source: its own number, the shop's id, and what the orders say of it."""
_KNOWN = pa.schema([("id", pa.int64()), *list(PRODUCTS)[1:], ("listed", pa.bool_())])
_BLANK = {
    "brand": "''",
    "currency": "''",
    "available": "true",
    "url": "''",
    "image_url": "''",
    "attributes": "'{}'",
    "listed": "false",
}
"""What orders do not tell of a product, as SQL."""


def arrive(connection: duckdb.DuckDBPyConnection, products: str, now: datetime) -> int:
    """Find or make each product of a relation of :data:`PRODUCTS`; leave ``key, id`` under the name ``arrived_products``.

    Title, category and cost of a product that no catalogue lists follow the source where it says something. Returns how many are new. Runs in
    a transaction of its own.
    """
    with database.writing("products"):
        bulk.bring(connection, "known_products", _KNOWN, "products")
        connection.execute(
            f"""CREATE OR REPLACE TEMP TABLE arrived_products AS
                SELECT p.key, k.id, p.product_id, coalesce(p.title, '') AS title, coalesce(p.category, '') AS category, p.cost_minor
                FROM {products} p LEFT JOIN known_products k USING (product_id)"""
        )
        (fresh,) = connection.execute(
            "SELECT count(*) FROM arrived_products WHERE id IS NULL"
        ).fetchone() or (0,)
        if fresh:
            _add(connection, int(fresh), now)
        bulk.execute_many(
            "UPDATE products SET title = %s, category = %s, cost_minor = %s, updated_at = %s WHERE id = %s",
            [(*row[:3], moment(now), row[3]) for row in _changed(connection)],
        )
    return int(fresh)


def _add(connection: duckdb.DuckDBPyConnection, fresh: int, now: datetime) -> None:
    given = database.numbers("product", fresh)
    connection.execute(
        f"""UPDATE arrived_products SET id = n.id FROM
            (SELECT key, {given.start} - 1 + row_number() OVER (ORDER BY product_id) AS id FROM arrived_products WHERE id IS NULL) n
            WHERE n.key = arrived_products.key"""
    )
    rows = connection.execute(
        f"""SELECT id, product_id[:200] AS product_id, title[:500] AS title, category[:300] AS category, cost_minor, ? AS updated_at,
                {", ".join(f"{value} AS {name}" for name, value in _BLANK.items())}
            FROM arrived_products WHERE id >= ? ORDER BY id""",
        [moment(now), given.start],
    )
    bulk.insert_found("products", rows)


def _changed(connection: duckdb.DuckDBPyConnection) -> list[tuple[str, str, int | None, int]]:
    """Return title, category, cost and id of known products of which the source says something else than the store."""
    return connection.execute(
        """SELECT * FROM (SELECT coalesce(nullif(a.title[:500], ''), k.title) AS title,
                coalesce(nullif(a.category[:300], ''), k.category) AS category, coalesce(a.cost_minor, k.cost_minor) AS cost, a.id
            FROM arrived_products a JOIN known_products k USING (id) WHERE NOT k.listed) t
        JOIN known_products k USING (id) WHERE (t.title, t.category, t.cost) IS DISTINCT FROM (k.title, k.category, k.cost_minor)"""
    ).fetchall()
