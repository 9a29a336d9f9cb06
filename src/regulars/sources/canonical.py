"""Lines become the four canonical tables, each one Parquet file written by one streaming statement."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from regulars.kit.i18n import mark
from regulars.kit.progress import stage
from regulars.lake import Capabilities
from regulars.sources import identity, zones
from regulars.sources.cells import years
from regulars.sources.facts import Facts
from regulars.sources.quoting import text
from regulars.sources.reading import Reading
from regulars.sources.status import CREDIT, NAMES, PAID

if TYPE_CHECKING:
    import duckdb

DEC = "DECIMAL(18, 4)"


def write(connection: duckdb.DuckDBPyConnection, reading: Reading, facts: Facts, folder: Path) -> None:
    """Write orders, lines, products and identities."""
    with stage(mark("Writing orders")):
        _copy(connection, _orders(reading, facts), folder / "orders.parquet")
    orders = f"read_parquet({text(str(folder / 'orders.parquet'))})"
    with stage(mark("Writing order lines")):
        _copy(connection, _lines(connection, orders), folder / "lines.parquet")
    with stage(mark("Writing products and customers")):
        _copy(connection, _products(reading), folder / "products.parquet")
        _copy(connection, identity.names(orders), folder / "identities.parquet")


def _copy(connection: duckdb.DuckDBPyConnection, select: str, path: Path) -> None:
    connection.execute(f"COPY ({select}) TO {text(str(path))} (FORMAT parquet, COMPRESSION zstd)")


def _status_name(code: str) -> str:
    whens = " ".join(f"WHEN {number} THEN {text(name)}" for number, name in NAMES.items())
    return f"CASE {code} {whens} END"


def _orders(reading: Reading, facts: Facts) -> str:
    credit = "credit"
    if reading.credit_letters:
        letters = "|".join(reading.credit_letters)
        credit += f" OR regexp_full_match(upper(oid), '(?:{letters})[0-9]+')"
    # Shared-out delivery is already split between lines; else it stands on each line or on one of them.
    ship = "sum" if facts.order_facts or not reading.shipping_repeats else "max"
    has_ship = reading.has("shipping")
    delivery = " + shipping_net" if reading.options.delivery_counts and has_ship else ""
    texts = {
        n: s
        for n, s in (("coupon", "coupon_code"), ("channel", "channel"), ("country", "country"))
        if reading.has(s)
    }
    columns = {
        "customer_key": "max(ckey)",
        "instant": "min(instant)",
        "st": "min(st)"
        if reading.has("status") or reading.has("cancelled_at") or reading.has("test")
        else "0",
        "lines": "CAST(count(*) AS INTEGER)",
        "units": "coalesce(sum(q) FILTER (WHERE q > 0), 0)" if reading.negative else "sum(q)",
        **{name: f"sum({name})" for name in ("gross", "discount", "tax", "refunded")},
        **{name: f"max({name})" for name in texts},
    }
    moment = reading.moments["ordered_at"]
    if moment.has_zone and not facts.counts.get("orders_of_several_days"):
        day = zones.local_day("instant", reading.options.time_zone, *years(reading))
    else:
        columns["day"], day = "min(day)", "day"
    if has_ship:
        columns |= {"shipping": f"coalesce({ship}(shipping), 0)"}
        if facts.order_facts:
            columns |= {"shipping_net": "coalesce(sum(shipping_net), 0)"}
    kind = "'order'"
    takes_back = reading.negative or reading.credit_letters or CREDIT in reading.statuses.values()
    # A discount, a tax or a refund above the amount takes an order below zero without any row that does.
    if takes_back or facts.order_facts or any(reading.has(name) for name in ("discount", "tax", "refunded")):
        columns |= {
            "sold_lines": "count(*) FILTER (WHERE q > 0)",
            "least_quantity": "min(q)",
            "refunded_sold": "coalesce(sum(refunded) FILTER (WHERE gross > 0), 0)",
            "credit": f"bool_or({credit})",
        }
        kind = """CASE WHEN credit OR gross - discount - tax - refunded + refunded_sold < 0
            OR (sold_lines = 0 AND least_quantity < 0) THEN 'refund' ELSE 'order' END"""
    found = ", ".join(f"{value} AS {name}" for name, value in columns.items())
    money = {name: name for name in ("gross", "discount", "tax", "refunded")}
    money["shipping"] = "shipping" if has_ship else "0"
    shipping_net = "shipping_net" if facts.order_facts else "shipping"
    delivery = delivery.replace("shipping_net", shipping_net)
    # Money is narrowed once, after summing.
    cast = {name: f"CAST({value} AS {DEC})" for name, value in money.items()}
    net = f"CAST(gross - discount - tax - refunded{delivery} AS {DEC})"
    shown = {name: name if name in texts else "NULL::VARCHAR" for name in ("coupon", "channel", "country")}
    return f"""SELECT order_key, customer_key, make_timestamptz(epoch_us(instant)) AS ordered_at, {day} AS ordered_on, {kind} AS kind,
            {_status_name("st")} AS status, st = {PAID} AS valid, lines, CAST(units AS {DEC}) AS units,
            {cast["gross"]} AS gross, {cast["discount"]} AS discount, {cast["shipping"]} AS shipping, {cast["tax"]} AS tax,
            {cast["refunded"]} AS refunded, {net} AS net,
            {shown["coupon"]} AS coupon_code, {shown["channel"]} AS channel, {shown["country"]} AS country
        FROM (SELECT okey AS order_key, {found} FROM regulars_lines GROUP BY okey)"""


def _lines(connection: duckdb.DuckDBPyConnection, orders: str) -> str:
    """Lines know their order's kind and validity; only credit notes need looking up."""
    count = connection.execute(f"SELECT count(*) FROM {orders} WHERE kind = 'refund'").fetchone()
    kind, join = "'order'", ""
    if count and count[0]:
        kind = "CASE WHEN n.order_key IS NULL THEN 'order' ELSE 'refund' END"
        join = f"LEFT JOIN (SELECT order_key FROM {orders} WHERE kind = 'refund') n ON n.order_key = l.okey"
    return f"""SELECT l.okey AS order_key, CAST(l.n AS INTEGER) AS line, l.ckey AS customer_key, l.pkey AS product_key,
            l.day AS ordered_on, {kind} AS kind, l.st = {PAID} AS valid, coalesce(l.q, 0) AS quantity,
            l.gross, l.discount, l.tax, l.refunded, l.net
        FROM regulars_lines l {join}"""


