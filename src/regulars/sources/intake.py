"""What came in and what became of it: every row and every cent accounted for."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from regulars.kit.errors import Kind, RegularsError
from regulars.kit.i18n import Phrase, mark
from regulars.sources import identity, packed, zones
from regulars.sources.cells import years
from regulars.sources.facts import Facts
from regulars.sources.quoting import column, text
from regulars.sources.reading import Reading

if TYPE_CHECKING:
    import duckdb

    from regulars.sources.raw import Raw

REASONS = {
    "missing": mark("the cell is empty"),
    "not_a_date": mark("not a date that can be read"),
    "too_early": mark("before 1990"),
    "in_the_future": mark("in the future"),
    "not_a_number": mark("not a number"),
    "absurd": mark("larger than any order can be"),
}
LONGEST = 500
"""Characters of a rejected cell that are kept."""

MASK = "regexp_replace({0}, '[^\\s@]+@[^\\s@]+', '***', 'g')"


def write_rejects(
    connection: duckdb.DuckDBPyConnection, raw: Raw, reading: Reading, seen: dict[str, Any], path: Path
) -> None:
    """Write every row that could not be used, with its line, column, cell and reason."""
    columns = " ".join(
        f"WHEN {text(name)} THEN {text(source)}" for name, source in reading.found.columns.items()
    )
    judged = {"ordered_at": reading.moments["ordered_at"].source} | {
        n: x.source for n, x in reading.numbers.items()
    }
    cells = " ".join(
        f"WHEN {text(n)} THEN CAST(s.{column(c)} AS VARCHAR)[1:{LONGEST}]" for n, c in judged.items()
    )
    reasons = " ".join(f"WHEN {text(code)} THEN {text(reason)}" for code, reason in REASONS.items())
    item = f" AND s.{packed.ITEM_NUMBER} = b.n" if reading.found.packed else ""
    limit = "" if seen["rows"] > seen["accepted"] else " LIMIT 0"
    rows = f"""SELECT s.__file, s.__row, b.name, b.code, CASE b.name {cells} END AS cell FROM {raw.relation} s JOIN (
            SELECT f, r, n, split_part(why, ':', 1) AS name, split_part(why, ':', 2) AS code
            FROM regulars_filled WHERE why IS NOT NULL{limit}) b
        ON s.__row = b.r AND s.__file = b.f{item}"""
    connection.execute(
        f"""COPY (SELECT __file AS file, line, CASE name {columns} ELSE name END AS "column",
                {MASK.format("cell")} AS value, CASE code {reasons} ELSE code END AS reason
            FROM ({raw.with_lines(f"({rows})") if not limit else f"SELECT *, 0::BIGINT AS line FROM ({rows}) LIMIT 0"})
            UNION ALL BY NAME SELECT file, line, "column", {MASK.format("value")} AS value, reason FROM {raw.rejects})
            TO {text(str(path))} (FORMAT parquet, COMPRESSION zstd)"""
    )


def check_usable(seen: dict[str, Any]) -> None:
    """Raise when not one row could be used, with the commonest reason."""
    if seen["accepted"]:
        return
    if not seen["rows"]:
        raise RegularsError("source.empty", mark("The file has a header but not one row."), kind=Kind.INVALID)
    why = seen["commonest"] or ""
    name, _, reason = why.partition(":")
    raise RegularsError(
        "source.nothing_usable",
        mark("Not one of {rows} rows could be used; most often because of {name}: {reason}."),
        hint=mark("Check the columns recognised, or name them with --map NAME=COLUMN."),
        rows=seen["rows"],
        name=name,
        reason=Phrase.of(REASONS.get(reason, reason)),
    )


def _row(connection: duckdb.DuckDBPyConnection, sql: str) -> dict[str, Any]:
    cursor = connection.execute(sql)
    names = [item[0] for item in cursor.description]
    return dict(zip(names, cursor.fetchone() or (), strict=False))


def overview(connection: duckdb.DuckDBPyConnection, reading: Reading) -> dict[str, Any]:
    """Count and sum the cells once, before anything is built on them."""
    moment = reading.moments["ordered_at"]
    unclear = (
        "false" if moment.has_zone else zones.unclear("wall", reading.options.time_zone, *years(reading))
    )
    if moment.offsets:
        unclear = f"(off IS NULL AND {unclear})"
    return _row(
        connection,
        f"""SELECT count(*) AS rows, count(*) FILTER (WHERE why IS NULL) AS accepted,
            coalesce(sum(amt), 0) AS amount, coalesce(sum(amt) FILTER (WHERE why IS NULL), 0) AS accepted_amount,
            coalesce(sum(amt) FILTER (WHERE why IS NOT NULL), 0) AS rejected_amount,
            count(*) FILTER (WHERE why IS NULL AND rounded) AS rounded,
            count(*) FILTER (WHERE why IS NULL AND {unclear}) AS unclear_clock,
            bool_or(wall <> date_trunc('day', wall)) FILTER (WHERE why IS NULL) AS clock,
            mode(why) AS commonest, coalesce(bool_or(amt < 0 OR q < 0 OR credit) FILTER (WHERE why IS NULL), false) AS negative,
            count(*) FILTER (WHERE why IS NULL AND cid IS NULL AND mail IS NULL) AS lines_without_customer
            FROM regulars_filled""",
    )


def summary(
    connection: duckdb.DuckDBPyConnection,
    raw: Raw,
    reading: Reading,
    facts: Facts,
    seen: dict[str, Any],
    folder: Path,
) -> dict[str, Any]:
    """Return the whole account, JSON-ready: money as decimal text, days as ISO text."""
    orders = f"read_parquet({text(str(folder / 'orders.parquet'))})"
    money = ("gross", "discount", "shipping", "tax", "refunded", "net")
    sums = ", ".join(f"coalesce(sum({name}), 0) AS {name}" for name in money)
    counted = _row(
        connection,
        f"""SELECT count(*) FILTER (WHERE kind = 'order') AS orders, count(*) FILTER (WHERE kind = 'refund') AS credit_notes,
            count(*) FILTER (WHERE status = 'cancelled') AS cancelled, count(*) FILTER (WHERE status = 'unpaid') AS unpaid,
            count(*) FILTER (WHERE status = 'test') AS tests,
            count(*) FILTER (WHERE kind = 'order' AND gross - discount = 0) AS zero_value,
            count(*) FILTER (WHERE customer_key IS NULL) AS orders_without_customer,
            count(DISTINCT customer_key) AS customers, coalesce(sum(lines), 0) AS lines,
            CAST(min(ordered_on) AS VARCHAR) AS first_day, CAST(max(ordered_on) AS VARCHAR) AS last_day, {sums}
            FROM {orders}""",
    )
    carried = _row(
        connection, "SELECT count(*) AS lines, coalesce(sum(amt), 0) AS amount FROM regulars_lines"
    )
    records = sum(file.records for file in raw.files) if reading.found.packed else int(seen["rows"])
    records += raw.rejected
    rejected = int(seen["rows"]) - int(seen["accepted"])
    by_rule = (
        []
        if not rejected
        else connection.execute(
            "SELECT why, count(*), coalesce(sum(amt), 0) FROM regulars_filled WHERE why IS NOT NULL GROUP BY 1 ORDER BY 2 DESC"
        ).fetchall()
    )
    repairs = _repairs(reading, facts, seen)
    taken_out = sum((Decimal(item["amount"]) for item in repairs), Decimal(0))
    difference = seen["accepted_amount"] - carried["amount"] - taken_out
    first, last = counted.pop("first_day"), counted.pop("last_day")
    account = {name: _text(counted.pop(name)) for name in money}
    repeats = facts.counts.get("repeated_lines", 0)
    if repeats and not reading.options.drop_repeats:
        reading.warn(
            "lines.repeated",
            mark(
                "{lines} lines repeat another line of their order in everything, worth {amount}. If exports overlap, "
                "use --drop-repeats."
            ),
            lines=repeats,
            amount=_text(facts.counts["repeated_amount"]),
            estimated=facts.counts["repeats_estimated"],
        )
    return {
        "files": [str(file.name) if hasattr(file, "name") else str(file) for file in raw.files],
        "columns": dict(reading.found.columns),
        "profile": reading.found.profile.name if reading.found.profile else None,
        "layout": layout(reading),
        "read": int(seen["rows"]) + raw.rejected,
        "records": records,
        "accepted": int(seen["accepted"]),
        "rejected": {
            "rows": rejected + raw.rejected,
            "rules": [
                *({"rule": why, "rows": int(rows), "amount": _text(amount)} for why, rows, amount in by_rule),
                *(
                    [{"rule": "row:unreadable", "rows": raw.rejected, "amount": "0.00"}]
                    if raw.rejected
                    else []
                ),
            ],
        },
        "repaired": repairs,
        "reconciliation": {
            "input": _text(seen["amount"]),
            "accepted": _text(seen["accepted_amount"]),
            "rejected": _text(seen["rejected_amount"]),
            "taken_out": _text(taken_out),
            "carried": _text(carried["amount"]),
            "difference": _text(difference),
            "account": account,
            **_totals(connection, reading, facts, orders),
        },
        "counts": {
            "records": records,
            **{name: int(value) for name, value in counted.items()},
            "lines_without_customer": int(seen["lines_without_customer"]),
            "guests_joined": int(connection.execute(identity.guests_joined()).fetchone()[0]),
            "repeated_lines": repeats,
            **{name: int(count) for name, count in facts.counts.items() if name.startswith("referrals")},
        },
        "dates": {"first": first, "last": last, "time_zone": reading.options.time_zone},
        "currency": reading.currency,
        "currencies": reading.several,
        "warnings": reading.warnings,
    }


def _totals(
    connection: duckdb.DuckDBPyConnection, reading: Reading, facts: Facts, orders: str
) -> dict[str, Any]:
    """Compare what the orders' own totals say with what was carried: paid merchandise and delivery, to the cent."""
    if not (facts.order_facts and reading.has("order_total")):
        return {}
    told = _row(
        connection,
        f"""SELECT coalesce(sum(total), 0) AS amount,
            coalesce(sum(CAST(gross AS DECIMAL(38, 4)) - discount + shipping + ship_tax), 0) AS carried
            FROM regulars_order_facts t JOIN {orders} o ON o.order_key = t.okey WHERE total >= 0""",
    )
    return {
        "order_totals": {
            "input": _text(told["amount"]),
            "carried": _text(told["carried"]),
            "difference": _text(told["amount"] - told["carried"]),
        }
    }


