"""Sessions: what is one, what is known of them when, and that a shop without events is what it was."""

from __future__ import annotations

import time
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from regulars.lake import open_workspace
from regulars.recommend import Parameters, ask, evaluate_sessions, fit_interactions, session_windows
from regulars.recommend.components import neighbours, session_knn
from regulars.recommend.interactions import date_of, with_events
from regulars.recommend.session_tuning import tune
from regulars.sources.events import read_events

START = datetime(2024, 5, 1, tzinfo=UTC)
STRIDE = 3
"""In the shop of these tests, who looks at item n of a kind looks at item n + 3 of it next, more often than not."""


def event(minutes: float, product: str, who: str = "v", **more: Any) -> dict[str, Any]:
    at = START + timedelta(minutes=minutes)
    return {
        "visitor_id": who,
        "product_id": product,
        "occurred_at": at,
        "session_id": None,
        "customer_id": None,
    } | more


def given(shop, rows: list[dict[str, Any]] | pa.Table):
    """The shop with events, as they are read."""
    table = rows if isinstance(rows, pa.Table) else pa.Table.from_pylist(rows)
    with closing(open_workspace()) as workspace:
        return with_events(shop, read_events(table, workspace))


def browsing(shop, seed: int = 0, sessions: int = 1500) -> list[dict[str, Any]]:
    """Sessions all over the shop's time in which one thing leads to another, three steps on within its kind."""
    rng = np.random.default_rng(seed)
    found = []
    last = (datetime.combine(date_of(shop.end), datetime.min.time(), UTC) - START).days
    for number in range(sessions):
        kind, item = "abcd"[int(rng.integers(4))], int(rng.integers(8))
        minutes = float(rng.uniform(-120 * 1440, last * 1440 - 60))
        for step in range(int(rng.integers(2, 6))):
            found.append(
                event(
                    minutes + step,
                    f"{kind}{item}",
                    f"v{number}",
                    type="cart" if rng.random() < 0.1 else "view",
                )
            )
            item = (item + STRIDE) % 8 if rng.random() < 0.8 else int(rng.integers(8))
    return found


@pytest.fixture(scope="module")
def seen(shop):
    return given(shop, browsing(shop))


def sequences(data) -> list[list[str]]:
    steps = data.sessions.steps
    return [
        [data.catalogue.product_ids[item] for item in steps.item[steps.session == number]]
        for number in np.unique(steps.session)
    ]


def test_half_an_hour_ends_a_session(shop):
    found = given(
        shop, [event(0, "a1"), event(29, "a2"), event(60, "a3"), event(5, "b1", "w"), event(89.9, "a4")]
    )
    assert sequences(found) == [["a1", "a2"], ["b1"], ["a3", "a4"]]


def test_what_the_shop_calls_a_session_is_one(shop):
    rows = [event(0, "a1", session_id="s"), event(300, "a2", session_id="s"), event(1, "b1", session_id="t")]
    assert sequences(given(shop, rows)) == [["a1", "a2"], ["b1"]]
    # The same id with another visitor is another session, as where ids only count a visitor's own.
    rows.append(event(2, "c1", "w", session_id="s"))
    assert sequences(given(shop, rows)) == [["a1", "a2"], ["b1"], ["c1"]]


def test_a_customer_is_somebody_without_a_visitor(shop):
    rows = [event(0, "a1", None, customer_id="person 5"), event(3, "a2", None, customer_id="person 5")]
    found = given(shop, rows)
    assert sequences(found) == [["a1", "a2"]]
    assert set(found.sessions.person) == {shop.people_codes["person 5"]}


def test_a_view_and_its_cart_are_one_step_and_repeats_are_none(shop):
    rows = [
        event(0, "a1", type="view"),
        event(1, "a1", type="cart"),
        event(2, "a2", type="view"),
        event(3, "a2", type="view"),
    ]
    found = given(shop, rows)
    assert sequences(found) == [["a1", "a2"]]
    assert found.sessions.cart.tolist() == [False, True, False]


def test_products_that_the_shop_has_not_are_kept_out(shop):
    found = given(shop, [event(0, "a1"), event(1, "no such thing"), event(2, "a2")])
    assert sequences(found) == [["a1", "a2"]]
    assert found.sessions.counts["unknown_products"] == 1


def test_time_is_cut_honestly(seen):
    day = seen.end - 40
    before, after = seen.until(day).sessions, seen.between(day, seen.end).sessions
    assert before.day.max() < day <= after.day.min()
    assert len(before) + len(after) == len(seen.sessions)


