"""What referred customers are worth: credited once, to one referrer, beside the referrer's own value and never in it."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest
from tests.shops import make_orders
from tests.value.test_estimate import CUT, shop

from regulars import value


def referred() -> list[dict[str, object]]:
    """Every fourth customer was brought by the one before; on a later order some name another one, who is too late."""
    rows, seen = [], set()
    for key, on, amount in sorted(shop(), key=lambda row: row[1]):
        by = None if key % 4 else (key - 1 if key not in seen else key - 2)
        seen.add(key)
        rows.append({"customer": key, "at": on, "amount": amount, "referred_by": by})
    return rows


def test_the_value_of_those_brought_is_credited_once_and_added_to_nobodys() -> None:
    rows = referred()
    with make_orders(rows) as orders, make_orders(shop()) as plain:
        told = value.estimate(orders, horizon_days=180)
        without = value.estimate(plain, horizon_days=180)
        [group] = [row for row in told.totals_by("referral").to_pylist() if row["group"] == "referred"]
    table = told.customers.to_pandas().set_index("customer_key")
    assert np.allclose(
        table.clv, without.customers.to_pandas().set_index("customer_key").clv.loc[table.index]
    )
    brought = [key for key in table.index if key % 4 == 0 and key - 1 in table.index]
    assert table.clv_referred.sum() == pytest.approx(table.clv.loc[brought].sum())
    assert table.referred_customers.sum() == len(brought)
    for key in brought[:50]:
        assert table.clv_referred[key - 1] == pytest.approx(table.clv[key])
    assert (table.clv_referred[table.referred_customers == 0] == 0).all()
    assert group["expected"] == pytest.approx(told.to_json()["referrals"]["expected"])


def test_who_was_named_later_is_not_known_yet() -> None:
    rows = referred()
    with make_orders(rows) as orders:
        now, then = value.estimate(orders), value.estimate(orders, as_of=CUT)
        late = value.estimate(orders, as_of=date(2023, 1, 1) + timedelta(days=40))
    for told in (now, then, late):
        assert len(told.referrals.referred) == sum(told.customers["referred_customers"].to_pylist())
    assert len(late.referrals.referred) < len(then.referrals.referred) <= len(now.referrals.referred)


def test_without_the_column_it_is_unknown_and_not_zero() -> None:
    with make_orders(shop()) as orders:
        told = value.estimate(orders)
        assert told.to_json()["referrals"] is None
    assert told.referrals is None
    for name in ("clv_referred", "referred_customers"):
        assert told.customers[name].null_count == len(told.customers)


def test_without_a_forecast_there_are_customers_but_no_value() -> None:
    on = date(2024, 1, 1)
    rows = [
        {"customer": "a", "at": on, "amount": "5"},
        {"customer": "b", "at": on, "amount": "5", "referred_by": "a"},
        {"customer": "c", "at": on, "amount": "5", "referred_by": "a", "status": "cancelled"},
    ]
    with make_orders(rows) as few:
        told = value.estimate(few)
    assert told.customers["referred_customers"].to_pylist() == [1, 0]
    assert told.customers["clv_referred"].to_pylist() == [None, None]
    assert told.to_json()["referrals"] == {"referred_customers": 1, "referrers": 1, "expected": None}
