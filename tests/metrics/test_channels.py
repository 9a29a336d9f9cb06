"""Acquisition cost, value to cost and payback equal sums made by hand and by the oracle."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

import pyarrow as pa
import pytest
from tests.metrics import oracle
from tests.shops import make_orders

from regulars import metrics
from regulars.kit.errors import RegularsError
from regulars.kit.unknown import Unknown

ROWS = [
    {"customer": "a", "at": date(2024, 1, 1), "amount": 50, "channel": "Ads"},
    {"customer": "a", "at": date(2024, 1, 11), "amount": 50, "channel": "mail"},
    {"customer": "b", "at": date(2024, 1, 2), "amount": 40, "channel": "ads "},
    {"customer": "b", "at": date(2024, 1, 5), "amount": 15, "kind": "refund"},
    {"customer": "c", "at": date(2024, 1, 3), "amount": 20},
    {"customer": "d", "at": date(2024, 3, 1), "amount": 70, "channel": "mail"},
]
COSTS = pa.table(
    {
        "date": [date(2024, 1, 1), date(2024, 1, 2), date(2024, 1, 10), date(2025, 1, 1)],
        "channel": ["ads", "ADS", "billboard", "ads"],
        "spend": [Decimal("20.00"), Decimal("10.50"), Decimal("5.00"), Decimal("999.00")],
    }
)


def rows_of(figures):
    return {row["channel"]: row for row in figures.tables["channels"].records()}


def test_by_hand():
    with make_orders(ROWS) as orders:
        figures = metrics.compute(orders, margin=0.5, costs=COSTS)
    assert figures["cac"].window == (date(2024, 1, 1), date(2024, 1, 10))
    assert figures["cac"].value == Decimal("11.8333")  # (20 + 10.50 + 5) / 3 customers: a, b, c
    assert figures["ltv_to_cac"].value == pytest.approx((100 + 25 + 20) * 0.5 / 35.5)
    assert figures["payback_days"].value == 0  # (50 + 40 + 20) × 0.5 = 55 ≥ 35.50 on the first day
    rows = rows_of(figures)
    assert rows["Ads"]["customers"] == 2
    assert rows["Ads"]["net"] == 125
    assert rows["Ads"]["spend"] == Decimal("30.50")
    assert rows["Ads"]["cac"] == Decimal("15.25")
    assert rows["Ads"]["ltv_to_cac"] == pytest.approx(62.5 / 30.5)
    assert rows["Ads"]["payback_days"] == 0
    assert rows["billboard"]["spend"] == 5
    assert rows["billboard"]["cac"] is None
    assert rows[None]["customers"] == 1
    assert rows[None]["new_customers"] == 1
    assert rows["mail"]["customers"] == 1
    assert rows["mail"]["new_customers"] == 0


def test_payback_comes_with_the_second_order():
    costs = pa.table({"date": ["2024-01-01"], "channel": ["ads"], "spend": ["30"]})
    with make_orders(ROWS) as orders:
        figures = metrics.compute(orders, margin=0.25, costs=costs)
        # only a was won in January 2024's first row (a monthly table covers January): a, b, c; 145 × 0.25 = 36.25 ≥ 30
        assert figures["cac"].window == (date(2024, 1, 1), date(2024, 1, 31))
        assert figures["payback_days"].value == 10
        dear = costs.set_column(2, "spend", pa.array(["37"]))
        assert isinstance(metrics.compute(orders, margin=0.25, costs=dear)["payback_days"].value, Unknown)


def test_payback_when_the_cost_is_reached_exactly():
    # the first orders of a, b and c bring 110 × 0.5 = 55; a third of 55 has no end in decimals
    for spend, day in (("55.00", 0), ("55.01", 10)):
        costs = pa.table({"date": ["2024-01-01", "2024-01-10"], "spend": ["0", spend]})
        with make_orders(ROWS) as orders:
            assert metrics.compute(orders, margin=0.5, costs=costs)["payback_days"].value == day


def test_oracle_over_channels():
    start, end = date(2024, 1, 1), date(2024, 1, 10)
    margin = Decimal("0.5")
    with make_orders(ROWS) as orders:
        figures = metrics.compute(orders, margin=0.5, costs=COSTS)
        expected = oracle.Shop(orders).channels(start, end)
    rows = {name and name.lower(): row for name, row in rows_of(figures).items()}
    for name, entry in expected.items():
        row = rows[name]
        assert (row["customers"], row["net"], row["new_customers"]) == (
            entry["customers"],
            entry["net"],
            entry["won"],
        )
        spend = row["spend"]
        if entry["won"] and spend:
            paid = [
                age
                for age, _ in sorted(entry["ages"])
                if sum(net for other, net in entry["ages"] if other <= age) * margin >= spend
            ]
            assert row["payback_days"] == (paid[0] if paid else None)


def test_without_a_margin_only_the_cost_is_known():
    with make_orders(ROWS) as orders:
        figures = metrics.compute(orders, costs=COSTS)
    assert figures["cac"].value == Decimal("11.8333")
    assert isinstance(figures["ltv_to_cac"].value, Unknown)
    assert "margin" in str(figures["payback_days"].value)


def test_nobody_won_and_nothing_spent():
    late = pa.table({"date": [date(2024, 2, 5)], "spend": [5.0]})
    never = pa.table({"date": [date(2020, 2, 5)], "spend": [5.0]})
    with make_orders(ROWS) as orders:
        assert metrics.compute(orders, costs=late)["cac"].value.code == "no_new_customers"
        assert metrics.compute(orders, costs=never)["cac"].value.code == "no_spend"
        assert metrics.compute(orders)["cac"].value.code == "no_costs"


def test_a_cost_table_without_channels_has_a_blended_cost():
    costs = pa.table({"date": [datetime(2024, 1, 1), datetime(2024, 1, 3)], "spend": [10.0, 5.0]})
    with make_orders(ROWS) as orders:
        figures = metrics.compute(orders, costs=costs)
    assert figures["cac"].value == 5


@pytest.mark.parametrize(
    ("table", "code"),
    [
        ({"day": ["2024-01-01"], "spend": [1.0]}, "costs.columns"),
        ({"date": ["soon"], "spend": [1.0]}, "costs.date"),
        ({"date": ["2024-01-01"], "spend": ["much"]}, "costs.spend"),
        ({"date": ["2024-01-01"], "spend": [-1.0]}, "costs.spend"),
        ({"date": ["2024-01-01"], "spend": [float("nan")]}, "costs.spend"),
        ({"date": [None], "spend": [1.0]}, "costs.date"),
    ],
)
def test_an_unusable_cost_table_is_refused(table, code):
    with make_orders(ROWS) as orders, pytest.raises(RegularsError) as caught:
        metrics.compute(orders, costs=pa.table(table))
    assert caught.value.code == code