def layout(reading: Reading) -> str:
    """Name the shape of the source."""
    if reading.found.packed:
        return "packed"
    if reading.found.profile and reading.found.profile.sparse:
        return "shopify"
    has_lines = any(reading.has(name) for name in ("product_id", "title", "unit_price"))
    return "lines" if has_lines else "orders"


def _repairs(reading: Reading, facts: Facts, seen: dict[str, Any]) -> list[dict[str, Any]]:
    """List every repair that happened: rule, rows or orders touched, and the money it took out of the input."""
    counts = facts.counts
    dropped = counts.get("repeated_lines", 0) if reading.options.drop_repeats else 0
    found = [
        ("money.rounded", seen["rounded"], 0),
        ("clock.unclear", seen["unclear_clock"], 0),
        ("order.shared", counts.get("orders_shared", 0), 0),
        ("customer.carried", counts.get("orders_with_nobody_lines", 0), 0),
        ("status.mixed", counts.get("orders_of_mixed_status", 0), 0),
        (
            "order.in_older_file",
            counts.get("lines_from_older_files", 0),
            counts.get("amount_from_older_files", 0),
        ),
        ("line.repeated", dropped, counts.get("repeated_amount", 0) if dropped else 0),
    ]
    return [
        {"rule": rule, "rows": int(rows), "amount": _text(amount)} for rule, rows, amount in found if rows
    ]


def _text(amount: object) -> str:
    value = Decimal(str(amount))
    cents = value.quantize(Decimal("0.01"))
    return str(cents if cents == value else value.normalize())
