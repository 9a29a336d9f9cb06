"""Who is this: ids and e-mails become numbers at the door, and guests join the one known customer with their e-mail.

Two known customers are never merged: an e-mail that two ids share joins nobody.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from regulars.sources.reading import Reading

if TYPE_CHECKING:
    import duckdb


def prepare(connection: duckdb.DuckDBPyConnection, relation: str, reading: Reading) -> tuple[str, str]:
    """Make the dictionary of customers if one is needed; return (SQL of the key, SQL of the join) for rows ``c``.

    Numeric ids are their own keys and cost nothing; texts and e-mails get dense keys after them.
    """
    found = reading.ids.get("customer_id")
    numeric = bool(found and found.whole)
    mails = reading.has("email")
    if numeric and not mails:
        connection.execute(
            "CREATE OR REPLACE TEMP TABLE regulars_people (ref VARCHAR, key BIGINT, known VARCHAR)"
        )
        return "c.cid", ""
    # Only what is not its own key enters the dictionary: guests' e-mails, and ids that are texts.
    wanted = "mail IS NOT NULL" if numeric else "(cid IS NOT NULL OR mail IS NOT NULL)"
    connection.execute(
        f"""CREATE OR REPLACE TEMP TABLE regulars_pairs AS
            SELECT DISTINCT cid, mail FROM {relation} WHERE why IS NULL AND {wanted}"""
    )
    start = (
        connection.execute(f"SELECT coalesce(max(cid), 0) FROM {relation} WHERE why IS NULL").fetchone()
        if numeric
        else (0,)
    )
    guests = "cid IS NULL" if numeric else "true"
    connection.execute(
        f"""CREATE OR REPLACE TEMP TABLE regulars_people AS
            WITH owners AS (SELECT mail, min(cid) AS cid FROM regulars_pairs WHERE mail IS NOT NULL AND cid IS NOT NULL
                GROUP BY mail HAVING count(*) = 1),
            numbered AS (SELECT ref, row_number() OVER (ORDER BY ref) + {int(start[0]) if start else 0} AS own
                FROM (SELECT DISTINCT {_ref(numeric=numeric)} AS ref FROM regulars_pairs WHERE {guests}))
            SELECT n.ref, coalesce({_owner_key(numeric=numeric)}, n.own) AS key,
                CAST(o.cid AS VARCHAR) AS known
            FROM numbered n LEFT JOIN owners o ON n.ref = 'm' || o.mail
            {"" if numeric else "LEFT JOIN numbered k ON k.ref = 'i' || o.cid"}"""
    )
    key = "coalesce(c.cid, p.key)" if numeric else "p.key"
    wanted = _ref(numeric=numeric, table="c.")
    if numeric:
        # One equation: a second condition on the rows alone would make the engine compare every row with every person.
        wanted = f"CASE WHEN c.cid IS NULL THEN {wanted} END"
    return key, f"LEFT JOIN regulars_people p ON p.ref = {wanted}"


def _ref(*, numeric: bool, table: str = "") -> str:
    mail = f"'m' || {table}mail"
    return mail if numeric else f"coalesce('i' || {table}cid, {mail})"


def _owner_key(*, numeric: bool) -> str:
    return "o.cid" if numeric else "k.own"


def names(orders: str) -> str:
    """SQL: customer_key and the id the shop knows it by, for the customers of an orders relation."""
    return f"""SELECT o.customer_key, coalesce(p.name, CAST(o.customer_key AS VARCHAR)) AS customer_id
        FROM (SELECT DISTINCT customer_key FROM {orders} WHERE customer_key IS NOT NULL) o
        LEFT JOIN (SELECT key, coalesce(min(ref[2:]) FILTER (WHERE ref[1] = 'i'), min(known), min(ref[2:])) AS name
            FROM regulars_people GROUP BY key) p ON p.key = o.customer_key"""


def guests_joined() -> str:
    """SQL: how many distinct guest e-mails joined a known customer."""
    return "SELECT count(*) FROM regulars_people WHERE known IS NOT NULL AND ref[1] = 'm'"
