"""One hash of an order, twice: as SQL for loads and as Python for one order, always the same."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

import duckdb
from hypothesis import given
from hypothesis import settings as how
from hypothesis import strategies as st

from regulars.orders.content import HEAD, LINE, LINES_SQL, content, sql

TEXT = st.text(st.characters(blacklist_categories=("Cs",), blacklist_characters="\0"), max_size=12)
MINOR = st.integers(-(10**12), 10**12)
QUANTITY = st.integers(-(10**9), 10**9).map(lambda units: Decimal(units) / 10_000)
LINES = st.lists(
    st.tuples(st.integers(1, 99), st.none() | st.integers(1, 10**9), QUANTITY, MINOR, MINOR, MINOR, MINOR),
    min_size=1,
    max_size=5,
)
HEADS = st.tuples(
    TEXT, st.sampled_from(["order", "refund"]), st.sampled_from(["paid", "test"]), st.none() | st.integers(1, 10**9),
    st.datetimes(datetime(1970, 1, 1), datetime(2200, 1, 1)).map(lambda at: at.isoformat(sep=" ")),
    st.dates(date(1970, 1, 1), date(2200, 1, 1)).map(str), st.sampled_from(["PLN", "JPY"]), MINOR, MINOR, TEXT, TEXT, TEXT,
)  # fmt: skip
TYPES = dict.fromkeys(HEAD, "VARCHAR") | dict.fromkeys(
    ("customer_id", "shipping_minor", "shipping_net_minor"), "BIGINT"
)


@how(max_examples=30)
@given(HEADS, LINES)
def test_sql_and_python_agree(head: tuple, lines: list[tuple]) -> None:
    with duckdb.connect() as connection:
        columns = ", ".join(f"{name} {'DOUBLE' if name == 'quantity' else 'BIGINT'}" for name in LINE)
        connection.execute(f"CREATE TABLE l ({columns})")
        connection.executemany(
            "INSERT INTO l VALUES (?, ?, ?, ?, ?, ?, ?)",
            [(*row[:2], float(row[2]), *row[3:]) for row in lines],
        )
        connection.execute(f"CREATE TABLE h ({', '.join(f'{name} {TYPES[name]}' for name in HEAD[:-1])})")
        connection.execute(f"INSERT INTO h VALUES ({', '.join('?' * len(head))})", list(head))
        said = connection.execute(
            f"SELECT {sql('cells')} FROM h, (SELECT {LINES_SQL} AS cells FROM l)"
        ).fetchone()
    assert said == (content(head, lines),)
    assert content(head, lines[::-1]) == content(head, lines)
    other = (*head[:7], head[7] + 1, *head[8:])
    assert content(other, lines) != content(head, lines)
