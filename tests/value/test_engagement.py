"""What customers look at: whose views they are, from when on that is known, and what a forecast makes of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from tests.shops import make_orders

from regulars import value
from regulars.kit.unknown import Unknown
from regulars.lake import Orders
from regulars.value import backtest, frames
from regulars.value.assumptions import Assumptions, Minimum
from regulars.value.learning import Learnt, engagement, features, trees
from regulars.value.learning.engagement import Engagement

START = date(2023, 1, 1)
DAYS, CUT, HORIZON = 540, START + timedelta(days=450), 90
HEAD = ("visitor_id", "session_id", "customer_id", "type", "occurred_at", "product_id")


@pytest.fixture(autouse=True)
def learning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("REGULARS_LEARNER", raising=False)


def events(*rows: tuple[Any, ...]) -> pa.Table:
    """A table of events: visitor, session, customer, type, moment, product."""
    return pa.table({name: list(column) for name, column in zip(HEAD, zip(*rows, strict=True), strict=True)})


def view(visitor: str, customer: str | None, day: int, hour: int = 12, *, kind: str = "view") -> tuple:
    at = datetime(2024, 3, day, hour, tzinfo=UTC)
    return visitor, None, customer, kind, at.isoformat(), "tea"


def days_of(found: Engagement, orders: Orders) -> list[tuple]:
    table = orders.workspace.engine.arrow(found.days)
    names = ("customer_key", "seen_on", "known_on", "views", "carts")
    return sorted(tuple(row[name] for name in names) for row in table.to_pylist())


def march(day: int) -> date:
    return date(2024, 3, day)


@pytest.fixture
def two() -> Any:
    """Two customers, 1 and 2."""
    with make_orders([(1, march(10), "5"), (2, march(10), "5")]) as orders:
        yield orders


def test_a_view_without_a_name_is_of_whom_the_visitor_was_last(two):
    found = engagement.read(
        events(
            view("a", "1", 3),
            view("a", None, 5),
            view("a", None, 5, kind="cart"),
            view("a", "2", 7),
            view("a", None, 9),
            view("b", None, 4),
        ),
        two,
    )
    assert days_of(found, two) == [
        (1, march(3), march(3), 1, 0),
        (1, march(5), march(5), 1, 1),
        (2, march(7), march(7), 1, 0),
        (2, march(9), march(9), 1, 0),
    ]
    assert (found.first, found.last, found.customers) == (march(3), march(9), 2)


def test_whose_it_was_is_not_known_before_they_said_so(two):
    given = events(view("a", None, 2), view("a", None, 3), view("a", "1", 12), view("a", None, 14))
    found = engagement.read(given, two)
    assert days_of(found, two) == [
        (1, march(2), march(12), 1, 0),
        (1, march(3), march(12), 1, 0),
        (1, march(12), march(12), 1, 0),
        (1, march(14), march(14), 1, 0),
    ]

    def counted(day: date) -> float:
        scope = features.Scope(march(1) - timedelta(days=400), day, 30)
        known = replace(found, first=march(1) - timedelta(days=400), last=march(31))
        table = two.workspace.engine.arrow(features.visits(known, frames.purchase_days(two.orders), scope))
        return {row["customer_key"]: row["viewed_30"] for row in table.to_pylist()}.get(1)

    assert [counted(march(day)) for day in (11, 12, 13, 14)] == [0, 3, 3, 4]


def test_a_customer_of_somebody_else_is_nobody(two):
    found = engagement.read(events(view("a", "1", 3), view("a", "stranger", 4), view("a", None, 5)), two)
    assert days_of(found, two) == [(1, march(3), march(3), 1, 0)]
    nobody = engagement.read(events(view("a", "stranger", 4), view("b", None, 5)), two)
    assert isinstance(nobody, Unknown)
    assert nobody.code == "events_of_others"


def test_what_is_counted(two):
    given = events(
        view("a", "1", 1),
        view("a", "1", 9),
        view("a", "1", 9, 13, kind="cart"),
        view("a", "1", 10, 1),
        view("a", "1", 12),
        view("a", "1", 12, 14, kind="cart"),
        view("a", "1", 12, 15, kind="cart"),
        view("a", "1", 20),
    )
    found = replace(engagement.read(given, two), first=date(2023, 1, 1))
    scope = features.Scope(date(2023, 1, 1), march(18), 30)
    table = two.workspace.engine.arrow(features.visits(found, frames.purchase_days(two.orders), scope))
    one, other = sorted(table.to_pylist(), key=lambda row: row["customer_key"])
    for span in (30, 91):
        assert [one[f"{name}_{span}"] for name in engagement.COUNTED] == [4, 4, 3, 1, 2]
        assert [other[f"{name}_{span}"] for name in engagement.COUNTED] == [0, 0, 0, 0, 0]
    assert one["unseen_days"] == 6
    assert other["unseen_days"] is None
    assert {*engagement.COLUMNS} == {*one} - {"customer_key"}


def test_only_weeks_that_were_recorded_in_full_are_counted(two):
    found = engagement.read(events(view("a", "1", 1), view("a", "1", 3), view("a", "1", 4)), two)
    assert found.quiet_days == 2
    found = replace(found, last=march(31))
    assert found.spans(march(29)) == ()
    assert found.spans(march(30)) == (30,)
    assert found.spans(date(2024, 4, 2)) == (30,)  # two days of silence are nothing unusual here
    assert found.spans(date(2024, 4, 3)) == ()
    assert replace(found, first=march(1) - timedelta(days=61)).spans(march(30)) == (30, 91)
    gap = engagement.read(events(view("a", "1", 1), view("a", "1", 30)), two)
    assert gap.quiet_days == engagement.MOST_QUIET_DAYS


def browsing(seed: int = 3, customers: int = 1200) -> tuple[list[dict], pa.Table]:
    """Buyers who leave without a word, and the views of those who are still there: about one in nine days."""
    rng = np.random.default_rng(seed)
    rows, seen = [], []
    for key in range(1, customers + 1):
        at = float(rng.integers(0, 300))
        end = min(at + rng.exponential(250), DAYS - 1)
        rate = rng.gamma(2, 1 / 80)
        for day in np.unique(rng.uniform(at, end, rng.poisson((end - at) / 9)).astype(int)):
            moment = START + timedelta(days=int(day))
            seen.append((f"v{key}", None, str(key), "view", f"{moment} 10:00:00", "tea"))
        while at <= end:
            rows.append({"customer": key, "at": START + timedelta(days=int(at)), "amount": "20.00"})
            at += max(rng.exponential(1 / rate), 1.0)
    return rows, events(*seen)


@pytest.fixture(scope="module")
def shop() -> Any:
    rows, seen = browsing()
    with make_orders(rows) as orders:
        yield orders, seen


def estimated(shop: Any, seen: Any, **more: Any) -> value.Value:
    return value.estimate(shop[0], as_of=CUT, horizon_days=HORIZON, events=seen, minimum=Minimum(), **more)


def outcome(worth: value.Value) -> value.Backtest:
    return backtest.run(
        worth.past, CUT, Assumptions(HORIZON, discount_rate_yearly=0.0), learner=worth.learner
    )


def test_who_still_looks_around_is_worth_more(shop):
    plain, told = (estimated(shop, seen) for seen in (None, shop[1]))
    assert isinstance(told.learnt, Learnt)
    assert told.learnt.watched == START + timedelta(days=1)
    assert told.learnt.reasons[0].title == "What they looked at and put into carts"
    assert "put into carts, recorded since 2023-01-02" in told.method
    assert told.learnt.to_json()["events_since"] == "2023-01-02"
    before, after = (outcome(worth).scores[0] for worth in (plain, told))
    assert after.name == before.name == "model"
    assert after.gini > before.gini + 0.015
    assert after.mae < before.mae
    assert plain.customers["expected_orders"].equals(told.customers["expected_orders"])


def test_events_after_the_day_change_nothing(shop):
    orders, seen = shop
    moved = seen.to_pydict()
    later = [place for place, at in enumerate(moved["occurred_at"]) if at[:10] > str(CUT)]
    assert len(later) > 500
    rng = np.random.default_rng(1)
    for place in later:
        moved["customer_id"][place] = str(rng.integers(1, 1200))
        # Everybody's visitor is named anew, so that who somebody was would be told by what came later.
        moved["visitor_id"][place] = f"v{rng.integers(1, 1200)}"
    anonymous = [place for place in range(len(later)) if place % 3 == 0]
    for place in anonymous:
        moved["customer_id"][later[place]] = None
    first, second = (estimated((orders,), given) for given in (seen, pa.table(moved)))
    assert first.customers.equals(second.customers)
    assert isinstance(second.learnt, Learnt)
    assert second.learnt.to_json() == first.learnt.to_json()


def test_events_that_begin_too_late_are_left_aside_and_said(shop):
    seen = shop[1]
    short = seen.filter(pc.greater_equal(seen["occurred_at"], "2024-01-01"))
    told, plain = estimated(shop, short), estimated(shop, None)
    assert told.customers.equals(plain.customers)
    said = str(told.method)
    if isinstance(plain.learnt, Learnt):
        assert isinstance(told.learnt.watched, Unknown)
        assert told.learnt.watched.code == "events_short"
        assert "it is known from 2024-01-01 to" in said
    else:
        assert told.learnt == plain.learnt


def test_without_lightgbm_events_are_not_silently_ignored(shop, monkeypatch):
    monkeypatch.setattr(trees, "installed", lambda: False)
    told = estimated(shop, shop[1])
    assert isinstance(told.learnt, Unknown)
    assert told.learnt.code == "learner_missing"
    assert "regulars[rank]" in told.method
    assert estimated(shop, None).learnt is None


def test_events_of_strangers_are_said(shop):
    given = events(("v", None, "nobody we know", "view", "2023-05-01 10:00:00", "tea"))
    told = estimated(shop, given)
    assert isinstance(told.engagement, Unknown)
    if isinstance(told.learnt, Learnt):
        assert "None of the events names a customer who ordered" in told.method
