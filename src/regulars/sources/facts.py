"""Cells become order lines: keys, who shares an order, which file is the latest, and one line's money.

A sold line has ``gross − discount − tax − refunded = net``; a line with a negative amount has only ``refunded``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from regulars.sources import identity, shares
from regulars.sources.reading import Reading
from regulars.sources.status import CREDIT, PAID, REFUNDED

if TYPE_CHECKING:
    import duckdb

EXACT_REPEATS_UP_TO = 20_000_000
SAMPLED_ORDERS = 10_000_000


@dataclass
class Facts:
    """What was found while lines were made."""

    relation: str = "regulars_lines"
    order_facts: bool = False
    counts: dict[str, Any] = field(default_factory=dict)


def build(connection: duckdb.DuckDBPyConnection, reading: Reading) -> Facts:
    """Leave order lines under the name ``regulars_lines``."""
    facts = Facts(order_facts=_uses_order_facts(reading))
    _keyed(connection, reading)
    _documents(connection, reading)
    _oddities(connection, reading, facts)
    _settled(connection, reading, facts)
    money = _order_money(connection, reading) if facts.order_facts else _own_money(reading)
    reading.keep(connection, "regulars_lines", money)
    return facts


def _uses_order_facts(reading: Reading) -> bool:
    return any(
        reading.has(n) for n in ("order_total", "subtotal", "order_discount", "order_tax", "order_refunded")
    )


def _one(connection: duckdb.DuckDBPyConnection, sql: str) -> tuple[Any, ...]:
    return connection.execute(sql).fetchone() or ()


def _keyed(connection: duckdb.DuckDBPyConnection, reading: Reading) -> None:
    """Usable cells with keys of order, customer and product."""
    customer, join = identity.prepare(connection, "regulars_filled", reading)
    product = "CAST(NULL AS BIGINT)"
    connection.execute("CREATE OR REPLACE TEMP TABLE regulars_products (pid VARCHAR, pkey BIGINT)")
    found = reading.ids.get("product_id")
    textual = (
        (found and not found.whole)
        or (not found and reading.has("title"))
        or (found and found.nulls and reading.has("title"))
    )
    if textual:
        connection.execute(
            """CREATE OR REPLACE TEMP TABLE regulars_products AS
                SELECT pid, row_number() OVER (ORDER BY pid) AS pkey
                FROM (SELECT DISTINCT pid FROM regulars_filled WHERE why IS NULL AND pid IS NOT NULL)"""
        )
        join += " LEFT JOIN regulars_products d ON d.pid = c.pid"
        product = "d.pkey"
    elif found:
        product = "c.pid"
    connection.execute(
        f"""CREATE OR REPLACE TEMP VIEW regulars_keyed AS SELECT *, {_order_key(reading)} AS okey FROM
            (SELECT c.*, {customer} AS ckey, {product} AS pkey FROM regulars_filled c {join} WHERE c.why IS NULL)"""
    )


def _order_key(reading: Reading) -> str:
    """An order's key: its own number, else a hash of its id, else of who bought and when."""
    has_lines = reading.has("product_id") or reading.has("title")
    together = "regulars_key(row(ckey, instant))" if has_lines or _has_clock(reading) else None
    alone = "regulars_key(row(f, r, 'row'))"
    unnamed = f"CASE WHEN ckey IS NULL THEN {alone} ELSE {together} END" if together else alone
    found = reading.ids.get("order_id")
    if not found:
        return unnamed
    own = "oid" if found.whole else "regulars_key(oid)"
    return f"CASE WHEN oid IS NOT NULL THEN {own} ELSE {unnamed} END" if found.nulls else own


def _has_clock(reading: Reading) -> bool:
    moment = reading.moments["ordered_at"]
    return moment.type != "DATE" and (reading.clock or reading.has("time"))


