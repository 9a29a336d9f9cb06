"""The learner: what it may see, when it is believed, and what it does to a forecast."""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from tests.shops import make_orders

from regulars import value
from regulars.kit.unknown import Unknown
from regulars.lake import Orders
from regulars.numeric import accuracy
from regulars.value import backtest, frames, model
from regulars.value.assumptions import Assumptions, Minimum
from regulars.value.learning import Learner, Learnt, blend, features, matrix, windows, words
from regulars.value.learning import learner as room
from regulars.value.past import Past
from regulars.value.processes import PARETO
from regulars.value.summary import Summary

START = date(2022, 1, 1)
CUT, HORIZON = START + timedelta(days=420), 120
DAYS = 541


def shop(*, signal: bool, seed: int = 4, customers: int = 1400) -> list[dict]:
    """Pareto/NBD customers; with a signal, two kinds who cannot be told apart but by what they buy and where they came from.

    Takers of gifts leave sooner. Until then both buy alike.
    """
    rng = np.random.default_rng(seed)
    rate = rng.gamma(1.2, 1 / 40.0, customers)
    life = rng.exponential(1 / rng.gamma(1.5, 1 / 500.0, customers))
    gifts = rng.random(customers) < 0.5
    if signal:
        life = rng.exponential(np.where(gifts, 60.0, 900.0))
    rows = []
    for key in range(customers):
        at = float(rng.integers(0, 400))
        end = min(at + life[key], DAYS - 1)
        product = f"{'gift' if gifts[key] else 'coffee'} {key % 7}"
        while at <= end:
            rows.append(
                {
                    "customer": key + 1,
                    "at": START + timedelta(days=int(at)),
                    "amount": f"{rng.gamma(4, 5) + 1:.2f}",
                    "product": product,
                    "category": product.split()[0],
                    "channel": "fair" if gifts[key] else "search",
                }
            )
            at += max(rng.exponential(1 / max(rate[key], 1e-4)), 1.0)
    return rows


@dataclass(frozen=True)
class Told:
    """A forecast on the cut-off, what a learner makes of it, and what came."""

    learner: Learner
    summary: Summary
    forecast: model.Prediction
    learnt: Learnt | Unknown
    actual: np.ndarray


def told(orders: Orders, *, cutoff: date = CUT, minimum: Minimum | None = None) -> Told:
    engine, settings = orders.workspace.engine, Assumptions(HORIZON, discount_rate_yearly=0.0)
    days = engine.save(frames.purchase_days(orders.orders), orders.workspace.folder / "days.parquet")
    summary = Summary.from_arrow(engine.arrow(frames.customer_summary(days, cutoff)))
    past = Past(days, engine, minimum or Minimum(), len(summary))
    fitted = model.usual(past, cutoff, summary, PARETO)
    forecast = fitted.predict(summary, settings, intervals=False)
    learner = Learner(orders, past)
    learnt = learner.learn(summary, forecast, HORIZON)
    after = engine.arrow(frames.spend_between(days, cutoff, cutoff + timedelta(days=HORIZON)))
    came = dict(zip(after["customer_key"].to_pylist(), map(float, after["spend"].to_pylist()), strict=True))
    actual = np.array([came.get(key, 0.0) for key in summary.key.tolist()])
    return Told(learner, summary, forecast, learnt, actual)


@pytest.fixture(scope="module")
def rows() -> list[dict]:
    return shop(signal=True)


@pytest.fixture(scope="module")
def signal(rows) -> Told:
    with make_orders(rows) as orders:
        yield told(orders)


def test_what_was_bought_and_where_customers_came_from_is_learnt(signal):
    learnt = signal.learnt
    assert isinstance(learnt, Learnt)
    assert learnt.weight > 0.3
    before, after = signal.forecast, learnt.applied(signal.forecast)
    gini = [accuracy.normalised_gini(signal.actual, told.spend) for told in (before, after)]
    assert gini[1] > gini[0] + 0.01
    assert accuracy.mae(signal.actual, after.spend) < accuracy.mae(signal.actual, before.spend)
    told_by = {reason.title: reason.share for reason in learnt.reasons}
    assert sum(told_by.values()) == pytest.approx(1)
    kinds = ("Channel of the first order", "Categories", "Whether these products are bought again")
    assert sum(told_by.get(kind, 0) for kind in kinds) > 0.25


