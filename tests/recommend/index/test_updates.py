"""What happens between builds counts as the next build would count it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest

from regulars.recommend import Rules, fit_interactions
from regulars.recommend.components import neighbours
from regulars.recommend.index import Live, build, open_index
from regulars.recommend.interactions import date_of

WHO = "person 5"


@pytest.fixture(scope="module")
def early(make_rows, take):
    return fit_interactions(take(make_rows(days=180)), tune=False)


@pytest.fixture
def live(early, tmp_path):
    build(early, tmp_path)
    return Live(open_index(tmp_path))


def weights(profile):
    return dict(zip(profile.items.tolist(), (profile.weights / profile.weights.max()).tolist(), strict=True))


def order(day, product, who=WHO, order_id="n1"):
    return {
        "order_id": order_id,
        "customer": who,
        "at": day,
        "product": product,
        "category": product[0],
        "amount": "5.00",
    }


def test_orders_make_the_profile_that_a_build_would(live, early, make_rows, take):
    first = date_of(early.data.end)
    later = first + timedelta(days=3)
    new = [order(first, "a1"), order(first, "b1"), order(first, "c4", order_id="n2")]
    new += [order(later, "b1", order_id="n3"), order(later, "a2", who="Zoe", order_id="n4")]
    assert live.purchased(WHO, ("a1", "b1"), first)
    assert live.purchased(WHO, ("c4", "a1"), first)
    assert live.purchased(WHO, ("b1",), later)
    assert live.purchased("Zoe", ("a2",), later)
    built = fit_interactions(take(make_rows(days=180) + new), tune=False)
    assert built.catalogue.product_ids == live.catalogue.product_ids
    for who in (WHO, "Zoe"):
        mine, theirs = live.serving, built.serving
        here, there = mine.person(who), theirs.person(who)
        assert weights(mine.bought(here)) == pytest.approx(weights(theirs.bought(there)), rel=1e-5)
        assert weights(mine.lately(here)) == pytest.approx(weights(theirs.lately(there)), rel=1e-5)
    assert not {"a1", "c4", "b1"} & set(live.discover(WHO, 10).product_ids)
    assert live.for_customer("Zoe", 3).fallback is None


def test_what_the_index_knows_or_never_heard_of_counts_for_nothing(live, early):
    before = live.for_customer(WHO)
    assert not live.purchased(WHO, ("a1",), date_of(early.data.end - 1))
    assert not live.purchased(WHO, ("no such thing",), date(2030, 1, 1))
    assert not live.viewed(WHO, "no such thing")
    assert live.for_customer(WHO) == before
    assert live.for_customer("person 6") == early.for_customer("person 6")


def test_a_look_counts_at_once_and_is_called_a_look(live, early):
    had = set(live.discover(WHO, 40).product_ids)
    assert live.viewed(WHO, "a2")
    found = live.discover(WHO, 40)
    assert set(found.product_ids) <= had | {"a2"}
    seen = [pick for pick in found.picks if pick.reason == "because_viewed"]
    assert seen
    assert all(pick.seeds == ("a2",) for pick in seen)
    assert all("a2" not in pick.seeds for pick in found.picks if pick.reason == "because_bought")
    assert live.viewed("visitor", "b2")
    assert live.for_customer("visitor", 3).picks[0].reason == "because_viewed"
    assert early.for_customer("visitor").fallback is not None


def test_the_trend_is_replaced(live, make_rows, take):
    data = take(make_rows(days=200))
    live.renew_trend(data)
    built = fit_interactions(data, tune=False)
    shared = [name for name in live.catalogue.product_ids if name in built.catalogue.codes]
    for mine, theirs in (
        (live.serving.momentum, built.serving.momentum),
        (live.serving.again, built.serving.again),
        (live.serving.trending.now, built.serving.trending.now),
    ):
        here, there = (
            [codes[name] for name in shared] for codes in (live.catalogue.codes, built.catalogue.codes)
        )
        assert mine[here] == pytest.approx(theirs[there])
    assert live.trending(5).product_ids == built.trending(5).product_ids


def test_one_item_is_solved_as_all_would_be(live, make_rows, take):
    data = take(make_rows(days=200))
    whole = neighbours.near(data, live.serving.parameters)
    assert live.solve_again("b1", data)
    items, found = live.serving.near.row(live.catalogue.codes["b1"])
    dense = whole[[data.catalogue.codes["b1"]]].toarray().ravel()
    names = [live.catalogue.product_ids[item] for item in items]
    assert found == pytest.approx([dense[data.catalogue.codes[name]] for name in names], rel=1e-4)
    assert np.all(np.diff(items) > 0)
    other = live.catalogue.codes["b2"]
    assert live.serving.near.row(other)[0] is not None
    assert live.similar("b2") == Live(live.index).similar("b2")
    assert not live.solve_again("no such thing", data)


def test_what_is_bought_for_the_first_time_is_no_longer_unsold(stocked, tmp_path):
    build(stocked, tmp_path)
    live = Live(open_index(tmp_path))
    assert live.new_arrivals(40) == stocked.new_arrivals(40)
    assert live.purchased(WHO, ("new0",), date_of(stocked.data.end))
    unsold = {pick.product_id for pick in live.new_arrivals(40).picks if pick.reason == "unsold"}
    assert unsold == {"new1"}
    reasons = {pick.product_id: pick.reason for pick in live.trending(60).picks}
    assert (reasons["new0"], reasons["new1"]) == ("trending", "unsold")


def test_rules_hold_for_what_happened_since(stocked, tmp_path):
    build(stocked, tmp_path)
    live = Live(open_index(tmp_path), name=lambda: "a1")
    rules = Rules.from_json({"exclude_bought": True, "bought_again_share": 1.0, "most_per_category": 2})
    before = live.for_customer("Zoe", 6, rules=rules)
    assert before.answer_id == "a1"
    bought = before.product_ids[:2]
    assert live.purchased("Zoe", bought, date_of(stocked.data.end))
    assert not set(bought) & set(live.for_customer("Zoe", 6, rules=rules).product_ids)
    assert not set(bought) & set(live.trending(6, customer="Zoe", rules=rules).product_ids)


def test_the_trend_of_a_country_is_replaced(stocked, tmp_path):
    early = fit_interactions(stocked.data.until(stocked.data.end - 30), tune=False)
    build(early, tmp_path)
    live = Live(open_index(tmp_path))
    live.renew_trend(stocked.data)
    for country in ("Poland", "Czechia", "Sweden"):
        assert live.trending(9, country=country).picks == stocked.trending(9, country=country).picks


def test_the_next_build_takes_over_what_it_does_not_know(live, early, tmp_path):
    first = date_of(early.data.end)
    live.purchased(WHO, ("a1",), first)
    live.purchased("Zoe", ("a2",), first + timedelta(days=5))
    live.viewed("Zoe", "b3")
    live.viewed(WHO, "b3")
    build(fit_interactions(replace(early.data, end=early.data.end + 2), tune=False), tmp_path)
    later = live.onto(open_index(tmp_path))
    a1, a2, b3 = (later.catalogue.codes[name] for name in ("a1", "a2", "b3"))
    known, zoe = later.serving.person(WHO), later.serving.person("Zoe")
    assert a1 not in later.serving.bought(known).items
    assert later.serving.bought(zoe).items.tolist() == [a2]
    assert b3 in later.serving.lately(zoe).viewed
    assert b3 in later.serving.lately(known).items
