"""What only the whole order says (total, discount, tax, delivery, refund), shared out to its lines to the last digit.

With T the order's total, S its delivery, X its tax and R what was paid back: merchandise paid M = T − S,
tax of the merchandise is X, or X·M/T where prices include tax (then delivery bears its part of X), and
refunded = R·(M − tax)/T, so that a full refund leaves nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from regulars.sources.reading import Reading

if TYPE_CHECKING:
    import duckdb

DEC = "DECIMAL(18, 4)"
CENT = 0.015


def lines(connection: duckdb.DuckDBPyConnection, reading: Reading, common: str) -> str:
    """Make the table of order facts; return the SELECT of lines that carry their share of it."""
    value = "CASE WHEN credit THEN -abs(g) ELSE g END"
    discount = "coalesce(abs(discount), 0)"
    connection.execute(
        f"""CREATE OR REPLACE TEMP TABLE regulars_whole AS
            SELECT okey, CASE WHEN bool_or(credit) THEN -abs(max(order_total)) ELSE max(order_total) END AS total,
                max(subtotal) AS sub, coalesce(max(shipping), 0) AS ship, coalesce(max(abs(shipping_tax)), 0) AS ship_tax,
                max(abs(order_tax)) AS tax, max(abs(order_discount)) AS disc, max(abs(order_refunded)) AS back,
                bool_or(whole) AS whole, sum({value}) AS g, sum({discount}) AS line_disc,
                sum(coalesce(abs(tax), 0)) AS line_tax, sum(coalesce(abs(refunded), 0)) AS line_back,
                sum({value} - {discount}) AS base, count(*) AS n, min(r) AS first_r, min(n) AS first_n
            FROM regulars_settled GROUP BY okey"""
    )
    connection.execute(f"CREATE OR REPLACE TEMP TABLE regulars_order_facts AS {_facts(connection, reading)}")
    weight = "CASE WHEN w.base <> 0 THEN CAST(coalesce(v - d, 0) AS DOUBLE) / CAST(w.base AS DOUBLE) ELSE 1.0 / w.n END"
    names = ("paid", "disc", "tax", "back")
    shares = ", ".join(
        f"CAST({_line_discount() if name == 'disc' else f'CAST(w.{name} AS DOUBLE) * weight'} AS {DEC}) AS s_{name}"
        for name in names
    )
    # The first line takes what rounding left over, so that lines sum to their order exactly.
    exact = ", ".join(
        f"CAST(CASE WHEN first THEN s_{name} + w_{name} - sum(s_{name}) OVER (PARTITION BY okey) ELSE s_{name} END AS {DEC})"
        f" AS e_{name}"
        for name in names
    )
    totals = ", ".join(f"w.{name} AS w_{name}" for name in names)
    kept = ", ".join(f"x.{name.strip()}" for name in common.split(","))
    return f"""SELECT {common}, shipping, shipping_net,
            CAST(CASE WHEN e_paid >= 0 THEN e_paid + e_disc ELSE 0 END AS {DEC}) AS gross,
            CAST(CASE WHEN e_paid >= 0 THEN e_disc ELSE 0 END AS {DEC}) AS discount,
            CAST(CASE WHEN e_paid >= 0 THEN e_tax ELSE 0 END AS {DEC}) AS tax, CAST({_REFUNDED} AS {DEC}) AS refunded,
            CAST(CASE WHEN e_paid >= 0 THEN e_paid - e_tax ELSE 0 END - {_REFUNDED} AS {DEC}) AS net
        FROM (SELECT *, {exact} FROM (
            SELECT {kept}, x.taken_back, first, {totals}, {shares},
                CAST(CASE WHEN first THEN w.ship ELSE 0 END AS {DEC}) AS shipping,
                CAST(CASE WHEN first THEN w.ship_net ELSE 0 END AS {DEC}) AS shipping_net
            FROM (SELECT l.* EXCLUDE (shipping), l.r = w.first_r AND l.n = w.first_n AS first, {weight} AS weight
                FROM (SELECT *, {value} AS v, {discount} AS d FROM regulars_settled) l
                JOIN regulars_order_facts w ON w.okey = l.okey) x
            JOIN regulars_order_facts w ON w.okey = x.okey))"""


_REFUNDED = (
    "(CASE WHEN e_paid < 0 THEN -e_paid - abs(e_tax) WHEN taken_back THEN e_paid - e_tax ELSE e_back END)"
)


def _line_discount() -> str:
    """A line keeps its own discount; what the order has beyond that is shared like everything else."""
    return """CASE WHEN w.disc >= w.line_disc THEN CAST(d AS DOUBLE) + CAST(w.disc - w.line_disc AS DOUBLE) * weight
        ELSE CAST(w.disc AS DOUBLE) * CAST(d AS DOUBLE) / CAST(w.line_disc AS DOUBLE) END"""


def _facts(connection: duckdb.DuckDBPyConnection, reading: Reading) -> str:
    """One row an order: paid merchandise with its tax, discount, tax, refund net of tax, delivery."""
    profile = reading.found.profile
    discounted = bool(profile and profile.subtotal_is_discounted)
    disc = _discount(reading, discounted=discounted)
    after = "sub" if discounted else f"(sub - {disc})"
    found = connection.execute(
        f"""SELECT count(*) FILTER (WHERE abs({after} + ship - total) <= {CENT}),
                count(*) FILTER (WHERE abs({after} + ship + tax - total) <= {CENT}),
                count(*) FILTER (WHERE abs({after} + ship + tax + ship_tax - total) <= {CENT})
            FROM regulars_whole WHERE tax > 0 AND sub IS NOT NULL AND total IS NOT NULL"""
    ).fetchone()
    included, on_top, apart = found or (0, 0, 0)
    inclusive = included > max(on_top, apart)
    tax = "coalesce(tax, line_tax)"
    if inclusive:
        paid = "total - ship"
        own_tax = f"CASE WHEN total <> 0 THEN CAST({tax} AS DOUBLE) * CAST(total - ship AS DOUBLE) / CAST(total AS DOUBLE) ELSE 0 END"
        ship_net = f"CASE WHEN total <> 0 THEN ship - CAST({tax} AS DOUBLE) * CAST(ship AS DOUBLE) / CAST(total AS DOUBLE) ELSE ship END"
    else:
        paid = "total - ship - ship_tax"
        own_tax = tax if apart > on_top else f"{tax} - least(ship_tax, {tax})"
        ship_net = "ship"
    kept = "CAST(paid - own_tax AS DOUBLE)" + (
        " + CAST(ship_net AS DOUBLE)" if reading.options.delivery_counts else ""
    )
    given = "CASE WHEN whole AND coalesce(back, 0) = 0 THEN coalesce(total, paid) ELSE coalesce(back, line_back) END"
    back = f"CASE WHEN coalesce(total, paid) > 0 THEN CAST({given} AS DOUBLE) * ({kept}) / CAST(coalesce(total, paid) AS DOUBLE) ELSE 0 END"
    return f"""SELECT okey, n, base, line_disc, first_r, first_n, total, ship_tax, CAST(ship AS {DEC}) AS ship, CAST(ship_net AS {DEC}) AS ship_net,
            CAST(paid AS {DEC}) AS paid, CAST(disc AS {DEC}) AS disc, CAST(own_tax AS {DEC}) AS tax, CAST({back} AS {DEC}) AS back
        FROM (SELECT * REPLACE (least(disc, 1e12) AS disc), CAST({own_tax} AS {DEC}) AS own_tax, {ship_net} AS ship_net
            FROM (SELECT * REPLACE ({disc} AS disc), coalesce({paid}, {after}, g - {disc}) AS paid FROM regulars_whole))"""


def _discount(reading: Reading, *, discounted: bool) -> str:
    """The order's whole discount: what list prices exceed the subtotal by, else what the file calls so."""
    told = "greatest(coalesce(disc, 0), line_disc)"
    if discounted and reading.has("subtotal"):
        return f"CASE WHEN g IS NOT NULL AND sub IS NOT NULL THEN greatest(g - sub, 0) ELSE {told} END"
    if reading.has("subtotal") and not (reading.has("order_discount") or reading.has("discount")):
        return "greatest(coalesce(sub + ship - total, 0), 0)"
    return told
