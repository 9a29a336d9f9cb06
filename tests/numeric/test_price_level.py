"""The price level of a shop by month: what was put in is found, and nothing is found where there is nothing."""

from __future__ import annotations

import numpy as np
import pytest

from regulars.numeric import price_level

BEGIN = 2021 * 12


def months(level, *, customers=1200, length=30, seed=0, first=0.0, spread=0.5, odd=0.0, partial=False):
    """Customers' purchases by month as the engine sums them up: who, month, purchases, mean log spend, share of first ones."""
    rng = np.random.default_rng(seed)
    own = rng.normal(3.5, 0.6, customers)
    start = rng.integers(0, length - 2, customers)
    rows = []
    for who in range(customers):
        due = np.full(length - start[who], 0.25)
        due[-1] *= 0.3 if partial else 1.0
        count = rng.poisson(due)
        count[0] += 1
        for step in np.flatnonzero(count):
            when, n = start[who] + step, count[step]
            noise = rng.normal(0, spread, n) + (rng.random(n) < odd) * rng.normal(0, 4, n)
            is_first = (step == 0) / n
            rows.append(
                (who, BEGIN + when, n, own[who] + level[when] + first * is_first + noise.mean(), is_first)
            )
    return tuple(np.array(column) for column in zip(*rows, strict=True))


def found(level, **more) -> price_level.Level:
    seen = price_level.compare(*months(level, **more))
    assert seen is not None
    return price_level.level(seen)


def change(level: price_level.Level) -> float:
    end, begin = level.at([BEGIN + 29, BEGIN + 17], season=False)
    return float(end - begin)


RISE = 0.01 * np.arange(30)


def test_a_steady_rise_is_found_and_may_go_on():
    level = found(RISE)
    assert level.gain > 10
    assert change(level) == pytest.approx(0.12, abs=0.03)
    ahead = level.at([BEGIN + 29, BEGIN + 35])
    assert ahead[1] - ahead[0] == pytest.approx(0.06, abs=0.03)
    held = level.at([BEGIN + 29, BEGIN + 35], trend=False, season=False)
    assert held[1] == pytest.approx(held[0])


def test_a_step_is_found():
    level = found(np.where(np.arange(30) >= 20, 0.15, 0.0))
    assert level.gain > 4
    assert change(level) == pytest.approx(0.15, abs=0.05)


def test_no_level_gives_none():
    levels = [found(np.zeros(30), seed=seed) for seed in range(12)]
    assert sum(level.gain > np.log(30) for level in levels) <= 1
    assert max(abs(change(level)) for level in levels) < 0.06


def test_other_customers_are_no_other_prices():
    """New customers who spend twice as much raise the mean of each month, and nobody's prices."""
    who, when, n, log, share = months(np.zeros(30))
    late = who >= 600
    moved = log + np.where(late, 0.7, 0.0)
    one = price_level.compare(who, when, n, log, share)
    other = price_level.compare(who, when, n, moved, share)
    assert np.allclose(one.log, other.log, atol=1e-6)


def test_a_first_purchase_that_is_smaller_is_no_rise():
    level = found(np.zeros(30), first=-0.4)
    assert abs(change(level)) < 0.05


def test_outliers_hardly_move_it():
    level = found(RISE, odd=0.03)
    assert change(level) == pytest.approx(0.12, abs=0.05)


def test_a_season_of_spend_does_not_go_on_as_a_level():
    season = 0.15 * np.cos(2 * np.pi * (np.arange(30) - 11) / 12)
    level = found(season)
    assert level.season > level.walk
    assert abs(change(level)) < 0.06
    ahead = level.at(BEGIN + 30 + np.arange(12), trend=False)
    assert np.ptp(ahead) > 0.15


def test_one_odd_month_is_noise():
    odd = np.zeros(30)
    odd[-1] = 0.3
    assert abs(change(found(odd, partial=True))) < 0.1


def test_a_month_that_is_half_over_may_be_off_by_more():
    assert found(np.zeros(30), partial=True).seen.blur[-1] > 1.5


def test_too_little_is_none():
    who, when, n, log, share = months(np.zeros(30), customers=20)
    assert price_level.compare(who[:50], when[:50], n[:50], log[:50], share[:50]) is None
    once = np.arange(500)
    assert price_level.compare(once, once % 12, np.ones(500), np.ones(500), np.ones(500)) is None
    same = np.repeat(np.arange(200), 2)
    assert price_level.compare(same, np.full(400, 3), np.ones(400), np.ones(400), np.zeros(400)) is None


def test_everybody_spending_the_same_is_no_error():
    who, when, n, _, share = months(np.zeros(30))
    level = price_level.level(price_level.compare(who, when, n, np.ones(len(n)), share))
    assert np.allclose(level.at([BEGIN, BEGIN + 40]), level.at([BEGIN])[0], atol=1e-6)


def test_the_unit_of_money_and_the_order_of_rows_do_not_matter():
    columns = months(RISE)
    order = np.random.default_rng(1).permutation(len(columns[0]))
    who, when, n, log, share = (column[order] for column in columns)
    one, other = price_level.compare(*columns), price_level.compare(who, when, n, log + 4.0, share)
    assert np.allclose(one.log, other.log, atol=1e-6)
    assert np.allclose(one.covariance, other.covariance, atol=1e-8)


def test_its_errors_are_as_large_as_they_are_said_to_be():
    stands = []
    for seed in range(25):
        seen = price_level.compare(*months(np.zeros(30), seed=100 + seed, customers=300))
        stands.append(seen.log[5:] / np.sqrt(np.diag(seen.covariance))[5:])
    assert np.std(np.concatenate(stands)) == pytest.approx(1.0, abs=0.12)