def _documents(connection: duckdb.DuckDBPyConnection, reading: Reading) -> None:
    """Letters before otherwise plain numbers that mark documents which take back (``C489449``, ``A506401``)."""
    found = reading.ids.get("order_id")
    reading.credit_letters = ()
    if not found or found.whole:
        return
    rows = connection.execute(
        r"""SELECT CASE WHEN regexp_full_match(oid, '[A-Za-z]{1,2}[0-9]+') THEN upper(regexp_extract(oid, '^[A-Za-z]+'))
                WHEN regexp_full_match(oid, '[0-9]+') THEN '' END AS letters,
            count(*), count(*) FILTER (WHERE amt < 0)
            FROM regulars_filled WHERE why IS NULL AND oid IS NOT NULL GROUP BY 1"""
    ).fetchall()
    total = sum(row[1] for row in rows)
    plain = sum(row[1] for row in rows if row[0] == "")
    if plain * 2 > total:
        reading.credit_letters = tuple(row[0] for row in rows if row[0] and row[2] * 2 > row[1])


def _oddities(connection: duckdb.DuckDBPyConnection, reading: Reading, facts: Facts) -> None:
    """The few orders whose lines disagree about the customer, the day, the status or the file."""
    connection.execute(
        """CREATE OR REPLACE TEMP TABLE regulars_odd
            (okey BIGINT, c0 BIGINT, c1 BIGINT, d0 DATE, s0 TINYINT, s1 TINYINT, f0 VARCHAR, f1 VARCHAR, nobody BOOLEAN)"""
    )
    if not reading.has("order_id"):
        return
    columns = {"c0": "min(ckey)", "c1": "max(ckey)", "d0": "min(day)", "d1": "max(day)"}
    asked = ["c0 <> c1", "d0 <> d1"]
    if reading.nobody:
        columns["nobody"] = "bool_or(ckey IS NULL)"
        asked.append("(nobody AND c0 IS NOT NULL)")
    # A blank status is paid too, so one other word is enough for orders of two minds.
    other = any(code not in (PAID, REFUNDED, CREDIT) for code in reading.statuses.values())
    if other or reading.has("cancelled_at") or reading.has("test"):
        columns |= {"s0": "min(st)", "s1": "max(st)"}
        asked.append("s0 <> s1")
    if reading.files > 1:
        columns |= {"h0": "min(hash(f))", "h1": "max(hash(f))"}
        asked.append("h0 <> h1")
    told = {"c0": "c0", "c1": "c1", "d0": "d0", "s0": "0", "s1": "0", "nobody": "false"}
    told |= {name: name for name in columns if name in told}
    connection.execute(
        f"""INSERT INTO regulars_odd
            SELECT o.okey, c0, c1, d0, {told["s0"]}, {told["s1"]}, NULL, NULL, {told["nobody"]} FROM (
                SELECT okey, {", ".join(f"{value} AS {name}" for name, value in columns.items())}
                FROM regulars_keyed GROUP BY okey) o
            WHERE {" OR ".join(asked)}"""
    )
    if reading.files > 1:
        connection.execute(
            """UPDATE regulars_odd SET f0 = s.f0, f1 = s.f1 FROM (
                SELECT k.okey, min(k.f) AS f0, max(k.f) AS f1 FROM regulars_keyed k SEMI JOIN regulars_odd o ON o.okey = k.okey
                GROUP BY k.okey) s WHERE s.okey = regulars_odd.okey"""
        )
    facts.counts |= dict(
        zip(
            (
                "orders_shared",
                "orders_with_nobody_lines",
                "orders_of_several_days",
                "orders_of_mixed_status",
                "orders_in_files",
            ),
            _one(
                connection,
                """SELECT count(*) FILTER (WHERE c0 <> c1), count(*) FILTER (WHERE nobody AND c0 IS NOT NULL),
                    count(*) FILTER (WHERE d0 IS NOT NULL), count(*) FILTER (WHERE s0 <> s1),
                    count(*) FILTER (WHERE f0 <> f1) FROM regulars_odd""",
            ),
            strict=True,
        )
    )


