"""Orders of the store as the lake has them: what changed is written anew, by buckets of customers, and then no longer marked as changed.

Doing it twice does nothing more: an order takes the place of what the lake has under its key. So a projection that is cut
off anywhere is mended by the next one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import duckdb
import pyarrow as pa

from regulars.kit import currencies
from regulars.kit.i18n import mark
from regulars.kit.progress import stage
from regulars.lake.columns import EVENTS, LINES, ORDERS
from regulars.lake.folder import Lake
from regulars.store import bulk, database
from regulars.store.models import Customer

if TYPE_CHECKING:
    from regulars.runtime.settings import Settings

FOLDER = "lake"
ORDERS_AT_ONCE = 100_000
DEC = "DECIMAL(18, 4)"
_HEADS = pa.schema(
    [
        ("order_key", pa.int64()),
        ("version", pa.int32()),
        ("customer_key", pa.int64()),
        ("ordered_at", pa.string()),
        ("ordered_on", pa.string()),
        ("kind", pa.string()),
        ("status", pa.string()),
        ("currency", pa.string()),
        ("shipping_minor", pa.int64()),
        ("shipping_net_minor", pa.int64()),
        ("coupon_code", pa.string()),
        ("channel", pa.string()),
        ("country", pa.string()),
    ]
)
_LINES = pa.schema(
    [
        ("order_key", pa.int64()),
        ("line", pa.int32()),
        ("product_key", pa.int64()),
        ("quantity", pa.float64()),
        ("gross_minor", pa.int64()),
        ("discount_minor", pa.int64()),
        ("tax_minor", pa.int64()),
        ("refunded_minor", pa.int64()),
    ]
)


def lake_of(settings: Settings) -> Lake:
    """Open the lake of a home."""
    return Lake.open(settings.home / FOLDER, Customer.objects.count)


def project(settings: Settings) -> int:
    """Bring the lake up to the store; return how many orders were written. Waits while another process writes to the lake."""
    lake = lake_of(settings)
    written = 0
    with lake.writing(), stage(mark("Writing orders to the lake")), duckdb.connect() as connection:
        connection.execute("SET preserve_insertion_order = false; SET TimeZone = 'UTC'")
        for table, columns in ((lake.orders, ORDERS), (lake.lines, LINES), (lake.events, EVENTS)):
            table.widen(columns)
        while _take(connection, settings, lake.buckets):
            written += _write(connection, lake)
            _forget(connection)
        if written:
            lake.tidy(lake.orders, lake.lines)
    return written


def _take(connection: duckdb.DuckDBPyConnection, settings: Settings, buckets: int) -> int:
    """Bring some changed orders; return how many."""
    marked = f"(SELECT order_id, version FROM unprojected ORDER BY order_id LIMIT {ORDERS_AT_ONCE})"
    return bring(connection, settings, buckets, marked, "unprojected")


def bring(
    connection: duckdb.DuckDBPyConnection, settings: Settings, buckets: int, asked: str, among: str
) -> int:
    """Bring the orders that a query asks for (``order_id``, ``version``) as the lake would have them; return how many.

    They are under the names ``new_orders`` and ``new_lines``. The lines are those of ``among``, a table that names at least the same
    orders, in the range that was met: a query that is asked twice may find others. An order that changes between its head and its lines has another
    version by then, so its mark stays and it is brought again.
    """
    bulk.bring(
        connection,
        "heads",
        _HEADS,
        f"""(SELECT o.id AS order_key, u.version, o.customer_id AS customer_key,
            CAST(o.ordered_at AS varchar(40)) AS ordered_at, CAST(o.ordered_on AS varchar(10)) AS ordered_on, o.kind, o.status, o.currency,
            o.shipping_minor, o.shipping_net_minor, o.coupon_code, o.channel, o.country
            FROM {asked} u JOIN orders o ON o.id = u.order_id) AS told""",
    )
    found, first, last = connection.execute(
        "SELECT count(*), min(order_key), max(order_key) FROM heads"
    ).fetchone() or (0, None, None)
    if not found or first is None or last is None:
        return 0
    bulk.bring(
        connection,
        "cells",
        _LINES,
        f"""(SELECT l.order_id AS order_key, l.line, l.product_id AS product_key, {_double("l.quantity")} AS quantity, l.gross_minor,
            l.discount_minor, l.tax_minor, l.refunded_minor FROM {among} u JOIN order_lines l ON l.order_id = u.order_id
            WHERE u.order_id BETWEEN {int(first)} AND {int(last)}) AS told""",
    )
    _shaped(connection, settings, buckets)
    return int(found)


def _double(column: str) -> str:
    return f"CAST({column} AS double precision)"


def _shaped(connection: duckdb.DuckDBPyConnection, settings: Settings, buckets: int) -> None:
    """Leave the canonical rows under the names ``new_orders`` and ``new_lines``."""
    units = " ".join(
        f"WHEN '{code}' THEN {10 ** currencies.digits(code)}"
        for (code,) in connection.execute("SELECT DISTINCT currency FROM heads").fetchall()
    )
    unit = f"CAST(CASE h.currency {units} END AS DECIMAL(9, 0))"
    money = ("gross", "discount", "tax", "refunded")
    amounts = ", ".join(f"CAST(c.{name}_minor / {unit} AS {DEC}) AS {name}" for name in money)
    key = f"CAST(coalesce(h.customer_key, h.order_key) % {buckets} AS INTEGER)"
    connection.execute(
        f"""CREATE OR REPLACE TEMP TABLE new_lines AS SELECT *, CAST(gross - discount - tax - refunded AS {DEC}) AS net FROM (
            SELECT c.order_key, c.line, h.customer_key, c.product_key, CAST(h.ordered_on AS DATE) AS ordered_on, h.kind,
                h.status = 'paid' AS valid, CAST(c.quantity AS {DEC}) AS quantity, {amounts}, {key} AS bucket
            FROM cells c JOIN heads h USING (order_key))"""
    )
    delivery = f"CAST(h.shipping_net_minor / {unit} AS {DEC})" if settings.delivery_counts else "0"
    sums = ", ".join(f"CAST(sum({name}) AS {DEC}) AS {name}" for name in (*money, "net"))

    def zero(name: str) -> str:
        return f"coalesce(l.{name}, 0) AS {name}"

    text = ", ".join(f"nullif(h.{name}, '') AS {name}" for name in ("coupon_code", "channel", "country"))
    connection.execute(
        f"""CREATE OR REPLACE TEMP TABLE new_orders AS
            WITH l AS (SELECT order_key, CAST(count(*) AS INTEGER) AS lines,
                CAST(coalesce(sum(quantity) FILTER (WHERE quantity > 0), 0) AS {DEC}) AS units, {sums} FROM new_lines GROUP BY 1)
            SELECT h.order_key, h.customer_key, CAST(h.ordered_at || CASE WHEN h.ordered_at[-3] = '+' THEN '' ELSE '+00' END AS TIMESTAMPTZ)
                AS ordered_at, CAST(h.ordered_on AS DATE) AS ordered_on, h.kind, h.status, h.status = 'paid' AS valid, coalesce(l.lines, 0) AS lines,
                {zero("units")}, {zero("gross")}, {zero("discount")}, CAST(h.shipping_minor / {unit} AS {DEC}) AS shipping, {zero("tax")},
                {zero("refunded")}, CAST(coalesce(l.net, 0) + {delivery} AS {DEC}) AS net, {text}, {key} AS bucket
            FROM heads h LEFT JOIN l USING (order_key)"""
    )


def _write(connection: duckdb.DuckDBPyConnection, lake: Lake) -> int:
    """Append orders that the lake has not got; where it has some, write their buckets anew."""
    moved = _held(connection, lake)
    for table, name in ((lake.lines, "new_lines"), (lake.orders, "new_orders")):
        for bucket in moved:
            asked = f"SELECT * FROM {name} WHERE bucket = {bucket}"
            if held := table.scan(bucket):
                asked += f" UNION ALL BY NAME SELECT * FROM {held} ANTI JOIN heads USING (order_key)"
            rows = connection.execute(asked).to_arrow_table()
            table.replace((bucket,), rows)
        rest = f"WHERE bucket NOT IN ({', '.join(map(str, moved))})" if moved else ""
        table.append(connection.execute(f"SELECT * FROM {name} {rest}").to_arrow_table())
    (count,) = connection.execute("SELECT count(*) FROM heads").fetchone() or (0,)
    return int(count)


def _held(connection: duckdb.DuckDBPyConnection, lake: Lake) -> tuple[int, ...]:
    """Return the buckets in which the lake has some of these orders, and those into which such orders go now."""
    buckets: set[int] = set()
    for table, name in ((lake.orders, "new_orders"), (lake.lines, "new_lines")):
        rows = table.scan()
        if rows:
            connection.execute(
                f"""CREATE OR REPLACE TEMP TABLE held AS SELECT DISTINCT order_key, CAST(bucket AS INTEGER) AS bucket
                    FROM {rows} WHERE order_key IN (SELECT order_key FROM heads)"""
            )
            found = connection.execute(
                f"SELECT bucket FROM held UNION SELECT bucket FROM {name} WHERE order_key IN (SELECT order_key FROM held)"
            ).fetchall()
            buckets |= {int(bucket) for (bucket,) in found}
    return tuple(sorted(buckets))


def _forget(connection: duckdb.DuckDBPyConnection) -> None:
    """Take the marks away of orders that have not changed again meanwhile."""
    rows = connection.execute("SELECT order_key, version FROM heads").fetchall()
    with database.writing("orders"):
        bulk.execute_many("DELETE FROM unprojected WHERE order_id = %s AND version = %s", rows)