def _products(reading: Reading) -> str:
    """One row a product, by the title and category most of its sold lines use."""
    shown = "coalesce(d.pid, CAST(p.product_key AS VARCHAR))"
    cost = reading.has("cost")
    if not (reading.has("title") or reading.has("category") or cost):
        found = "SELECT DISTINCT pkey AS product_key FROM regulars_settled WHERE pkey IS NOT NULL"
        found = (
            f"SELECT *, NULL::VARCHAR AS title, NULL::VARCHAR AS category, NULL::{DEC} AS cost FROM ({found})"
        )
    else:
        found = f"""SELECT pkey AS product_key, arg_max(title, (sold, title)) AS title, arg_max(category, (sold, category)) AS category,
                {"arg_max(cost, (sold, cost))" if cost else f"NULL::{DEC}"} AS cost
            FROM (SELECT pkey, title, category, cost, count(*) FILTER (WHERE amt > 0) AS sold
                FROM regulars_settled WHERE pkey IS NOT NULL GROUP BY ALL) GROUP BY pkey"""
    return f"""SELECT p.product_key, {shown} AS product_id, p.title, p.category, p.cost
        FROM ({found}) p LEFT JOIN regulars_products d ON d.pkey = p.product_key"""


def capabilities(reading: Reading) -> Capabilities:
    """Tell which optional facts the source has."""
    has = reading.has
    whole = any(code >= 10 for code in reading.statuses.values()) or has("refunded_flag")
    return Capabilities(
        products=has("product_id") or has("title"),
        categories=has("category"),
        discounts=has("discount") or has("order_discount"),
        tax=has("tax") or has("order_tax"),
        shipping=has("shipping"),
        refunds=has("refunded") or has("order_refunded") or whole or reading.negative,
        channel=has("channel"),
        country=has("country"),
        coupon=has("coupon_code"),
        cost=has("cost"),
        status=has("status"),
        clock=reading.clock or has("time"),
    )
