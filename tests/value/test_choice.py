"""Which model of buying a shop gets: another than the Pareto/NBD only where its own past says so."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest
from tests.shops import make_orders

from regulars import value
from regulars.value import choice, past, processes

BEGIN = date(2022, 1, 3)


def shop(*, beats: int, seed: int, customers: int = 900, days: int = 700) -> list[tuple[int, date, str]]:
    """Customers who buy at every so many beats of a Poisson process and stop by the coin."""
    rng = np.random.default_rng(seed)
    rows = []
    for key in range(customers):
        at = float(rng.integers(0, 330))
        rate, stop = rng.gamma(4.0, 1 / 140.0) * beats, rng.beta(1.0, 7.0)
        while at < days:
            rows.append((key + 1, BEGIN + timedelta(days=int(at)), f"{rng.gamma(5, 8) + 1:.2f}"))
            if rng.random() < stop:
                break
            at += 1 + rng.gamma(beats, 1 / rate)
    rows.append((1, BEGIN + timedelta(days=days), "10.00"))
    return rows


@pytest.fixture(scope="module")
def regular():
    with make_orders(shop(beats=6, seed=4)) as orders:
        yield value.estimate(orders, horizon_days=120)


def test_regular_buyers_get_the_model_of_regular_buyers(regular):
    chosen = regular.model.choice
    assert chosen.process.form.k >= 3
    assert regular.model.purchasing.process == chosen.process
    assert chosen.days == past.LOOKS
    best = next(one for one in chosen.contenders if one.process == chosen.process)
    assert best.gain > 30
    assert best.is_better
    assert "MBG/CNBD" in regular.method
    assert "It was chosen over the Pareto/NBD" in regular.method
    told = regular.model.to_json()
    assert told["purchasing"]["name"] == chosen.process.name
    assert {one["name"] for one in told["contenders"]} >= {chosen.process.name}


def test_the_chosen_model_forecasts_regular_buyers_better_than_the_default(regular, monkeypatch):
    cutoff = BEGIN + timedelta(days=580)
    ours = regular.backtest(cutoff, 120)
    monkeypatch.setattr(choice, "SMOOTHEST", 1)
    monkeypatch.setattr(choice, "_by_likelihood", lambda summary, purchasing: [])
    plain = regular.backtest(cutoff, 120)
    assert ours.model.gini > plain.model.gini + 0.01
    assert ours.model.mae < 0.9 * plain.model.mae
    assert abs(ours.model.bias) < 0.1
    assert ours.coverage_told == pytest.approx(0.8, abs=0.06)


def test_every_forecast_column_stands_for_regular_buyers_too(regular):
    table = regular.customers.to_pandas()
    assert np.isfinite(table[["p_alive", "p_none", "expected_orders", "clv", "clv_low", "clv_high"]]).all(
        axis=None
    )
    assert (table.clv_low <= table.clv_high).all()
    assert (table.clv_lifetime >= table.clv - 1e-9).all()
    path = regular.path
    assert path[-1][1] == pytest.approx(table.clv.sum())
    assert np.all(np.diff([total for _, total in path]) >= 0)
    # A regular buyer's next order is foreseen within a narrow time; the Pareto/NBD's quartiles are six times apart.
    likely = table[(table.p_alive > 0.9) & (table.orders >= 5)]
    spread = [
        (until - regular.as_of).days / max((begin - regular.as_of).days, 1)
        for begin, until in zip(likely.next_order_from, likely.next_order_until, strict=True)
    ]
    assert np.median(spread) < 4


def test_random_buyers_keep_the_default():
    with make_orders(shop(beats=1, seed=7, customers=900)) as orders:
        found = value.estimate(orders, horizon_days=120)
    chosen = found.model.choice
    assert chosen.process in (processes.PARETO, processes.MBG, processes.BG)
    if chosen.process == processes.PARETO and chosen.contenders:
        assert not any(one.is_better for one in chosen.contenders)


def test_a_contender_must_win_in_all_three():
    def one(deviance, error, ranking):
        return choice.Contender(processes.BG, 20.0, deviance, error, ranking).is_better

    assert one(0.02, 0.01, 0.001)
    assert not one(0.005, 0.01, 0.001)
    assert not one(0.02, 0.01, -0.001)
    assert not choice.Contender(processes.BG, 20.0).is_better


def test_windows_are_whole_weeks_within_the_horizon_and_the_room():
    assert past.longest_window(365, 240) == 182
    assert past.longest_window(365, 400) == 364
    assert past.longest_window(90, 100) == 90
    assert past.longest_window(90, 80) == 63
    assert past.longest_window(365, 20) == 0
    assert past.longest_window(10, 20) == 10


def test_a_large_shop_is_tested_on_a_part_of_it(monkeypatch):
    monkeypatch.setattr(past, "SAMPLE", 400)
    with make_orders(shop(beats=1, seed=4)) as orders:
        found = value.estimate(orders, horizon_days=120)
        looks = found.past.looks(found.as_of, 120)
    assert found.past.every == 2
    assert looks
    assert all(len(look.summary) <= 500 for look in looks)
    assert len(found.customers) == 900
