"""The source's rows with every cell read: typed, judged, and nothing decided yet about orders.

One SELECT. Where text must be parsed its result is written once to Parquet; typed sources are read in place.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from regulars.sources import zones
from regulars.sources.dates import Moment
from regulars.sources.ids import Id
from regulars.sources.money import ABSURD, Number, money
from regulars.sources.packed import ITEM_NUMBER
from regulars.sources.quoting import column, text
from regulars.sources.reading import CURRENCY_SIGNS, Reading
from regulars.sources.recognise import FLAGS, INTEGRAL
from regulars.sources.status import CANCELLED, CREDIT, PAID, REFUNDED, TEST

if TYPE_CHECKING:
    import duckdb

    from regulars.sources.raw import Raw

FIRST_YEAR = 1990
GUESTS = "|guest|gość|gosc|anonymous|anonim|unknown|nieznany|brak|not registered|n/d|"
TEXTS = {
    "coupon": "coupon_code",
    "channel": "channel",
    "country": "country",
    "title": "title",
    "category": "category",
}
LINE_MONEY = ("discount", "tax", "refunded", "shipping")
ORDER_MONEY = ("order_total", "subtotal", "order_discount", "order_tax", "shipping_tax", "order_refunded")
HEADS = ("wall", "off", "cid", "mail", "st", "whole", "cur", "coupon", "channel", "country")


def build(connection: duckdb.DuckDBPyConnection, raw: Raw, reading: Reading, scratch: Path) -> None:
    """Read every cell and leave the result under the name ``regulars_filled``."""
    cleaned = f"SELECT {_cleaned(raw, reading)} FROM {raw.relation}"
    opened = f"SELECT *, {_opened(reading)} FROM ({cleaned})"
    parsed = f"SELECT {_parsed(reading)} FROM ({opened})"
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


def _cleaned(raw: Raw, reading: Reading) -> str:
    """Every canonical column as ``t_name``: typed cells as they are, texts without their edges and blanks."""
    number = ITEM_NUMBER if reading.found.packed else raw.row_column
    parts = [f"{raw.file_column} AS f", f"{raw.row_column} AS r", f"CAST({number} AS BIGINT) AS n"]
    readers: tuple[Mapping[str, Number | Moment | Id], ...] = (reading.numbers, reading.moments, reading.ids)
    written = {name: read.written for each in readers for name, read in each.items()}
    for name, source in reading.found.columns.items():
        cell = column(source)
        if not written.get(name, True):
            parts.append(f"{cell} AS t_{name}")
            continue
        cell = f"CAST({cell} AS VARCHAR)"
        if name == "status":  # compared with the raw words that were surveyed
            parts.append(f"{cell} AS t_{name}")
            continue
        clean = reading.ids[name].clean(cell) if name in reading.ids else f"regulars_text({cell})"
        parts.append(f"{clean} AS t_{name}")
    return ", ".join(parts)


def _opened(reading: Reading) -> str:
    """What is needed more than once to read a text: digits, the moment without its offset, the offset."""
    moment = reading.moments["ordered_at"]
    parts = [
        f"{moment.bare('t_ordered_at')} AS w_ordered_at",
        f"{moment.offset('t_ordered_at')} AS o_ordered_at",
    ]
    parts += [f"{read.digits(f't_{n}')} AS d_{n}" for n, read in reading.numbers.items() if read.written]
    return ", ".join(parts)


def _parsed(reading: Reading) -> str:
    """Every canonical value, read from its cell."""
    moment = reading.moments["ordered_at"]
    wall = moment.wall("t_ordered_at", "w_ordered_at")
    values = {
        "oid": reading.ids["order_id"].value("t_order_id") if reading.has("order_id") else "NULL::BIGINT",
        "cid": _customer(reading),
        "mail": "CASE WHEN contains(t_email, '@') THEN lower(t_email) END"
        if reading.has("email")
        else "NULL::VARCHAR",
        "pid": _product(reading),
        **{short: f"t_{name}" if reading.has(name) else "NULL::VARCHAR" for short, name in TEXTS.items()},
        "wall": _with_clock(wall) if reading.has("time") else wall,
        "off": "CAST(CASE WHEN o_ordered_at <> '' THEN regulars_offset_minutes(o_ordered_at) END AS INTEGER)",
        "undated": "(t_ordered_at IS NULL)",
        "st": _status(reading),
        "whole": _whole(reading),
        "credit": _word_in([word for word, code in reading.statuses.items() if code == CREDIT]),
        "cur": _currency(reading),
    }
    if reading.has("referred_by"):
        values["referrer"] = _referrer(reading)
    if not moment.offsets:
        values["off"] = "NULL::INTEGER"
    for name, read in reading.numbers.items():
        values[f"x_{name}"] = read.value(f"t_{name}", f"d_{name}")
    kept = [f"t_{name} AS c_{name}" for name in reading.numbers]
    return ", ".join(["f", "r", "n", *(f"{value} AS {name}" for name, value in values.items()), *kept])


def _working(reading: Reading) -> list[str]:
    """Columns needed only to judge a row."""
    return ["undated", *(f"{letter}_{name}" for name in reading.numbers for letter in "xc")]


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
    value = found.value("t_customer_id")
    if found.whole:
        return f"nullif({value}, 0)" if guests else value
    value = f"nullif({value}, '0')" if guests else value
    return f"CASE WHEN strlen({value}) > 14 OR NOT contains('{GUESTS}', concat('|', lower({value}), '|')) THEN {value} END"


def _referrer(reading: Reading) -> str:
    """The customer who is named as having brought this one, as the shop writes ids: whole numbers without ``.0``."""
    value = f"CAST({reading.ids['referred_by'].value('t_referred_by')} AS VARCHAR)"
    return f"regexp_replace({value}, '^([0-9]+)\\.0+$', '\\1')"


def _product(reading: Reading) -> str:
    found = reading.ids.get("product_id")
    titled = reading.has("title")
    named = "t_title" if titled else "NULL::BIGINT"
    if not found:
        return named
    value = found.value("t_product_id")
    return f"coalesce(CAST({value} AS VARCHAR), {named})" if found.nulls and titled else value


def _with_clock(wall: str) -> str:
    """A day and a time of day that stand in two columns."""
    forms = "['%I:%M:%S %p', '%I:%M %p', '%I:%M:%S%p', '%I:%M%p']"
    clock = (
        "coalesce(TRY_CAST(t_time AS TIME), CAST(try_strptime(upper(t_time), "
        f"{forms}) AS TIME), TIME '00:00')"
    )
    return f"CASE WHEN {wall} = date_trunc('day', {wall}) THEN CAST({wall} AS DATE) + {clock} ELSE {wall} END"


def _status(reading: Reading) -> str:
    whens = []
    if reading.has("cancelled_at"):
        whens.append(f"WHEN t_cancelled_at IS NOT NULL THEN {CANCELLED}")
    if reading.has("test"):
        whens.append(f"WHEN {_flag('test')} THEN {TEST}")
    for word, code in reading.statuses.items():
        plain = PAID if code in (REFUNDED, CREDIT) else code
        whens.append(f"WHEN t_status = {text(word)} THEN {plain}")
    rest = "NULL" if reading.found.profile and reading.found.profile.sparse else str(PAID)
    return f"CAST(CASE {' '.join(whens)} ELSE {rest} END AS TINYINT)" if whens else f"{rest}::TINYINT"


def _whole(reading: Reading) -> str:
    words = _word_in([word for word, code in reading.statuses.items() if code == REFUNDED])
    return (
        f"({words} OR coalesce({_flag('refunded_flag')}, false))" if reading.has("refunded_flag") else words
    )


def _word_in(words: list[str]) -> str:
    return (
        f"coalesce({' OR '.join(f't_status = {text(word)}' for word in words)}, false)" if words else "false"
    )


def _flag(name: str) -> str:
    true = "|".join(word for word, value in FLAGS.items() if value)
    return f"contains('|{true}|', concat('|', lower(t_{name}), '|'))"


def _currency(reading: Reading) -> str:
    if not reading.has("currency") or not reading.rates:
        return "NULL::VARCHAR"
    words = " ".join(f"WHEN {text(code)} THEN {text(code)}" for code in sorted(reading.rates))
    signs = " ".join(f"WHEN {text(sign)} THEN {text(code)}" for sign, code in CURRENCY_SIGNS.items())
    return f"CASE upper(t_currency) {words} {signs} END"


def _line_money(reading: Reading) -> str:
    """The amount of the row as the file says it (``amt``) and at list price (``g``), and the other money."""
    numbers = reading.numbers
    profile = reading.found.profile
    before = bool(profile and (profile.packed or profile.name == "square"))
    product = None
    if "unit_price" in numbers:
        product = "x_unit_price * coalesce(x_quantity, 1)" if "quantity" in numbers else "x_unit_price"
    listed = None
    if "amount" in numbers:
        discount = "coalesce(abs(x_discount), 0)" if "discount" in numbers else "0"
        listed = "x_amount" if before else f"(x_amount + sign(x_amount) * {discount})"
    said = [value for value in (product, "x_amount" if "amount" in numbers else None) if value]
    said = said or [f"x_{name}" for name in ("order_total", "subtotal") if name in numbers]
    values = [value for value in (product, listed) if value]
    exact = f"coalesce({', '.join(values)})" if values else "NULL::DOUBLE"
    amount, gross = money(f"coalesce({', '.join(said)})"), money(exact)
    if _exact_product(reading):
        quantity = "CAST(c_quantity AS DECIMAL(18, 0))"
        if numbers["quantity"].nulls:
            quantity = f"coalesce({quantity}, 1)"
        amount = gross = f"CAST(CAST(c_unit_price AS DECIMAL(18, 4)) * {quantity} AS DECIMAL(18, 4))"
    units = "CAST(1 AS DECIMAL(18, 4))"
    if "quantity" in numbers:
        units = _money(reading, "quantity")
        units = (
            f"coalesce({units}, 1)" if numbers["quantity"].nulls or not numbers["quantity"].sound else units
        )
    parts = [f"{amount} AS amt", f"{gross} AS g", f"{exact} AS exact", f"{units} AS q"]
    for name in (*LINE_MONEY, *ORDER_MONEY, "cost"):
        value = _money(reading, name) if name in numbers else "NULL::DECIMAL(18, 4)"
        parts.append(f"{value} AS {name}")
    return ", ".join(parts)


def _money(reading: Reading, name: str) -> str:
    read = reading.numbers[name]
    return f"CAST(c_{name} AS DECIMAL(18, 4))" if read.exact else money(f"x_{name}")


def _exact_product(reading: Reading) -> bool:
    """Tell whether quantity × price is whole tenths of cents throughout, so that no floating point is needed."""
    quantity, price = (reading.numbers.get(name) for name in ("quantity", "unit_price"))
    return bool(
        quantity
        and price
        and price.exact
        and not price.nulls
        and quantity.exact
        and INTEGRAL.match(quantity.type)
        and quantity.largest * price.largest <= ABSURD
    )


def _why(reading: Reading) -> str:
    """``why`` (``column:reason``, nothing for a usable row); only what the whole column does not rule out is asked."""
    sparse = bool(reading.found.profile and reading.found.profile.sparse)
    numbers = {name: read for name, read in reading.numbers.items() if name != "cost" and not read.sound}
    product = _exact_product(reading)
    whens = [] if _sound_moments(reading) else _moment_reasons(reading, sparse=sparse)
    whens += [(name, "not_a_number", read.bad(f"c_{name}", f"x_{name}")) for name, read in numbers.items()]
    whens += [(name, "absurd", f"abs(x_{name}) > {ABSURD}") for name in numbers]
    if not product:
        whens.append(("amount", "absurd", f"abs(exact) > {ABSURD}"))
    if sparse:
        whens.append(("order_id", "missing", "oid IS NULL"))
    elif not product:
        whens.append(("amount", "missing", "amt IS NULL"))
    if not whens:
        return "NULL::VARCHAR AS why, false AS rounded"
    why = " ".join(f"WHEN {condition} THEN {text(name + ':' + reason)}" for name, reason, condition in whens)
    rounded = "false" if product else "coalesce(abs(exact - CAST(g AS DOUBLE)) > 1e-9 * abs(exact), false)"
    return f"CASE {why} END AS why, {rounded} AS rounded"


def _moment_reasons(reading: Reading, *, sparse: bool) -> list[tuple[str, str, str]]:
    today = reading.options.today
    whens = [] if sparse else [("ordered_at", "missing", "undated")]
    whens.append(("ordered_at", "not_a_date", "wall IS NULL AND NOT undated"))
    whens.append(("ordered_at", "too_early", f"wall < TIMESTAMP '{FIRST_YEAR}-01-01'"))
    if today:
        whens.append(("ordered_at", "in_the_future", f"wall >= TIMESTAMP '{today + timedelta(days=2)}'"))
    return whens


def _sound_moments(reading: Reading) -> bool:
    """Tell whether every moment of a typed column is there and plausible."""
    moment, today = reading.moments["ordered_at"], reading.options.today
    plain = re.compile(r"\d{4}-\d\d-\d\d")
    return bool(
        plain.fullmatch(moment.first)
        and plain.fullmatch(moment.last)
        and not moment.nulls
        and not reading.has("time")
        and moment.first >= f"{FIRST_YEAR}-01-02"
        and (today is None or moment.last <= str(today + timedelta(days=1)))
    )


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
    moment = reading.moments["ordered_at"]
    if _sound_moments(reading):
        return int(moment.first[:4]) - 1, int(moment.last[:4]) + 1
    return FIRST_YEAR - 1, reading.options.today.year + 1 if reading.options.today else 2100


def _instant(reading: Reading) -> str:
    moment, zone = reading.moments["ordered_at"], reading.options.time_zone
    if moment.has_zone:
        return f"wall AS instant, {zones.local_day('wall', zone, *years(reading))} AS day"
    local = zones.instant("wall", zone, *years(reading))
    if not moment.offsets:
        return f"{local} AS instant, CAST(wall AS DATE) AS day"
    told = "wall - to_minutes(off)"
    # A shop that was given no zone of its own keeps the calendar of its own offsets.
    day = "CAST(wall AS DATE)" if zone == "UTC" else zones.local_day(f"({told})", zone, *years(reading))
    return (
        f"CASE WHEN off IS NULL THEN {local} ELSE {told} END AS instant, "
        f"CASE WHEN off IS NULL THEN CAST(wall AS DATE) ELSE {day} END AS day"
    )
