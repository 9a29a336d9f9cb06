"""The clock of a shop's seasons: agrees with the calendar where there are none, finds them where there are."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from regulars.numeric import seasonal_time
from regulars.numeric.seasonal_time import YEAR, Clock

SEASON = 1 + 0.5 * np.cos(2 * np.pi * (np.arange(YEAR) - 330) / YEAR)


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(1)


def day(year: int, month: int, on: int) -> int:
    return (date(year, month, on) - date(1970, 1, 1)).days


def test_a_steady_clock_is_the_calendar():
    days = np.array([day(1999, 2, 28), day(2024, 2, 29), day(2026, 12, 31)])
    assert Clock.steady().at(days).tolist() == days.tolist()


def test_a_year_is_a_year_long_and_never_runs_backwards():
    clock = Clock(SEASON)
    assert clock.at(day(2025, 12, 31)) - clock.at(day(2024, 12, 31)) == pytest.approx(365)
    assert np.all(np.diff(clock.at(np.arange(day(2019, 1, 1), day(2030, 1, 1)))) > 0)


def test_leap_years_share_the_pace_of_their_last_day():
    assert seasonal_time.day_of_year([day(2024, 12, 30), day(2024, 12, 31), day(2025, 12, 31)]).tolist() == [
        364,
        364,
        364,
    ]
    assert seasonal_time.day_of_year([day(2024, 1, 1), day(1969, 1, 2)]).tolist() == [0, 1]


def test_seasons_are_found(rng):
    exposure = np.full(YEAR, 60.0)
    clock = seasonal_time.estimate(rng.poisson(exposure * SEASON), exposure)
    assert np.abs(clock.pace - SEASON).max() < 0.12
    assert clock.pace.mean() == pytest.approx(1)


def test_a_level_that_is_off_is_not_a_season():
    exposure = np.full(YEAR, 60.0)
    assert seasonal_time.estimate(3 * exposure, exposure).is_steady


def test_chance_makes_hardly_any_season():
    worst = [
        np.abs(
            seasonal_time.estimate(np.random.default_rng(seed).poisson(5.0, YEAR), np.full(YEAR, 5.0)).pace
            - 1
        ).max()
        for seed in range(40)
    ]
    assert np.median(worst) < 0.06
    assert max(worst) < 0.25


@pytest.mark.parametrize(("a_day", "worst"), [(0.02, 1.15), (0.2, 1.0), (1.0, 0.6), (5.0, 0.3), (50.0, 0.12)])
def test_the_more_purchases_the_nearer_and_never_much_worse_than_a_steady_clock(rng, a_day, worst):
    exposure = np.full(YEAR, a_day)
    off = [seasonal_time.estimate(rng.poisson(exposure * SEASON), exposure).pace - SEASON for _ in range(40)]
    assert np.sqrt(np.mean(np.square(off))) < worst * np.sqrt(np.mean((1 - SEASON) ** 2))


def test_closing_on_sundays_is_no_season(rng):
    exposure = np.full(YEAR, 60.0)
    open_ = np.where(np.arange(YEAR) % 7 == 3, 0.0, 7 / 6)
    clock = seasonal_time.estimate(rng.poisson(exposure * open_), exposure)
    assert np.abs(clock.pace - 1).max() < 0.1


def test_days_never_seen_keep_the_calendars_pace(rng):
    exposure = np.where(np.arange(YEAR) < 200, 60.0, 0.0)
    clock = seasonal_time.estimate(rng.poisson(exposure * SEASON), exposure)
    assert np.ptp(clock.pace[240:330]) == pytest.approx(0, abs=1e-3)


@given(
    st.lists(st.floats(0, 1e9), min_size=12, max_size=12),
    st.lists(st.floats(0, 1e9), min_size=12, max_size=12),
)
def test_any_counts_give_a_clock_that_runs(observed, exposure):
    clock = seasonal_time.estimate(np.resize(observed, YEAR), np.resize(exposure, YEAR))
    assert np.isfinite(clock.pace).all()
    assert clock.pace.min() > 0
    assert clock.pace.mean() == pytest.approx(1)


@pytest.mark.parametrize(
    ("observed", "exposure"),
    [
        (np.ones(364), np.ones(364)),
        (np.full(YEAR, -1.0), np.ones(YEAR)),
        (np.ones(YEAR), np.full(YEAR, np.nan)),
    ],
)
def test_what_cannot_be_counts_is_refused(observed, exposure):
    with pytest.raises(ValueError, match="observed and exposure"):
        seasonal_time.estimate(observed, exposure)


def test_days_until_undoes_the_clock():
    begin, lengths = day(2025, 3, 1), np.array([0.0, 0.4, 30.0, 365.0, 1000.0])
    assert Clock.steady().days_until(begin, lengths).tolist() == [0, 1, 30, 365, 1000]
    clock = Clock(SEASON / SEASON.mean())
    found = clock.days_until(begin, lengths)
    passed = clock.at(begin + found.astype(int)) - clock.at(begin)
    assert np.all(passed >= lengths - 1e-9)
    assert np.all(clock.at(begin + found.astype(int) - 1) - clock.at(begin) < np.maximum(lengths, 1e-9))
    assert np.isinf(clock.days_until(begin, 1e9))
    with pytest.raises(ValueError, match="1900"):
        clock.at([day(1899, 12, 31)])
