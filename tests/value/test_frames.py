"""The customer summary against a plain loop over the same rows."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.shops import make_orders, named_cast

from regulars.value import frames

START = date(2024, 1, 1)


def summarised(rows: list[dict], as_of: date) -> dict[int, dict]:
    with make_orders(rows) as orders:
        engine = orders.workspace.engine
        table = engine.arrow(frames.customer_summary(frames.purchase_days(orders.orders), as_of))
    return {row["customer_key"]: row for row in table.to_pylist()}


def by_hand(rows: list[dict], as_of: date) -> dict[int, dict]:
    keys: dict[str, int] = {}
    bought: dict[int, dict[date, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    orders: dict[int, int] = defaultdict(int)
    refunded: dict[int, Decimal] = defaultdict(Decimal)
    for row in rows:
        if row["customer"] is None:
            continue
        key = keys.setdefault(row["customer"], len(keys) + 1)
        if row.get("status", "paid") != "paid" or row["at"] > as_of:
            continue
        if row.get("kind") == "refund":
            refunded[key] += Decimal(row["amount"])
            continue
        bought[key][row["at"]] += Decimal(row["amount"]) - Decimal(row.get("discount", 0))
        refunded[key] += Decimal(row.get("refunded", 0))
        orders[key] += 1
    return {
        key: {
            "x": len(days) - 1,
            "recency": (max(days) - min(days)).days,
            "T": (as_of - min(days)).days,
            "orders": orders[key],
            "spend": sum(days.values()),
            "refunded": refunded[key],
        }
        for key, days in bought.items()
    }


def test_the_named_cast_by_hand() -> None:
    found = summarised(named_cast(), date(2024, 5, 31))
    expected = by_hand(named_cast(), date(2024, 5, 31))
    assert found.keys() == expected.keys()
    for key, row in expected.items():
        assert {name: found[key][name] for name in row} == row
    ada = found[1]
    assert (ada["x"], ada["recency"], ada["T"], ada["spend"]) == (19, 133, 151, Decimal("500.0000"))


rows_of_a_shop = st.lists(
    st.builds(
        lambda customer, day, cents, kind, status: {
            "customer": customer, "at": START + timedelta(days=day), "amount": Decimal(cents) / 100, "kind": kind, "status": status,
        },
        st.sampled_from(["a", "b", "c", None]),
        st.integers(0, 40),
        st.integers(0, 100_000),
        st.sampled_from(["order", "order", "refund"]),
        st.sampled_from(["paid", "paid", "cancelled"]),
    ),
    min_size=1,
    max_size=25,
)  # fmt: skip


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(rows_of_a_shop, st.integers(0, 45))
def test_any_shop_agrees_with_a_plain_loop(rows: list[dict], day: int) -> None:
    as_of = START + timedelta(days=day)
    found, expected = summarised(rows, as_of), by_hand(rows, as_of)
    assert found.keys() == expected.keys()
    for key, row in expected.items():
        assert {name: found[key][name] for name in row} == row


@pytest.mark.parametrize("as_of", [START - timedelta(days=1), START])
def test_nothing_is_known_before_the_first_order(as_of: date) -> None:
    rows = [{"customer": "a", "at": START, "amount": "10"}]
    assert len(summarised(rows, as_of)) == (as_of >= START)