def test_the_total_and_how_often_people_buy_stay(signal):
    before, after = signal.forecast, signal.learnt.applied(signal.forecast)
    assert after.spend.sum() == pytest.approx(before.spend.sum(), rel=1e-9)
    assert after.expected_orders is before.expected_orders
    assert np.allclose(after.clv, before.clv * signal.learnt.factor)
    assert after.low is None
    bounded = signal.learnt.applied(replace(before, low=before.clv / 2, high=before.clv * 2))
    assert np.allclose(bounded.high / bounded.clv, 2.0)


def test_a_share_of_the_customers_is_asked_about(signal):
    """As in the backtests of a shop of a million: learnt from all, asked about some."""
    some = signal.summary.key % 2 == 0
    forecast = room._taken(signal.forecast, np.flatnonzero(some))
    learnt = signal.learner.learn(signal.summary.part(some), forecast, HORIZON)
    assert isinstance(learnt, Learnt)
    assert len(learnt.factor) == some.sum()
    # Another total stays, and ages rank among others: the same customers are thought more or less of.
    both = np.log(learnt.factor), np.log(signal.learnt.factor[some])
    assert np.corrcoef(*both)[0, 1] > 0.95


def test_features_must_be_known_of_everybody(signal):
    scope = features.Scope(START, CUT, HORIZON)
    table = signal.learner.orders.workspace.engine.arrow(
        features.of_customers(signal.learner.orders, signal.learner.past.days, scope)
    )
    known = matrix.Known(signal.summary, signal.forecast, windows.age_ranks(signal.summary))
    assert len(matrix.of(table, known)) == len(signal.summary)
    with pytest.raises(ValueError, match="no features"):
        matrix.of(table.slice(1), known)


def test_the_paragraph_says_what_it_goes_by(signal):
    said = " ".join(map(str, signal.learnt.sentences()))
    assert "Boosted trees" in said
    assert f"{signal.learnt.reasons[0].title} (" in said
    assert signal.learnt.to_json()["weight"] == signal.learnt.weight


def test_every_window_is_over_by_the_cutoff_and_the_test_lies_ahead(signal):
    learnt = signal.learnt
    assert all(day + timedelta(days=HORIZON) <= CUT for day in learnt.learnt_from)
    assert learnt.tested_on == learnt.learnt_from[0] == CUT - timedelta(days=HORIZON)
    assert learnt.ahead
    assert learnt.learnt_from[-1] - START >= timedelta(days=Minimum().span_days)


def test_nothing_after_the_cutoff_reaches_it_nor_does_the_order_of_rows(rows, signal):
    other = [row for row in rows if row["at"] <= CUT or row["customer"] % 3 == 0]
    changed = [
        {**row, "amount": "999.00", "product": "gift 0", "category": "gift", "channel": "new"}
        if row["at"] > CUT
        else row
        for row in other
    ]
    changed.append({**rows[0], "customer": 10_000, "at": CUT + timedelta(days=1)})
    np.random.default_rng(1).shuffle(changed)
    with make_orders(changed) as orders:
        again = told(orders)
    assert np.array_equal(again.learnt.factor, signal.learnt.factor)
    assert again.learnt.to_json() == signal.learnt.to_json()
    assert again.actual.sum() != signal.actual.sum()