def _settled(connection: duckdb.DuckDBPyConnection, reading: Reading, facts: Facts) -> None:
    """One customer, one day and one status an order; the latest file's version of it; repeats counted or dropped."""
    if facts.counts.get("orders_in_files"):
        _latest_file(connection, reading, facts)
    odd = _one(connection, "SELECT count(*) FROM regulars_odd")[0]
    view = "SELECT *, false AS taken_back FROM regulars_keyed"
    if odd:
        # Where customers share an order's number, each customer's part is an order with a day and a status of its own.
        connection.execute(
            """CREATE OR REPLACE TEMP TABLE regulars_split AS
                SELECT k.okey, coalesce(k.ckey, o.c0) AS ckey, min(k.day) AS d0, min(k.st) AS s0
                FROM regulars_keyed k JOIN regulars_odd o ON o.okey = k.okey AND o.c0 <> o.c1 GROUP BY ALL"""
        )
        view = """SELECT k.* REPLACE (
                CASE WHEN o.c0 <> o.c1 AND k.ckey <> o.c0 THEN regulars_key(row(k.okey, k.ckey)) ELSE k.okey END AS okey,
                CASE WHEN k.ckey IS NULL THEN o.c0 ELSE k.ckey END AS ckey,
                coalesce(s.d0, o.d0, k.day) AS day, coalesce(s.s0, o.s0, k.st) AS st),
                coalesce(k.st > 0 AND coalesce(s.s0, o.s0) = 0, false) AS taken_back
            FROM regulars_keyed k LEFT JOIN regulars_odd o ON o.okey = k.okey
            LEFT JOIN regulars_split s ON s.okey = k.okey AND s.ckey = coalesce(k.ckey, o.c0)"""
        if facts.counts.get("orders_from_older_files"):
            view += " WHERE NOT coalesce(o.f0 = 'older' AND k.f <> o.f1, false)"
    connection.execute(f"CREATE OR REPLACE TEMP VIEW regulars_settled_all AS {view}")
    content = _content(reading)
    _count_repeats(connection, reading, facts, content)
    last = "SELECT * FROM regulars_settled_all"
    if reading.options.drop_repeats:
        last += f" QUALIFY row_number() OVER (PARTITION BY okey, ckey, {content} ORDER BY f, r) = 1"
    connection.execute(f"CREATE OR REPLACE TEMP VIEW regulars_settled AS {last}")


def _content(reading: Reading) -> str:
    """SQL: a number that two lines share when they say the same."""
    told = ["pkey", "q", "g", "instant"]
    optional = {
        "title": "title",
        "discount": "discount",
        "tax": "tax",
        "country": "country",
        "order_total": "order_total",
    }
    told += [cell for name, cell in optional.items() if reading.has(name)]
    return f"regulars_key(row({', '.join(told)}))"


def _latest_file(connection: duckdb.DuckDBPyConnection, reading: Reading, facts: Facts) -> None:
    """Tell exports that overlap from one order that a writer split between two files.

    Overlapping exports repeat a line, or an order's own cells; then only the last file's version counts.
    """
    content = "(k.pkey, k.q, k.g)"
    if facts.order_facts or not (reading.has("product_id") or reading.has("quantity")):
        content = "k.okey"
    connection.execute(
        f"""CREATE OR REPLACE TEMP TABLE regulars_overlap AS SELECT DISTINCT okey FROM (
            SELECT k.okey FROM regulars_keyed k JOIN regulars_odd o ON o.okey = k.okey AND o.f0 <> o.f1
            GROUP BY k.okey, {content} HAVING count(DISTINCT k.f) > 1)"""
    )
    connection.execute(
        "UPDATE regulars_odd SET f0 = 'older' WHERE okey IN (SELECT okey FROM regulars_overlap)"
    )
    (
        facts.counts["orders_from_older_files"],
        facts.counts["lines_from_older_files"],
        facts.counts["amount_from_older_files"],
    ) = _one(
        connection,
        """SELECT count(DISTINCT k.okey), count(*), coalesce(sum(k.amt), 0) FROM regulars_keyed k JOIN regulars_odd o ON o.okey = k.okey
            WHERE o.f0 = 'older' AND k.f <> o.f1""",
    )


