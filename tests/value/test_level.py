"""The level of a forecast: seasons do not run on, and customers from before the file are not taken for new ones."""

from __future__ import annotations

import re
from datetime import date, timedelta

import numpy as np
import pytest

import regulars
from regulars import value
from regulars.numeric import pareto_nbd, seasonal_time
from regulars.value import level, method, spending
from regulars.value.calibration import Calibration
from regulars.value.choice import Choice
from regulars.value.summary import Summary

START = (date(2022, 1, 1) - date(1970, 1, 1)).days
PACE = 1 + 0.6 * np.cos(2 * np.pi * (np.arange(365) - 335) / 365)
STEADY = np.ones(365)


class Shop:
    """Customers drawn one by one: arrivals over the years, Gamma rates and lifetimes, purchases by a pace."""

    def __init__(self, pace, *, customers=3000, days=1100, seed=1, arrivals=None, rates=(0.9, 25.0)):
        rng = np.random.default_rng(seed)
        self.first = rng.integers(0, days, customers) if arrivals is None else arrivals(rng, customers)
        self.rate = rng.gamma(rates[0], 1 / rates[1], customers)
        self.end = self.first + rng.exponential(1 / rng.gamma(0.8, 1 / 200, customers))
        self.bought = []
        speed = pace[seasonal_time.day_of_year(START + np.arange(days + 400))]
        for first, rate, end in zip(self.first, self.rate, self.end, strict=True):
            span = np.arange(first + 1, min(days + 400, int(end) + 1))
            self.bought.append(span[rng.random(len(span)) < -np.expm1(-rate * speed[span])])

    def until(self, now: int) -> tuple[Summary, np.ndarray]:
        there = np.flatnonzero(self.first < now)
        seen = [self.bought[i][self.bought[i] <= now] for i in there]
        first = self.first[there] + START
        last = (
            np.array([days[-1] if len(days) else self.first[i] for i, days in zip(there, seen, strict=True)])
            + START
        )
        count = np.array([len(days) for days in seen]) + 1
        money = count * 10.0
        summary = Summary(
            there,
            count,
            count,
            first,
            last,
            (last - first).astype(float),
            (now + START - first).astype(float),
            money,
            0 * money,
        )
        repeats = np.concatenate(seen) + START - first.min()
        return summary, np.bincount(repeats, minlength=now + START - first.min() + 1).astype(float)

    def forecast_error(self, now: int, days: int) -> tuple[float, level.Purchasing]:
        """How far the expected purchases of the next days are off in total, as a share."""
        summary, repeats = self.until(now)
        fitted = level.fit(summary, repeats)
        x, t_x, T = fitted.weeks(summary)
        horizon = fitted.horizon_weeks(summary.as_of_day, days)
        said = sum(
            pareto_nbd.expected_purchases(fit.params, horizon, x[rows], t_x[rows], T[rows]).sum()
            for rows, fit in fitted.groups(summary.first_day)
        )
        happened = sum(((self.bought[i] > now) & (self.bought[i] <= now + days)).sum() for i in summary.key)
        return said / happened - 1, fitted


@pytest.fixture(scope="module")
def seasonal() -> Shop:
    return Shop(PACE)


@pytest.mark.parametrize("now", [730, 912, 1005])
def test_a_season_does_not_run_on(seasonal, now, monkeypatch):
    error, fitted = seasonal.forecast_error(now, 120)
    assert not fitted.clock.is_steady
    assert abs(error) < 0.12
    monkeypatch.setattr(level, "SEASON_SPAN_DAYS", 10**6)
    assert abs(seasonal.forecast_error(now, 120)[0]) > 2 * abs(error)


def test_the_pace_that_was_put_in_is_found(seasonal):
    _, fitted = seasonal.forecast_error(1095, 30)
    assert np.abs(fitted.clock.pace - PACE / PACE.mean()).mean() < 0.08


