"""A forecast followed week by week: it adds up to the backtest, knows nothing of the future, and says when reality left it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal

import numpy as np
import pytest
from tests.shops import make_orders, named_cast
from tests.value.test_estimate import CUT, END, shop

from regulars import value
from regulars.kit.unknown import Unknown
from regulars.lake import Orders
from regulars.value.tracking import Series


@pytest.fixture(scope="module")
def orders() -> Iterator[Orders]:
    with make_orders(shop()) as made:
        yield made


@pytest.fixture(scope="module")
def estimated(orders: Orders) -> value.Value:
    return value.estimate(orders, horizon_days=180)


def test_the_weeks_add_up_to_the_backtest(estimated: value.Value) -> None:
    test, track = estimated.track_record, estimated.tracking
    assert isinstance(test, value.Backtest)
    assert isinstance(track, value.Track)
    assert track.days.tolist() == [*range(7, 180, 7), 180]
    for series, expected, actual in (
        (track.spend, test.predicted_total, test.actual_total),
        (track.orders, test.predicted_orders, test.actual_orders),
    ):
        assert series.expected[-1] == pytest.approx(expected, rel=1e-9)
        assert series.actual[-1] == pytest.approx(actual, rel=1e-9)
        assert np.all(np.diff(series.expected) > 0)
        assert np.all(np.diff(series.actual) >= 0)
        assert np.all((series.low < series.expected) & (series.expected < series.high))
        width = np.log(series.high / series.low)
        assert np.all(np.diff(width) <= 1e-12), "chance matters less the more orders there are"


def test_customers_who_come_later_do_not_count(orders: Orders, estimated: value.Value) -> None:
    cutoff = date(2023, 8, 1)
    result = estimated.backtest(cutoff, 90)
    track = value.follow(estimated, result)
    rows = shop()
    known = {key for key, on, _ in rows if on <= cutoff}
    until = cutoff + timedelta(days=28)
    spent = sum(Decimal(amount) for key, on, amount in rows if key in known and cutoff < on <= until)
    assert track.spend.actual[3] == pytest.approx(float(spent))


def test_a_shop_that_follows_its_model_stays_inside(estimated: value.Value) -> None:
    assert estimated.tracking.alerts == ()


@pytest.mark.parametrize(("share", "words"), [(0, "less"), (6, "more")])
def test_a_shop_that_changes_is_reported_with_the_week(share: int, words: str) -> None:
    """From the ninth week on, customers stop spending, or spend six times as much."""
    change = CUT + timedelta(days=56)
    rows = [(key, on, amount if on <= change else str(Decimal(amount) * share)) for key, on, amount in shop()]
    with make_orders(rows) as changed:
        told = value.estimate(changed, horizon_days=180)
        track = value.follow(told, told.backtest(CUT))
    assert 9 <= track.spend.left_in_week <= 26
    [said] = [str(alert) for alert in track.alerts if "spent" in str(alert)]
    assert f"spent {words} than" in said
    assert f"week {track.spend.left_in_week} " in said
    assert track.to_json()["spend"]["left_in_week"] == track.spend.left_in_week


@pytest.mark.parametrize(
    ("actual", "week"),
    [([1, 2, 3], None), ([9, 9, 9], 1), ([1, 9, 9], 2), ([9, 2, 3], None), ([9, 2, 0], 3)],
)
def test_the_week_is_the_first_of_the_last_run_outside(actual: list[float], week: int | None) -> None:
    middle = np.array([1.0, 2.0, 3.0])
    assert Series(middle, middle - 0.5, middle + 0.5, np.array(actual, float)).left_in_week == week


def test_the_band_knows_nothing_of_what_came_after(estimated: value.Value) -> None:
    later = [row if row[1] <= CUT else (row[0], row[1], "1.00") for row in shop()]
    early, horizon = CUT - timedelta(days=0), 180
    before = value.follow(estimated, estimated.backtest(early, horizon))
    with make_orders(later) as changed:
        again = value.estimate(changed, horizon_days=180)
        after = value.follow(again, again.backtest(early, horizon))
    for name in ("expected", "low", "high"):
        assert np.allclose(getattr(after.spend, name), getattr(before.spend, name))
    assert after.spend.actual[-1] < before.spend.actual[-1]


def test_too_little_data_has_nothing_to_follow() -> None:
    with make_orders(named_cast()) as few:
        assert isinstance(value.estimate(few).tracking, Unknown)
    assert END > CUT