def test_the_future_changes_nothing(shop, seen):
    """Whatever was viewed later, and whatever visitors did it, what was known on a day is the same."""
    day = seen.end - 40
    rows = browsing(shop)
    cut = datetime.combine(date_of(day), datetime.min.time(), UTC)
    later = [
        row | {"product_id": "a1", "occurred_at": row["occurred_at"] + timedelta(minutes=7)} for row in rows
    ]
    shifted = given(shop, [a if a["occurred_at"] < cut else b for a, b in zip(rows, later, strict=True)])
    assert shifted.sessions.item.tolist() != seen.sessions.item.tolist()
    at = Parameters(session_knn_weight=1.0, view_weight=0.5)
    one, other = (fit_interactions(each.until(day), tune=False, parameters=at) for each in (seen, shifted))
    assert one.model.version == other.model.version
    assert (one.model.following != other.model.following).nnz == 0
    assert one.session(["a1", "b2"], 9) == other.session(["a1", "b2"], 9)
    assert tune(seen.until(day), at) == tune(shifted.until(day), at)


def test_the_version_tells_events_apart(shop, seen):
    version = fit_interactions(seen, tune=False).model.version
    assert version != fit_interactions(shop, tune=False).model.version
    assert version == fit_interactions(given(shop, browsing(shop)[::-1]), tune=False).model.version
    fewer = given(shop, browsing(shop)[1:])
    assert version != fit_interactions(fewer, tune=False).model.version


def test_without_events_everything_stays_as_it_is(shop):
    plain = fit_interactions(shop)
    switched = fit_interactions(
        shop,
        tune=False,
        parameters=replace(plain.model.parameters, session_weight=9.0, session_target_power=0.0),
    )
    assert plain.model.following is plain.model.neighbours.near
    assert plain.model.parameters.view_weight == plain.model.parameters.session_knn_weight == 0.0
    for slot in ("for_you", "similar", "because_viewed", "session", "discover"):
        one, other = (
            ask(each, slot, 9, customer="person 5", products=["a1", "b2"]) for each in (plain, switched)
        )
        assert one == other
    assert plain.session(["a1", "b2"], 9).picks == plain.because_viewed(["a1", "b2"], 9).picks


def test_what_leads_to_what_is_learnt(seen, shop):
    def nearest(data) -> list[str]:
        """The item of the same kind that each of a kind leads to."""
        kind = [data.catalogue.codes[f"a{item}"] for item in range(8)]
        rows = fit_interactions(data, tune=False).model.following[kind].toarray()[:, kind]
        return [f"a{place}" for place in rows.argmax(axis=1)]

    leads = [f"a{(item + STRIDE) % 8}" for item in range(8)]
    assert nearest(seen) == leads
    assert sum(a == b for a, b in zip(nearest(shop), leads, strict=True)) < 5


def test_the_evaluation_beats_its_baselines_where_there_is_something_to_know(seen):
    look = evaluate_sessions(seen, days=28).looks[0]
    assert {score.name for score in look.scores} == {
        "session",
        "neighbours",
        "session_knn",
        "last_item",
        "popularity",
    }
    ours, popular = look.score("session"), look.score("popularity")
    assert ours.mrr.low > popular.mrr.high
    assert ours.hit.mean >= ours.mrr.mean
    assert popular.gain.low > 0
    assert look.steps >= look.sessions > 50
    assert look.cold_items == 0.0


def test_the_evaluation_knows_nothing_of_what_comes(shop):
    """After the cut-off another step leads on than before it: who knew that would be right."""
    rows = browsing(shop, sessions=800)
    cut = shop.end - 28
    start = datetime.combine(date_of(cut), datetime.min.time(), UTC)
    mirrored = [
        row
        | (
            {"product_id": f"{row['product_id'][0]}{7 - int(row['product_id'][1])}"}
            if row["occurred_at"] >= start
            else {}
        )
        for row in rows
    ]
    honest, other = (
        evaluate_sessions(given(shop, each), (date_of(cut),)).looks[0] for each in (rows, mirrored)
    )
    assert honest.parameters == other.parameters
    assert other.score("session").mrr.high < honest.score("session").mrr.low


