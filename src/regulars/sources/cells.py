"""The source's rows with every cell read: typed, judged, and nothing decided yet about orders.

One SELECT. Where text must be parsed its result is written once to Parquet; typed sources are read in place.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from regulars.sources import zones
from regulars.sources.money import ABSURD, money
from regulars.sources.packed import ITEM_NUMBER
from regulars.sources.quoting import column, text
from regulars.sources.reading import Reading, code_of
from regulars.sources.recognise import FLAGS
from regulars.sources.status import CANCELLED, CREDIT, PAID, REFUNDED, TEST

if TYPE_CHECKING:
    import duckdb

    from regulars.sources.raw import Raw

FIRST_YEAR = 1990
GUESTS = "|guest|gość|gosc|anonymous|anonim|unknown|nieznany|brak|not registered|n/d|"
LINE_MONEY = ("discount", "tax", "refunded", "shipping")
ORDER_MONEY = ("order_total", "subtotal", "order_discount", "order_tax", "shipping_tax", "order_refunded")
HEADS = ("wall", "off", "cid", "mail", "st", "whole", "cur", "coupon", "channel", "country")
TEXTS = {
    "coupon": "coupon_code",
    "channel": "channel",
    "country": "country",
    "title": "title",
    "category": "category",
}


def build(connection: duckdb.DuckDBPyConnection, raw: Raw, reading: Reading, scratch: Path) -> None:
    """Read every cell and leave the result under the name ``regulars_filled``."""
    parsed = f"SELECT {_parsed(raw, reading)} FROM {raw.relation}"
    judged = f"SELECT *, {_line_money(reading)} FROM ({parsed})"
    select = f"SELECT * EXCLUDE ({', '.join(_working(reading))}), {_why(reading)} FROM ({judged})"
    sparse = bool(reading.found.profile and reading.found.profile.sparse)
    if reading.keeps and not sparse:
        reading.keep(connection, "regulars_filled", _filled(reading, f"({select})"))
        return
    if reading.keeps:
        reading.keep(connection, "regulars_cells", select)
    elif reading.textual:
        path = scratch / "cells.parquet"
        connection.execute(f"COPY ({select}) TO {text(str(path))} (FORMAT parquet, COMPRESSION snappy)")
        select = f"SELECT * FROM read_parquet({text(str(path))})"
    if not reading.keeps:
        connection.execute(f"CREATE OR REPLACE TEMP VIEW regulars_cells AS {select}")
    reading.keep(connection, "regulars_filled", _filled(reading, "regulars_cells"))


def _parsed(raw: Raw, reading: Reading) -> str:
    """Every canonical column, read from its cell."""
    c = reading.found.columns
    types = raw.types
    number = ITEM_NUMBER if reading.found.packed else raw.row_column
    parts = [f"{raw.file_column} AS f", f"{raw.row_column} AS r", f"CAST({number} AS BIGINT) AS n"]
    parts.append(f"{reading.ids['order_id'].value if 'order_id' in c else 'NULL::BIGINT'} AS oid")
    parts.append(f"{_customer(reading)} AS cid")
    mail = f"lower(regulars_text(CAST({column(c['email'])} AS VARCHAR)))" if "email" in c else None
    parts.append(
        (f"CASE WHEN contains({mail}, '@') THEN {mail} END" if mail else "NULL::VARCHAR") + " AS mail"
    )
    parts.append(f"{_product(reading)} AS pid")
    for short, name in TEXTS.items():
        cell = f"regulars_text(CAST({column(c[name])} AS VARCHAR))" if name in c else "NULL::VARCHAR"
        parts.append(f"{cell} AS {short}")
    moment = reading.moments["ordered_at"]
    parts.append(f"{_with_clock(raw, reading, moment.wall)} AS wall")
    parts.append(f"{moment.offset_minutes}::INTEGER AS off")
    parts.append(f"({_cell(c['ordered_at'], types)} IS NULL) AS undated")
    for name, read in reading.numbers.items():
        parts.append(f"{read.value} AS x_{name}")
        parts.append(f"{read.bad or 'false'} AS b_{name}")
    parts.append(f"{_status(raw, reading)} AS st")
    parts.append(f"{_whole(reading)} AS whole")
    parts.append(f"{_credit(reading)} AS credit")
    parts.append(f"{_currency(reading)} AS cur")
    return ", ".join(parts)


def _working(reading: Reading) -> list[str]:
    """Columns needed only to judge a row."""
    return ["undated", *(f"{letter}_{name}" for name in reading.numbers for letter in "xb")]


def _cell(source: str, types: dict[str, str]) -> str:
    return column(source) if types[source] != "VARCHAR" else f"regulars_text({column(source)})"


def _customer(reading: Reading) -> str:
    found = reading.ids.get("customer_id")
    if not found:
        return "NULL::BIGINT"
    profile = reading.found.profile
    guests = bool(found.zeros) and (
        reading.has("email")
        or bool(profile and profile.zero_is_guest)
        or found.zeros > max(20, reading.rows // 100)
    )
    if found.whole:
        return f"nullif({found.value}, 0)" if guests else found.value
    value = f"nullif({found.value}, '0')" if guests else found.value
    return f"CASE WHEN strlen({value}) > 14 OR NOT contains('{GUESTS}', concat('|', lower({value}), '|')) THEN {value} END"


def _product(reading: Reading) -> str:
    found = reading.ids.get("product_id")
    title = reading.found.get("title")
    if found and not (found.nulls and title):
        return found.value
    named = f"regulars_text(CAST({column(title)} AS VARCHAR))" if title else "NULL::BIGINT"
    return f"coalesce(CAST({found.value} AS VARCHAR), {named})" if found else named


def _with_clock(raw: Raw, reading: Reading, wall: str) -> str:
    source = reading.found.get("time")
    if not source:
        return wall
    if raw.types[source].startswith("TIME"):
        clock = f"CAST({column(source)} AS TIME)"
    else:
        cell = f"upper(regulars_text(CAST({column(source)} AS VARCHAR)))"
        forms = "['%I:%M:%S %p', '%I:%M %p', '%I:%M:%S%p', '%I:%M%p']"
        clock = (
            f"coalesce(TRY_CAST({cell} AS TIME), CAST(try_strptime({cell}, {forms}) AS TIME), TIME '00:00')"
        )
    return f"CASE WHEN {wall} = date_trunc('day', {wall}) THEN CAST({wall} AS DATE) + {clock} ELSE {wall} END"


def _status(raw: Raw, reading: Reading) -> str:
    whens = []
    if source := reading.found.get("cancelled_at"):
        whens.append(f"WHEN {_cell(source, raw.types)} IS NOT NULL THEN {CANCELLED}")
    if source := reading.found.get("test"):
        whens.append(f"WHEN {_flag(source)} THEN {TEST}")
    codes: dict[int, list[str]] = {}
    for word, code in reading.statuses.items():
        codes.setdefault(PAID if code in (REFUNDED, CREDIT) else code, []).append(word)
    if source := reading.found.get("status"):
        cell = f"regulars_text(CAST({column(source)} AS VARCHAR))"
        for code, words in codes.items():
            whens.extend(f"WHEN {cell} = {text(word)} THEN {code}" for word in words)
    rest = "NULL" if reading.found.profile and reading.found.profile.sparse else str(PAID)
    return f"CAST(CASE {' '.join(whens)} ELSE {rest} END AS TINYINT)" if whens else f"{rest}::TINYINT"


def _whole(reading: Reading) -> str:
    pieces = []
    words = [word for word, code in reading.statuses.items() if code == REFUNDED]
    if words:
        pieces.append(_word_in(reading, words))
    if source := reading.found.get("refunded_flag"):
        pieces.append(_flag(source))
    return f"coalesce({' OR '.join(pieces)}, false)" if pieces else "false"


def _credit(reading: Reading) -> str:
    words = [word for word, code in reading.statuses.items() if code == CREDIT]
    return f"coalesce({_word_in(reading, words)}, false)" if words else "false"


def _word_in(reading: Reading, words: list[str]) -> str:
    source = reading.found.columns["status"]
    cell = f"regulars_text(CAST({column(source)} AS VARCHAR))"
    return f"({' OR '.join(f'{cell} = {text(word)}' for word in words)})"


def _flag(source: str) -> str:
    true = "|".join(word for word, value in FLAGS.items() if value)
    return f"contains('|{true}|', concat('|', lower(regulars_text(CAST({column(source)} AS VARCHAR))), '|'))"


def _currency(reading: Reading) -> str:
    source = reading.found.get("currency")
    if not source or not reading.rates:
        return "NULL::VARCHAR"
    cell = f"regulars_text(CAST({column(source)} AS VARCHAR))"
    words = " ".join(f"WHEN {text(word)} THEN {text(word)}" for word in sorted(reading.rates))
    odd = " ".join(
        f"WHEN {text(sign)} THEN {text(code_of(sign))}" for sign in ("ZŁ", "ZL", "€", "$", "£", "KČ", "¥")
    )
    return f"CASE upper({cell}) {words} {odd} END"


def _line_money(reading: Reading) -> str:
    """The amount of the row as the file says it (``amt``) and at list price (``g``), and the other money."""
    numbers = reading.numbers
    profile = reading.found.profile
    amount = "x_amount" if "amount" in numbers else None
    discount = "coalesce(abs(x_discount), 0)" if "discount" in numbers else "0"
    before = bool(profile and (profile.packed or profile.name == "square"))
    paid_to_list = f"({amount} + sign({amount}) * {discount})" if amount and not before else amount
    product = None
    if "unit_price" in numbers:
        product = "x_unit_price * coalesce(x_quantity, 1)" if "quantity" in numbers else "x_unit_price"
    values = [value for value in (product, paid_to_list) if value]
    exact = f"coalesce({', '.join(values)})" if values else "NULL::DOUBLE"
    said = [value for value in (product, amount) if value] or [
        f"x_{name}" for name in ("order_total", "subtotal") if name in numbers
    ]
    quantity = "coalesce(x_quantity, 1)" if "quantity" in numbers else "1"
    told = f"coalesce({', '.join(said)})"
    parts = [
        f"{money(told)} AS amt",
        f"{money(exact)} AS g",
        f"{exact} AS exact",
        f"{money(quantity)} AS q",
    ]
    for name in (*LINE_MONEY, *ORDER_MONEY, "cost"):
        value = money(f"x_{name}") if name in numbers else "NULL::DECIMAL(18, 4)"
        parts.append(f"{value} AS {name}")
    return ", ".join(parts)


def _why(reading: Reading) -> str:
    """``why`` (``column:reason``, nothing for a usable row)."""
    sparse = bool(reading.found.profile and reading.found.profile.sparse)
    today = reading.options.today
    whens = [
        ("ordered_at", "not_a_date", "wall IS NULL AND NOT undated"),
        ("ordered_at", "too_early", f"wall < TIMESTAMP '{FIRST_YEAR}-01-01'"),
    ]
    if today:
        whens.append(("ordered_at", "in_the_future", f"wall >= TIMESTAMP '{today + timedelta(days=2)}'"))
    whens += [(name, "not_a_number", f"b_{name}") for name in reading.numbers if name != "cost"]
    whens += [(name, "absurd", f"abs(x_{name}) > {ABSURD}") for name in reading.numbers if name != "cost"]
    whens.append(("amount", "absurd", f"abs(exact) > {ABSURD}"))
    if not sparse:
        whens.insert(0, ("ordered_at", "missing", "undated"))
        whens.append(("amount", "missing", "amt IS NULL"))
    else:
        whens.append(("order_id", "missing", "oid IS NULL"))
    why = " ".join(f"WHEN {condition} THEN {text(name + ':' + reason)}" for name, reason, condition in whens)
    rounded = "coalesce(abs(exact - CAST(g AS DOUBLE)) > 1e-9 * abs(exact), false) AS rounded"
    return f"CASE {why} END AS why, {rounded}"


def _filled(reading: Reading, cells: str) -> str:
    """Order cells carried down to an order's other lines, money in one currency, moments as instants."""
    sparse = bool(reading.found.profile and reading.found.profile.sparse)
    relation = f"{cells} c"
    columns = "c.*"
    if sparse:
        heads = ", ".join(f"arg_min({name}, r) FILTER (WHERE {name} IS NOT NULL) AS {name}" for name in HEADS)
        filled = ", ".join(f"coalesce(c.{name}, h.{name}) AS {name}" for name in HEADS)
        relation += (
            f" LEFT JOIN (SELECT oid, f, {heads} FROM regulars_cells WHERE oid IS NOT NULL GROUP BY oid, f) h"
            " ON c.oid = h.oid AND c.f = h.f"
        )
        columns = f"c.* REPLACE ({filled}, coalesce(c.why, CASE WHEN coalesce(c.wall, h.wall) IS NULL"
        columns += " THEN 'ordered_at:missing' END) AS why)"
        columns = columns.replace("coalesce(c.st, h.st) AS st", f"coalesce(c.st, h.st, {PAID}) AS st")
        columns = columns.replace(
            "coalesce(c.whole, h.whole) AS whole", "coalesce(h.whole, c.whole) AS whole"
        )
    if reading.rates:
        amounts = ("amt", "g", *LINE_MONEY, *ORDER_MONEY)
        rate = " ".join(f"WHEN {text(code)} THEN {value}" for code, value in reading.rates.items())
        converted = ", ".join(
            f"CAST({name} * CAST(CASE cur {rate} ELSE 1 END AS DOUBLE) AS DECIMAL(18, 4)) AS {name}"
            for name in amounts
        )
        relation = f"(SELECT {columns} FROM {relation})"
        columns = f"* REPLACE ({converted})"
    return f"SELECT *, {_instant(reading)} FROM (SELECT {columns} FROM {relation})"


def years(reading: Reading) -> tuple[int, int]:
    """Return the years whose clock changes matter."""
    last = reading.options.today.year if reading.options.today else 2100
    return FIRST_YEAR, last


def _instant(reading: Reading) -> str:
    moment, zone = reading.moments["ordered_at"], reading.options.time_zone
    if moment.has_zone:
        return f"wall AS instant, {zones.local_day('wall', zone)} AS day"
    local = zones.instant("wall", zone, *years(reading))
    if not moment.offsets:
        return f"{local} AS instant, CAST(wall AS DATE) AS day"
    told = "wall - to_minutes(off)"
    # A shop that was given no zone of its own keeps the calendar of its own offsets.
    day = "CAST(wall AS DATE)" if zone == "UTC" else zones.local_day(f"({told})", zone)
    return (
        f"CASE WHEN off IS NULL THEN {local} ELSE {told} END AS instant, "
        f"CASE WHEN off IS NULL THEN CAST(wall AS DATE) ELSE {day} END AS day"
    )
