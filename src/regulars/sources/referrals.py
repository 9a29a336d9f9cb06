"""Who brought whom: the customer named in the column ``referred_by`` becomes a key, each customer has one referrer at most.

The column holds what people typed or what a link carried, so little of it can be trusted: a name that is no customer of
this file, and a customer's own, are counted and left out; of several referrers the first one named counts.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from regulars.kit.i18n import mark
from regulars.sources.quoting import text

if TYPE_CHECKING:
    import duckdb

    from regulars.sources.reading import Reading


def write(connection: duckdb.DuckDBPyConnection, reading: Reading, folder: Path) -> dict[str, int]:
    """Write ``referrals.parquet`` (customer_key, referrer_key, named_on) and return what became of the names.

    Nothing is written, and nothing returned, where there is no such column or where nobody named in it is a customer of
    this file: then it holds something else.
    """
    if not reading.has("referred_by"):
        return {}
    connection.execute(_NAMED)
    counts = connection.execute(_COUNTS).fetchone() or (0, 0, 0, 0, 0)
    told = dict(
        zip(
            ("referrals", "referrals_of_self", "referrals_by_nobody", "referrals_by_several", "named"),
            map(int, counts),
            strict=True,
        )
    )
    if not told.pop("named"):
        reading.warn(
            "referrals.unknown",
            mark(
                "Nobody named in the column {column} is a customer of this file, so who brought whom stays unknown."
            ),
            column=reading.found.columns["referred_by"],
        )
        return {}
    path = text(str(folder / "referrals.parquet"))
    connection.execute(f"COPY ({_FIRST}) TO {path} (FORMAT parquet, COMPRESSION zstd)")
    return told


# An id is compared as text, so that a column of numbers may name customers with codes and the other way round; an e-mail
# names a customer only where it belongs to one alone.
_NAMED = """CREATE OR REPLACE TEMP TABLE regulars_named AS
    WITH names AS (
        SELECT CAST(cid AS VARCHAR) AS ref, min(ckey) AS rkey FROM regulars_settled
        WHERE cid IS NOT NULL AND ckey IS NOT NULL GROUP BY 1
        UNION ALL
        SELECT mail, min(ckey) FROM regulars_settled
        WHERE mail IS NOT NULL AND ckey IS NOT NULL GROUP BY 1 HAVING min(ckey) = max(ckey)),
    told AS (SELECT ckey, CASE WHEN contains(referrer, '@') THEN lower(referrer) ELSE referrer END AS ref,
            min(instant) AS instant, min(day) AS day
        FROM regulars_settled WHERE ckey IS NOT NULL AND referrer IS NOT NULL GROUP BY 1, 2)
    SELECT t.ckey, t.ref, t.instant, t.day, min(n.rkey) AS rkey
    FROM told t LEFT JOIN names n ON n.ref = t.ref GROUP BY 1, 2, 3, 4"""
_COUNTS = """SELECT count(*) FILTER (WHERE usable > 0), count(*) FILTER (WHERE own > 0), count(*) FILTER (WHERE nobody > 0),
        count(*) FILTER (WHERE usable > 1), coalesce(sum(known), 0)
    FROM (SELECT count(DISTINCT rkey) FILTER (WHERE rkey <> ckey) AS usable, count(*) FILTER (WHERE rkey = ckey) AS own,
            count(*) FILTER (WHERE rkey IS NULL) AS nobody, count(rkey) AS known
        FROM regulars_named GROUP BY ckey)"""
_FIRST = """SELECT ckey AS customer_key, arg_min(rkey, (instant, ref)) AS referrer_key, arg_min(day, (instant, ref)) AS named_on
    FROM regulars_named WHERE rkey <> ckey GROUP BY ckey ORDER BY ckey"""
