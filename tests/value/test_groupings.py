"""Ready-made groupings: who belongs where, that nobody is lost, and that folding small groups is honest about them."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import numpy as np
import pyarrow as pa
import pytest
from tests.shops import make_orders, named_cast
from tests.value.test_estimate import END, shop

from regulars import value
from regulars.kit.errors import RegularsError
from regulars.kit.unknown import Unknown
from regulars.lake import Orders
from regulars.value import groupings

CHANNELS = ("search", "Search ", None, "ads", "mail")
COUNTRIES = ("PL", "DE", None)


def laid_out() -> list[dict[str, object]]:
    """The usual shop, with a channel, a country and one of 40 products on each order."""
    return [
        {
            "customer": key,
            "at": on,
            "amount": amount,
            "channel": CHANNELS[key % 5],
            "country": COUNTRIES[key % 3],
            "referred_by": key - 1 if key % 4 == 0 else None,
            "product": f"P{(key * key + place) % 40:02}",
        }
        for place, (key, on, amount) in enumerate(shop())
    ]


@pytest.fixture(scope="module")
def orders() -> Orders:
    with make_orders(laid_out()) as made:
        yield made


@pytest.fixture(scope="module")
def estimated(orders: Orders) -> value.Value:
    return value.estimate(orders, horizon_days=180, margin=0.4)


@pytest.mark.parametrize("name", groupings.NAMES)
def test_the_groups_add_up_to_the_whole(estimated: value.Value, name: str) -> None:
    rows = estimated.totals_by(name).to_pylist()
    assert sum(row["customers"] for row in rows) == len(estimated.customers)
    assert sum(row["expected"] for row in rows) == pytest.approx(estimated.total.expected)
    assert all(row["low"] < row["expected"] < row["high"] for row in rows)


@pytest.mark.parametrize("name", groupings.NAMES)
def test_folding_loses_nobody_and_its_interval_is_that_of_the_sum(estimated: value.Value, name: str) -> None:
    whole = estimated.totals_by(name).to_pylist()
    rows = estimated.totals_by(name, most=2).to_pylist()
    last = rows[-1]
    assert last["groups"] == sum(row["groups"] for row in whole) - 2 or last["groups"] <= 1
    assert sum(row["expected"] for row in rows) == pytest.approx(estimated.total.expected)
    if last["groups"] > 1:
        kept = {row["group"] for row in rows[:-1] if row["groups"]}
        labels = estimated.labels(name).to_pylist()
        rest = pa.array([None if label in kept or label is None else "rest" for label in labels])
        [alone] = estimated.totals(rest).to_pylist()
        assert {key: last[key] for key in ("customers", "expected", "low", "high")} == pytest.approx(
            {key: alone[key] for key in ("customers", "expected", "low", "high")}
        )


def test_customers_of_whom_the_file_does_not_tell_stay_visible(estimated: value.Value) -> None:
    rows = {row["group"]: row for row in estimated.totals_by("channel").to_pylist()}
    keys = np.asarray(estimated.customers["customer_key"])
    assert rows[None]["groups"] == 0
    assert rows[None]["customers"] == int((keys % 5 == 2).sum())


def test_channels_written_differently_are_one(estimated: value.Value) -> None:
    assert set(estimated.labels("channel").to_pylist()) == {"Search", "ads", "mail", None}


def test_cohorts_follow_the_first_day(estimated: value.Value) -> None:
    for label, first in zip(
        estimated.labels("cohort").to_pylist(), estimated.customers["first_on"].to_pylist(), strict=True
    ):
        assert label == f"{first:%Y-%m}"


@pytest.mark.parametrize(("years", "label"), [(1, "2010-05"), (3, "2010-Q2"), (8, "2010")])
def test_older_shops_have_longer_cohorts(years: int, label: str) -> None:
    rows = [("a", date(2010, 5, 20), "5"), ("b", date(2010 + years, 5, 20), "5")]
    with make_orders(rows) as two:
        assert value.estimate(two).labels("cohort").to_pylist()[0] == label


def test_the_first_order_is_the_earliest_and_its_product_the_dearest() -> None:
    at = datetime(2024, 1, 1, 9, 0)
    rows = [
        {"order_id": "late", "customer": "a", "at": at + timedelta(hours=1), "amount": "90", "product": "x", "channel": "ads"},
        {"order_id": "early", "customer": "a", "at": at, "amount": "5", "product": "y", "channel": "mail"},
        {"order_id": "early", "customer": "a", "at": at, "amount": "20", "discount": "18", "product": "z"},
        {"order_id": "early", "customer": "a", "at": at, "amount": "3", "product": "w"},
        {"order_id": "early", "customer": "a", "at": at, "amount": "3", "product": "w"},
        {"order_id": "void", "customer": "a", "at": at - timedelta(days=1), "amount": "99", "product": "v", "status": "cancelled"},
        {"order_id": "back", "customer": "b", "at": at, "amount": "7", "kind": "refund"},
    ]  # fmt: skip
    with make_orders(rows) as orders:
        told = value.estimate(orders)
        assert told.labels("channel").to_pylist() == ["mail"]
        assert told.labels("first_product").to_pylist() == ["w"]


def test_later_orders_do_not_reach_the_labels(orders: Orders) -> None:
    past = value.estimate(orders, as_of=date(2023, 6, 1))
    assert len(past.labels("channel")) == len(past.customers)
    assert max(past.labels("cohort").to_pylist()) <= "2023-06"


def test_groups_that_overlap_count_a_customer_in_each(estimated: value.Value) -> None:
    keys = np.asarray(estimated.customers["customer_key"]).tolist()
    lists = pa.array([["even"] * (key % 2 == 0) + ["third"] * (key % 3 == 0) for key in keys])
    rows = {row["group"]: row for row in estimated.totals(lists).to_pylist()}
    clv = np.asarray(estimated.customers["clv"])
    assert rows["even"]["expected"] == pytest.approx(clv[np.array(keys) % 2 == 0].sum())
    assert rows["third"]["expected"] == pytest.approx(clv[np.array(keys) % 3 == 0].sum())
    [both] = groupings.totals(estimated, lists, most=0).to_pylist()
    assert (both["group"], both["groups"]) == (None, 2)


def test_what_the_orders_cannot_tell_is_said() -> None:
    with make_orders([(key, END, "5") for key in range(3)]) as plain:
        told = value.estimate(plain)
        assert isinstance(told.labels("channel"), Unknown)
        assert isinstance(told.totals_by("country"), Unknown)
        assert list(told.groupings.available) == ["cohort"]
    with make_orders(named_cast()) as few:
        told = value.estimate(few)
        assert set(told.groupings.available) == set(groupings.NAMES) - {"referral"}
        assert len(groupings.table(told, told.groupings.available)) == 0


def test_a_grouping_nobody_knows_is_refused(estimated: value.Value) -> None:
    with pytest.raises(RegularsError, match="no grouping named moon"):
        estimated.labels("moon")