def test_features_come_from_nothing_after_their_day(rows):
    on = START + timedelta(days=300)
    scope = features.Scope(START, on, HORIZON)

    def found(some):
        with make_orders(some) as orders:
            days = frames.purchase_days(orders.orders)
            table = orders.workspace.engine.arrow(features.of_customers(orders, days, scope))
        return table.sort_by("customer_key").to_pandas()

    whole = found(rows)
    later = [
        {**row, "amount": "7.77", "product": "coffee 1", "category": "coffee"} if row["at"] > on else row
        for row in rows
    ]
    # What others do with the same products after the day must not matter either, so half of the future is gone.
    pd.testing.assert_frame_equal(
        found([row for row in later if row["at"] <= on or row["customer"] % 2]), whole
    )
    assert len(whole) == len({row["customer"] for row in rows if row["at"] <= on})


def test_where_customers_follow_the_model_there_is_nothing_to_learn():
    with make_orders(shop(signal=False)) as orders:
        found = told(orders)
    if isinstance(found.learnt, Unknown):
        assert found.learnt.code == "learner_no_use"
    else:
        assert found.learnt.weight <= blend.BELIEF
        after = found.learnt.applied(found.forecast)
        assert accuracy.normalised_gini(found.actual, after.spend) > (
            accuracy.normalised_gini(found.actual, found.forecast.spend) - 0.005
        )


def test_too_short_a_past_is_said(signal):
    found = told(signal.learner.orders, cutoff=START + timedelta(days=299))
    assert isinstance(found.learnt, Unknown)
    assert found.learnt.code == "learner_too_short"
    assert "300" in str(found.learnt)


def test_with_one_window_the_test_is_on_other_customers(signal):
    found = told(signal.learner.orders, cutoff=START + timedelta(days=315))
    assert isinstance(found.learnt, Unknown) or not found.learnt.ahead


def test_without_lightgbm_it_is_unknown(signal, monkeypatch):
    monkeypatch.setitem(sys.modules, "lightgbm", None)
    found = told(signal.learner.orders)
    assert isinstance(found.learnt, Unknown)
    assert found.learnt.code == "learner_missing"
    assert "regulars[rank]" in str(found.learnt)


def test_what_intervals_held_is_told_of_those_the_learner_moved(signal):
    past = signal.learner.past
    found = backtest.run(past, CUT, Assumptions(HORIZON), learner=signal.learner)
    assert isinstance(found.learnt, Learnt)
    assert dict(found.reliability)[0.8] == pytest.approx(found.coverage_told, abs=0.015)


def test_an_estimate_uses_it_unless_told_not_to(signal, monkeypatch):
    monkeypatch.delenv("REGULARS_LEARNER", raising=False)

    def estimate(learner):
        return value.estimate(
            signal.learner.orders, as_of=CUT, horizon_days=HORIZON, margin=0.5, learner=learner
        )

    plain, taught = estimate(False), estimate(None)
    assert plain.learnt is None
    for name in ("clv", "clv_high", "clv_lifetime"):
        before, after = (np.asarray(each.customers[name]) for each in (plain, taught))
        assert np.allclose(after, before * signal.learnt.factor)
    assert taught.customers["expected_orders"].equals(plain.customers["expected_orders"])
    assert "Boosted trees" in taught.method
    monkeypatch.setitem(sys.modules, "lightgbm", None)
    missing = estimate(None)
    assert missing.customers.equals(plain.customers)
    assert missing.method == plain.method
    assert "regulars[rank]" in estimate(True).method
    monkeypatch.delitem(sys.modules, "lightgbm")
    monkeypatch.setattr(room, "MOST_CUSTOMERS", 10)
    large = estimate(None)
    assert large.customers.equals(plain.customers)
    assert "REGULARS_LEARNER=on" in large.method
    monkeypatch.setenv("REGULARS_LEARNER", "on")
    assert "Boosted trees" in estimate(None).method


def test_every_feature_has_a_theme(signal):
    named = {name for names in words.THEMES.values() for name in names}
    listed = [name for names in words.THEMES.values() for name in names]
    assert len(named) == len(listed)
    seen = {name for window in signal.learner.remembered.values() for name in window.features.columns}
    assert {"channel", "category", "bought_again_by_others", "first_products_bring_back", "price"} <= seen
    assert seen <= named