def _count_repeats(
    connection: duckdb.DuckDBPyConnection, reading: Reading, facts: Facts, content: str
) -> None:
    """Count lines that repeat another line of their order in everything; in very large files, from a sample of orders."""
    share = (
        1
        if reading.rows <= EXACT_REPEATS_UP_TO or reading.options.drop_repeats
        else reading.rows // SAMPLED_ORDERS + 1
    )
    where = f"WHERE okey % {share} = 0" if share > 1 else ""
    if not reading.has("order_id"):
        facts.counts |= {"repeated_lines": 0, "repeated_amount": 0, "repeats_estimated": False}
        return
    lines, amount = _one(
        connection,
        f"""SELECT coalesce(sum(n - 1), 0), coalesce(sum(a * (n - 1)), 0) FROM (
            SELECT count(*) AS n, any_value(amt) AS a FROM regulars_settled_all {where}
            GROUP BY okey, ckey, {content} HAVING count(*) > 1)""",
    )
    facts.counts |= {
        "repeated_lines": int(lines) * share,
        "repeated_amount": amount * share,
        "repeats_estimated": share > 1,
    }


COMMON = "okey, ckey, pkey, f, r, n, instant, day, st, q, amt, coupon, channel, country, oid, credit"


def _own_money(reading: Reading) -> str:
    """Lines whose money stands on the line itself."""
    tax = "coalesce(abs(tax), 0)" if reading.has("tax") else "0::DECIMAL(18, 4)"
    discount = "coalesce(abs(discount), 0)" if reading.has("discount") else "0::DECIMAL(18, 4)"
    refund = "coalesce(abs(refunded), 0)" if reading.has("refunded") else "0::DECIMAL(18, 4)"
    # A refund as the customer saw it includes tax; only its merchandise share net of tax is taken back.
    share = f"""CASE WHEN {refund} = 0 THEN 0 WHEN paid > 0 THEN
        CAST({refund} * (CAST(paid - x AS DOUBLE) / CAST(paid AS DOUBLE)) AS DECIMAL(18, 4)) ELSE {refund} END"""
    back = share if reading.has("tax") and reading.has("refunded") else refund
    all_back = "whole OR taken_back"
    return f"""SELECT {COMMON}, shipping, shipping AS shipping_net, CAST(gross AS DECIMAL(18, 4)) AS gross,
            CAST(discount AS DECIMAL(18, 4)) AS discount, CAST(tax AS DECIMAL(18, 4)) AS tax,
            CAST(refunded AS DECIMAL(18, 4)) AS refunded,
            CAST(gross - discount - tax - refunded AS DECIMAL(18, 4)) AS net
        FROM (SELECT {COMMON}, shipping,
            CASE WHEN v >= 0 THEN v ELSE 0 END AS gross,
            CASE WHEN v >= 0 THEN d ELSE 0 END AS discount,
            CASE WHEN v >= 0 THEN x ELSE 0 END AS tax,
            CASE WHEN v < 0 THEN -v - d - x WHEN {all_back} THEN v - d - x ELSE {back} END AS refunded
        FROM (SELECT *, v - d AS paid FROM (
            SELECT * EXCLUDE (discount, tax), {discount} AS d, {tax} AS x, CASE WHEN credit THEN -abs(g) ELSE g END AS v
            FROM (SELECT * REPLACE (coalesce(g, amt) AS g) FROM regulars_settled))))"""


def _order_money(connection: duckdb.DuckDBPyConnection, reading: Reading) -> str:
    """Lines whose order says the total, the discount, the tax, the delivery or the refund: shared out to the 4th decimal."""
    return shares.lines(connection, reading, COMMON)
