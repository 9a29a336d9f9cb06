"""Spend is told in prices to come where the shop's past speaks for it, and as it was everywhere else."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest
from tests.shops import make_orders

from regulars import value
from regulars.value import frames, price_choice, prices
from regulars.value.price_choice import PLAIN

BEGIN = date(2021, 1, 1)
END = BEGIN + timedelta(days=1100)


def rows(
    yearly: float, *, seed: int = 0, customers: int = 1300, days: int = 1465
) -> list[tuple[int, date, str]]:
    """Pareto/NBD customers with gamma spend, in prices that rise by so much a year (as a log)."""
    rng = np.random.default_rng(seed)
    found = []
    for key in range(customers):
        first = int(rng.integers(0, days - 30))
        end = min(days, first + rng.exponential(1 / rng.gamma(1.2, 1 / 300)))
        later = rng.integers(
            first, max(int(end), first + 1), rng.poisson(rng.gamma(1.2, 1 / 40) * (end - first))
        )
        when = np.unique(np.r_[first, later])
        nu = 60 / rng.gamma(4, 1) * 3
        spend = rng.gamma(5, nu / 5, len(when)) * np.exp(yearly * when / 365)
        found += [
            (key + 1, BEGIN + timedelta(days=int(day)), f"{paid + 0.01:.2f}")
            for day, paid in zip(when, spend, strict=True)
        ]
    return found


@pytest.fixture(scope="module")
def dearer():
    with make_orders(rows(0.12)) as orders:
        yield value.estimate(orders, as_of=END, horizon_days=182)


@pytest.fixture(scope="module")
def steady():
    with make_orders(rows(0.0)) as orders:
        yield value.estimate(orders, as_of=END, horizon_days=182)


def off(test: value.Backtest) -> float:
    """How far the spend a purchase is off of those who bought, weighted by purchases."""
    told = test.customers.to_pandas()
    bought = told[told.actual_orders > 0]
    each = bought.predicted / bought.predicted_orders
    return float((each * bought.actual_orders).sum() / bought.actual.sum() - 1)


def test_rising_prices_are_told_and_forecast(dearer, monkeypatch):
    found = dearer.model.spending.prices
    assert found.told
    assert found.year == pytest.approx(0.12, abs=0.03)
    assert found.gain > found.error > 0
    cutoff = END - timedelta(days=182)
    ours = dearer.backtest(cutoff, 182)
    monkeypatch.setattr(prices.Prices, "explains", property(lambda self: False))
    plain = dearer.backtest(cutoff, 182)
    assert abs(off(ours)) < 0.5 * abs(off(plain))
    assert off(plain) < -0.06
    assert ours.model.mae < plain.model.mae * 1.02


def test_the_method_and_the_json_say_so(dearer):
    assert "Spend is told in prices to come: the same customers spend 1" in dearer.method
    assert "more a purchase than 12 months before." in dearer.method
    told = dearer.model.to_json()["prices"]
    assert told["used"]
    assert told["factors"][0]["month"] == "2021-01"
    assert told["factors"][0]["factor"] > told["factors"][-1]["factor"] > 0.9
    # What was spent is still told as it was.
    assert np.allclose(dearer.customers["gross_spend"], dearer.summary.spend)
    assert np.mean(dearer.customers["expected_spend"]) > np.mean(dearer.summary.mean_spend)


def test_who_came_after_the_fit_is_told_in_its_prices_too(dearer):
    spending, summary = dearer.model.spending, dearer.summary
    everybody = spending.mean(summary)
    assert np.all(everybody[summary.mean_spend > 0] > 0)
    some = slice(3, 400, 7)
    assert np.array_equal(spending.mean(summary.part(some)), everybody[some])
    for strange in (summary.key.max() + 1, summary.key.min() - 1):
        one = replace(summary.part(slice(0, 1)), key=np.array([strange]))
        assert spending.mean(one) == pytest.approx(one.mean_spend * spending.prices.factors[-1][1])
    # A fit of last month scores the customers of today.
    later = END + timedelta(days=60)
    scores = dearer.orders.workspace.engine.arrow(
        value.score(dearer.orders, replace(dearer.scorer, as_of=later))
    )
    assert len(scores) > len(summary)
    assert np.isfinite(np.asarray(scores["clv"])).all()


def test_steady_prices_change_nothing(steady, monkeypatch):
    assert not steady.model.spending.prices.told
    assert "prices" not in steady.method
    assert "prices" not in steady.model.to_json()
    cutoff = END - timedelta(days=182)
    ours = steady.backtest(cutoff, 182)
    monkeypatch.setattr(prices.Prices, "explains", property(lambda self: False))
    plain = steady.backtest(cutoff, 182)
    assert ours.customers["predicted"].equals(plain.customers["predicted"])
    assert ours.customers["high"].equals(plain.customers["high"])


def test_nothing_after_the_cutoff_reaches_prices(dearer):
    cutoff = END - timedelta(days=182)
    one = dearer.backtest(cutoff, 182)
    tenfold = [
        (who, day, amount if day <= cutoff else f"{float(amount) * 10:.2f}")
        for who, day, amount in rows(0.12)
    ]
    with make_orders(tenfold) as changed:
        again = value.estimate(changed, as_of=END, horizon_days=182).backtest(cutoff, 182)
    assert again.customers["predicted"].equals(one.customers["predicted"])
    assert again.actual_total > 9 * one.actual_total


def test_without_earlier_days_prices_are_not_told(dearer):
    fitted, before = price_choice.spend(dearer.past, END, dearer.summary, 182, ())
    assert fitted.prices.explains
    assert not fitted.prices.told
    assert fitted.factor is None
    assert "far enough back" in str(prices.sentences(fitted.prices)[0])
    look = dearer.past.looks(END, 182)[0]
    assert np.allclose(before(look).mean(look.summary), look.summary.mean_spend)
    assert before(look) is before(look)


def test_prices_that_do_not_forecast_are_left_out(dearer, monkeypatch):
    monkeypatch.setattr(price_choice._Earlier, "compared", lambda *_: prices.Test(0.1, 0.2, 3, 3))
    fitted, before = price_choice.spend(dearer.past, END, dearer.summary, 182, dearer.past.looks(END, 182))
    assert not fitted.prices.told
    assert "would not have forecast earlier days better" in str(prices.sentences(fitted.prices)[0])
    look = dearer.past.looks(END, 182)[0]
    assert not before(look).prices.told
    assert PLAIN == "plain"


@pytest.mark.parametrize(
    ("gain", "error", "better", "differing", "passes"),
    [(0.2, 0.1, 3, 3, True), (0.2, 0.1, 2, 3, True), (0.2, 0.1, 1, 3, False), (0.1, 0.2, 3, 3, False), (0, 0, 0, 0, False)],
)  # fmt: skip
def test_a_level_must_win_clearly_and_on_most_days(gain, error, better, differing, passes):
    assert prices.Test(gain, error, better, differing).is_better is passes


def test_spend_of_each_month_is_restated_by_its_factor():
    given = [
        ("Ada", date(2024, 1, 31), "10.00"),
        ("Ada", date(2024, 2, 1), "20.00"),
        ("Ben", date(2024, 3, 1), "30.00"),
    ]
    with make_orders([*given, ("Ben", date(2024, 2, 29), "0.00")]) as orders:
        engine, days = orders.workspace.engine, frames.purchase_days(orders.orders)
        factors = ((2024 * 12, 2.0), (2024 * 12 + 1, 1.5))
        told = engine.arrow(frames.restated_spend(days, date(2024, 3, 1), factors)).sort_by("customer_key")
        assert told["spend"].to_pylist() == [50.0, 30.0]
        early = engine.arrow(frames.restated_spend(days, date(2024, 1, 31), factors))
        assert early["spend"].to_pylist() == [20.0]
        months = engine.arrow(frames.spend_by_month(days, date(2024, 3, 1)))
        seen = {(row["customer_key"], row["month"]): row for row in months.to_pylist()}
    assert set(seen) == {(1, 24288), (1, 24289), (2, 24290)}
    assert seen[1, 24288]["first_share"] == 1
    assert seen[1, 24289]["first_share"] == 0
    assert seen[1, 24289]["mean_log"] == pytest.approx(np.log(20))