def test_running_sessions_ask_for_the_next_new_thing(shop):
    rows = [event(step, item) for step, item in enumerate(["a1", "a2", "a1", "a3", "a3", "a4"])]
    cases = session_windows.running(given(shop, rows).sessions, shop.items, 10)
    names = shop.catalogue.product_ids
    assert [[names[item] for item in seen] for seen in cases.seen] == [
        ["a1"],
        ["a2", "a1"],
        ["a2", "a1", "a3"],
    ]
    assert [names[item] for item in cases.target] == ["a2", "a3", "a4"]
    near = session_windows.best(cases.unseen(cases.profiles(0.5)))
    assert np.all(near == -1)


def test_no_sessions_are_told_so(shop):
    assert evaluate_sessions(shop).code == "recommend.no_sessions"
    assert evaluate_sessions(given(shop, [event(0, "a1")])).code == "recommend.no_sessions"


def test_few_sessions_teach_no_weights(shop):
    few = given(shop, browsing(shop, sessions=60))
    assert tune(few, Parameters()) == Parameters()


def test_a_known_person_is_shown_what_follows_their_views_if_that_helps(shop, seen):
    rows = [
        event(10_000 + step, item, customer_id="person 5", type="view")
        for step, item in enumerate(["d1", "d2"])
    ]
    told = given(shop, browsing(shop) + rows)
    at = Parameters(view_weight=3.0)
    found, plain = (fit_interactions(each, tune=False, parameters=at) for each in (told, seen))
    looks = neighbours.looks(told, at)[[shop.people_codes["person 5"]]]
    assert looks.toarray()[0][shop.catalogue.codes["d2"]] == 1.0
    assert looks.toarray()[0][shop.catalogue.codes["d1"]] == at.session_decay
    assert looks.nnz == 2
    pick = found.discover("person 5", 1).picks[0]
    assert pick.reason == "because_viewed"
    assert set(pick.seeds) <= {"d1", "d2"}
    assert plain.discover("person 5", 1).picks[0].reason == "because_bought"


def test_a_cold_person_is_answered_by_their_session(seen):
    found = fit_interactions(seen, tune=False, parameters=Parameters(session_knn_weight=1.0))
    answer = found.session(["b1", "c2"], 5, customer="never heard of")
    assert answer.fallback is None
    assert {pick.reason for pick in answer.picks} == {"because_viewed"}
    assert answer.picks[0].seeds[0] == "c2"
    again = found.session(["c2", "b1", "c2"], 5)
    assert again.product_ids == answer.product_ids
    assert found.session([], 5).fallback.code == "recommend.unknown_product"


def test_the_component_and_the_slot_say_the_same(seen):
    found = session_knn.fit(seen, Parameters())
    codes = seen.catalogue.codes
    profile = session_windows.Running(
        (np.array([codes["a1"], codes["a4"]]),), np.zeros(1, int), np.zeros(1, int), seen.items
    )
    scores = found.scores(profile.profiles(0.5))[0]
    # What came before them is as near as what comes after: past sessions are sets.
    assert {seen.catalogue.product_ids[at] for at in np.argsort(-scores)[:2]} == {"a7", "a6"}
    assert scores[codes["a1"]] == scores[codes["a4"]] == 0.0


HOSTILE = {
    "one event": lambda: [event(0, "a1")],
    "a session of 10,000 views": lambda: [
        event(step / 10, f"{'abcd'[step % 4]}{step % 8}") for step in range(10_000)
    ],
    "one visitor for years": lambda: [event(step * 600, f"a{step % 8}") for step in range(5_000)],
    "everything at once": lambda: [event(0, f"a{step % 8}", f"v{step % 50}") for step in range(5_000)],
    "a million identical events": lambda: pa.Table.from_pylist([event(0, "a1")]).take(
        pa.array(np.zeros(1_000_000, np.int64))
    ),
    "products of another shop": lambda: [event(step, f"x{step}") for step in range(100)],
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_events_are_answered_in_time(shop, name):
    began = time.process_time()
    data = given(shop, HOSTILE[name]())
    found = fit_interactions(data, tune=False, parameters=Parameters(session_knn_weight=1.0, view_weight=0.5))
    for slot in ("session", "because_viewed", "similar", "for_you", "next_basket"):
        answer = ask(found, slot, 5, customer="person 5", products=[*shop.catalogue.product_ids] * 40)
        assert len(set(answer.product_ids)) == len(answer.product_ids) <= 5
    assert tune(data, Parameters()) == Parameters()
    assert evaluate_sessions(data, tuned=False) is not None
    assert time.process_time() - began < 60
