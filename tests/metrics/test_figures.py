"""Every figure equals the slow oracle on the named cast, on edge shops and on random shops."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import ibis
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.metrics import oracle
from tests.metrics.agreement import agrees
from tests.shops import make_orders, named_cast

from regulars import metrics
from regulars.kit.errors import RegularsError
from regulars.kit.unknown import Unknown
from regulars.lake import Shop
from regulars.metrics import frames
from regulars.metrics.period import number_of


def check(rows, *, as_of=None, days=365, margin=None, shop=None, **more):
    with make_orders(rows, shop=shop) as orders:
        figures = metrics.compute(orders, as_of=as_of, window_days=days, margin=margin, **more)
        agrees(
            figures, oracle.Shop(orders, as_of, days), orders.capabilities, margin=Decimal(str(margin or 1))
        )
        json.dumps(figures.to_json(), allow_nan=False)
        return figures


def test_named_cast_by_hand():
    figures = check(named_cast(), margin=0.4)
    assert figures.as_of == date(2024, 5, 13)
    # 20 weeks of 25.00 (Ada) + 80.00 (Ben) + 3 × 40.50 (Cleo) + 60 − 60 + 30 − 10 (Dan) + 4 × 35.00 (Eve) + 12.34
    assert figures["net_overall"].value == Decimal("873.84")
    assert figures["orders_overall"].value == 31
    assert figures["customers_overall"].value == 5
    assert figures["one_time_share"].value == pytest.approx(1 / 5)  # Ben; Dan came back
    assert figures["gap_median"].value == 7
    assert figures["clv_historical"].value == Decimal("68.92")  # (873.84 − 12.34) × 0.4 / 5
    assert figures["discounted_orders_share_overall"].value == pytest.approx(4 / 31)


@pytest.mark.parametrize("days", [7, 30, 90])
def test_named_cast_in_shorter_windows(days):
    figures = check(named_cast(), days=days)
    assert not isinstance(figures["net"].previous, Unknown)


def test_named_cast_seen_earlier():
    figures = check(named_cast(), as_of=date(2024, 2, 15), days=60)
    assert figures.as_of == date(2024, 2, 15)


def test_a_day_before_the_first_order():
    figures = check(named_cast(), as_of=date(2023, 1, 1))
    assert figures["net"].value == 0
    assert isinstance(figures["aov"].value, Unknown)


def test_refunds_only():
    day = date(2024, 3, 1)
    rows = [{"customer": "Dan", "at": day, "amount": "9.99", "kind": "refund"} for _ in range(2)]
    figures = check(rows)
    assert figures["net"].value == Decimal("-19.98")
    assert figures["orders"].value == 0
    for name in ("aov", "one_time_share", "clv_historical", "refund_share", "churn_rate", "ltv_30"):
        assert isinstance(figures[name].value, Unknown), name
        assert str(figures[name].value)
    assert not figures.tables["retention"]


def test_one_customer_one_order():
    figures = check([("Ada", date(2024, 3, 1), "10.00")])
    assert figures["one_time_share"].value == 1
    assert isinstance(figures["repeat_rate_30"].value, Unknown)


def test_one_day_many_orders():
    rows = [
        ("Ada", datetime(2024, 3, 1, 9), 5),
        ("Ada", datetime(2024, 3, 1, 17), 7),
        ("Ben", date(2024, 3, 1), 1),
    ]
    figures = check(rows)
    assert figures["one_time_share"].value == pytest.approx(1 / 2)
    assert not figures.tables["gap_histogram"], "two orders on one day are one visit"
    assert figures["second_order_median_days"].value == 0


def test_an_empty_month_is_a_row_of_zeros():
    figures = check([("Ada", date(2024, 1, 5), 10), ("Ada", date(2024, 4, 5), 10)])
    march = figures.tables["months"].records()[2]
    assert march["month"] == date(2024, 3, 1)
    assert (march["net"], march["orders"], march["customers"]) == (0, 0, 0)
    assert march["aov"] is None


def test_nobody_is_named():
    figures = check([(None, date(2024, 1, 5), 10), (None, date(2024, 4, 5), 10)])
    assert figures["unattributed_share"].value == 1
    assert figures["customers"].value == 0
    for name in ("purchase_frequency", "returning_rate", "clv_traditional", "second_order_median_days"):
        assert isinstance(figures[name].value, Unknown), name


def test_only_cancelled_and_test_orders():
    rows = [
        {"customer": "Ada", "at": date(2024, 1, 5), "amount": 10, "status": status}
        for status in ("cancelled", "test", "unpaid")
    ]
    figures = check(rows)
    assert figures["orders"].value == 0
    assert figures["net"].value == 0


def test_no_orders_at_all():
    with make_orders([]) as orders:
        with pytest.raises(RegularsError, match="no order"):
            metrics.compute(orders)
        figures = metrics.compute(orders, as_of=date(2024, 1, 1))
        assert figures["orders"].value == 0


@pytest.mark.parametrize("zone", ["Europe/Warsaw", "America/New_York", "Asia/Kathmandu"])
def test_the_clock_changes(zone):
    start = datetime(2024, 3, 30, 20, 30, tzinfo=UTC)
    instants = [start + timedelta(hours=n) for n in range(40)] + [
        datetime(2024, 10, 26, 20, 15, tzinfo=UTC) + timedelta(hours=n) for n in range(40)
    ]
    rows = [(f"c{n % 7}", at, "3.33") for n, at in enumerate(instants)]
    with make_orders(rows, shop=Shop("EUR", zone)) as orders:
        figures = metrics.compute(orders)
        shop = oracle.Shop(orders)
        agrees(figures, shop, orders.capabilities)
        found = {(row["weekday"], row["hour"]): row["orders"] for row in figures.tables["hours"].records()}
        assert found == shop.hours(zone)


def test_the_file_says_nothing_optional():
    figures = check([("Ada", date(2024, 1, 5), 10)])
    for name in ("discount_share", "refund_share", "cac", "ltv_to_cac", "payback_days"):
        assert isinstance(figures[name].value, Unknown), name
    for name in (
        "hours",
        "countries",
        "discount_bands",
        "channels",
        "top_products",
        "product_pairs",
        "data_quality",
    ):
        assert isinstance(figures.tables[name].rows, Unknown), name
        assert figures.tables[name].records() == []


def test_unusable_options_are_refused():
    with make_orders([("Ada", date(2024, 1, 5), 10)]) as orders:
        for options in ({"margin": 0}, {"margin": 35}, {"window_days": 0}):
            with pytest.raises(RegularsError):
                metrics.compute(orders, **options)


def test_margin_from_product_costs():
    rows = [
        {
            "customer": "Ada",
            "at": date(2024, 1, 5),
            "amount": "10",
            "product": "tea",
            "cost": "4",
            "quantity": 2,
        },
        {
            "customer": "Ada",
            "at": date(2024, 2, 5),
            "amount": "30",
            "product": "pot",
            "cost": "17",
            "quantity": 1,
        },
        {"customer": "Ben", "at": date(2024, 2, 5), "amount": "99", "product": "gift"},
    ]
    with make_orders(rows) as orders:
        figures = metrics.compute(orders)
        assert figures.margin_from == "products"
        assert figures.margin == pytest.approx(1 - 25 / 40)  # the gift's cost is not known
        assert figures["clv_historical_total"].value == Decimal("139") * Decimal("0.375")
        assert metrics.compute(orders, margin=0.5).margin == 0.5


def test_drill_down_equals_its_cell():
    start = date(2024, 1, 1)
    rows = [(f"c{n % 9}", start + timedelta(days=(n * 37) % 200), n) for n in range(1, 50)]
    with make_orders(rows) as orders:
        figures = metrics.compute(orders)
        cells = figures.tables["retention"].records()
        assert sum(row["customers"] > 1 for row in cells) > 3
        for row in cells:
            who = metrics.members(orders, cohort=row["cohort"], month_index=row["month_index"])
            assert who.num_rows == row["customers"]
        whole = {row["cohort"]: row["size"] for row in cells}
        for cohort, size in whole.items():
            assert metrics.members(orders, cohort=cohort).num_rows == size


def test_churn_at_its_boundaries():
    """The regular's gaps are 10 days; active on a day means ordered on it or within the nine days before."""
    end = date(2024, 6, 30)
    start = end - timedelta(days=30)
    rows = [("regular", end - timedelta(days=10 * n), 1) for n in range(20)]
    rows += [
        ("just active, lapsed", start - timedelta(days=9), 1),
        ("just not active", start - timedelta(days=10), 1),
    ]
    rows += [("kept", start, 1), ("kept", end - timedelta(days=9), 1)]
    rows += [("lapsed today", start, 1), ("lapsed today", end - timedelta(days=10), 1)]
    figures = check(rows, days=30)
    assert figures["gap_p80"].value == 10
    assert figures["churn_rate"].value == pytest.approx(2 / 4)
    assert figures["lifespan_years"].value == pytest.approx(30 / 365 / 0.5)