def test_a_shop_without_seasons_is_forecast_as_before():
    error, fitted = Shop(STEADY).forecast_error(1000, 120)
    assert np.abs(fitted.clock.pace - 1).max() < 0.15
    assert abs(error) < 0.1


def test_less_than_a_year_has_no_seasons(seasonal):
    assert seasonal.forecast_error(360, 90)[1].clock.is_steady


def test_one_cohort_has_no_seasons_before_two_years():
    shop = Shop(PACE, arrivals=lambda rng, n: rng.integers(0, 40, n))
    assert shop.forecast_error(500, 90)[1].clock.is_steady
    assert not shop.forecast_error(800, 90)[1].clock.is_steady


def test_customers_from_before_the_file_are_a_group_of_their_own():
    regular = Shop(
        STEADY, customers=1500, arrivals=lambda rng, n: rng.integers(0, 60, n), rates=(3.0, 30.0), seed=2
    )
    fresh = Shop(STEADY, customers=2500, rates=(0.5, 60.0), seed=3)
    regular.first = np.concatenate([regular.first, fresh.first])
    regular.bought += fresh.bought
    _, fitted = regular.forecast_error(1000, 120)
    assert fitted.established is not None
    both = [fit.params.r / fit.params.alpha for fit in (fitted.established, fitted.newcomers)]
    assert both[0] > 2 * both[1]


def test_alike_customers_are_one_group():
    _, fitted = Shop(STEADY, customers=2500, seed=5).forecast_error(900, 90)
    assert fitted.established is None
    assert len(fitted.groups(np.arange(10))) == 1


def test_thinning_finds_the_same_seasons(seasonal, monkeypatch):
    whole = seasonal.forecast_error(1000, 60)[1].clock.pace
    monkeypatch.setattr(level, "SKETCH", 800)
    part = seasonal.forecast_error(1000, 60)[1].clock.pace
    assert np.abs(whole - part).max() < 0.1


@pytest.mark.real_data
def test_the_level_of_a_real_shop_with_a_christmas(real_data):
    """The four origins of the design; plain models are wrong by .37 to .39 on average."""
    with regulars.read_orders(real_data / "online_retail_ii" / "transactions.parquet") as orders:
        found = value.estimate(orders)
        begin = found.as_of - timedelta(days=739)  # a cut-off counts the days that were seen
        wrong = [
            abs(found.backtest(begin + timedelta(days=cutoff), horizon).model.bias)
            for cutoff, horizon in ((374, 182), (465, 90), (556, 182), (647, 90))
        ]
    assert np.mean(wrong) < 0.26
    assert max(wrong[2:]) < 0.12


def test_the_method_says_what_was_chosen(seasonal):
    class Told:
        """What :mod:`regulars.value.method` looks at."""

        learnt = None

        def __init__(self, shop: Shop, now: int) -> None:
            self.summary, repeats = shop.until(now)
            self.as_of = date(1970, 1, 1) + timedelta(days=self.summary.as_of_day)
            refunds = type("Refunds", (), {"shop": 0.031})
            self.model = type(
                "Model",
                (),
                {
                    "purchasing": level.fit(self.summary, repeats),
                    "spending": spending.fit(self.summary),
                    "refunds": refunds,
                    "choice": Choice(),
                    "calibration": Calibration.untested(),
                },
            )

    def paragraph(told: Told) -> str:
        return " ".join(map(str, method.sentences(told)))

    whole = paragraph(Told(seasonal, 1005))
    found = re.search(r"December runs (\S+) times as fast as an average month, June (\S+) times\.", whole)
    assert [float(pace) for pace in found.groups()] == pytest.approx([1.6, 0.4], abs=0.05)
    assert "they take 3.1% of what is spent" in whole
    assert "do not cover a year yet" in paragraph(Told(seasonal, 300))
    cohort = Shop(PACE, customers=800, arrivals=lambda rng, n: rng.integers(0, 40, n))
    assert "arrived at once" in paragraph(Told(cohort, 500))
    assert "beyond chance" in paragraph(Told(Shop(STEADY, customers=800, seed=9), 1000))