def test_definitions_are_complete():
    with make_orders(named_cast()) as orders:
        figures = metrics.compute(orders, costs=pa.table({"date": [date(2024, 1, 1)], "spend": [5.0]}))
    for found in (*figures.figures.values(), *figures.tables.values()):
        said = found.to_json()
        assert said["title"]
        assert said["definition"].endswith("."), found.name
        assert "{" not in said["title"] + said["definition"], found.name
        assert found.window[0] <= found.window[1], found.name
    for table in figures.tables.values():
        if table:
            assert table.rows.column_names == [column.name for column in table.columns]


def test_growth_needs_two_numbers():
    figures = check(named_cast(), days=90)
    figure = figures["net"]
    assert figure.change == pytest.approx(float(figure.value / figure.previous) - 1)
    assert replace(figure, previous=Decimal(0)).change is None
    assert replace(figure, value=Unknown("x", "y")).change is None


cents = st.integers(1, 50_000).map(lambda n: Decimal(n) / 100)


@st.composite
def shop_rows(draw):
    customers = st.sampled_from([None, "a", "b", "c", "d", "e"])
    days = st.integers(0, 500).map(lambda n: date(2023, 1, 15) + timedelta(days=n))
    rows = []
    for _ in range(draw(st.integers(1, 60))):
        amount = draw(cents)
        rows.append(
            {
                "customer": draw(customers),
                "at": draw(days),
                "amount": amount,
                "kind": draw(st.sampled_from(["order"] * 7 + ["refund"])),
                "status": draw(st.sampled_from(["paid"] * 7 + ["cancelled"])),
                "discount": (amount * draw(st.integers(0, 2)) / 10).quantize(Decimal("0.01")),
                "refunded": draw(st.sampled_from([Decimal(0), Decimal(0), amount / 2])).quantize(
                    Decimal("0.01")
                ),
                "channel": draw(st.sampled_from([None, "ads", "Ads ", "mail"])),
            }
        )
    return rows


@settings(max_examples=15, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(rows=shop_rows(), days=st.sampled_from([30, 100, 365]))
def test_random_shops(rows, days):
    check(rows, days=days, margin=0.3)


def test_a_drill_down_is_not_distinct_on_spark():
    """Spark would be told to compare more columns than the one selected, and name a customer twice."""
    columns = {
        "order_key": "int64",
        "customer_key": "int64",
        "ordered_at": "timestamp('UTC')",
        "ordered_on": "date",
    }
    columns |= {
        "kind": "string",
        "valid": "boolean",
        "net": "decimal(18, 4)",
        "channel": "string",
        "country": "string",
    }
    steps = frames.steps(frames.facts(ibis.table(columns, name="orders"), date(2024, 1, 1)))
    for month in (None, number_of(date(2023, 1, 1))):
        sql = ibis.to_sql(frames.members(steps, cohort=24_276, month=month), dialect="pyspark")
        assert "DISTINCT" not in sql
        assert "GROUP BY" in sql
