"""Every slot answers with exactly k, never twice the same, never what is excluded, and says why."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from tests.shops import make_orders

import regulars as rg
from regulars.kit.errors import RegularsError
from regulars.recommend import fit_interactions
from regulars.recommend.answers import REASONS


@pytest.fixture(scope="module")
def recommender(shop):
    return fit_interactions(shop)


SLOTS = {
    "for_you": lambda r, k, **more: r.for_customer("person 5", k, **more),
    "discover": lambda r, k, **more: r.discover("person 5", k, **more),
    "similar": lambda r, k, **more: r.similar("b1", k, **more),
    "because_viewed": lambda r, k, **more: r.because_viewed(["b1", "c2"], k, **more),
    "bought_together": lambda r, k, **more: r.bought_together("b1", k, **more),
    "cart": lambda r, k, **more: r.for_cart(["b1", "b2"], k, **more),
    "trending": lambda r, k, **more: r.trending(k, **more),
}


@pytest.mark.parametrize("slot", SLOTS)
@pytest.mark.parametrize("k", [1, 5, 12, 1000])
def test_exactly_k_and_none_twice(recommender, slot, k):
    answer = SLOTS[slot](recommender, k)
    shown = answer.product_ids
    hidden = {"discover": len(recommender.data.owned[[recommender.data.people_codes["person 5"]]].indices)}
    asked = {"similar": 1, "because_viewed": 2, "bought_together": 1, "cart": 2} | hidden
    assert len(shown) == min(k, recommender.data.items - asked.get(slot, 0))
    assert len(set(shown)) == len(shown)
    assert answer.fallback is None
    for pick in answer.picks:
        assert pick.reason in REASONS
        assert ("{seeds}" in REASONS[pick.reason]) <= bool(pick.seeds)


@pytest.mark.parametrize("slot", SLOTS)
def test_what_is_excluded_or_hidden_is_not_shown(recommender, slot):
    first, second, *_ = SLOTS[slot](recommender, 6).product_ids
    factor = np.ones(recommender.data.items)
    factor[recommender.data.catalogue.codes[second]] = 0.0
    shown = SLOTS[slot](recommender, 6, exclude=[first, "no such thing"], factor=factor).product_ids
    assert len(shown) == 6
    assert not {first, second} & set(shown)


def test_a_boost_lifts(recommender):
    shown = recommender.trending(12).product_ids
    factor = np.ones(recommender.data.items)
    factor[recommender.data.catalogue.codes[shown[-1]]] = 100.0
    assert recommender.trending(12, factor=factor).product_ids[0] == shown[-1]


def test_people_get_their_own_taste(recommender):
    for person in (5, 6, 7):
        kind = "abcd"[person % 4]
        shown = recommender.for_customer(f"person {person}", 5).product_ids
        assert sum(name.startswith((kind, "season")) for name in shown) >= 4
    assert recommender.buy_again("person 5", 3).picks[0].reason == "bought_before"


def test_seeds_are_things_the_person_had(recommender):
    data = recommender.data
    had = {data.catalogue.product_ids[i] for i in data.owned[[data.people_codes["person 5"]]].indices}
    for pick in recommender.discover("person 5", 3).picks:
        assert pick.product_id not in had
        assert set(pick.seeds) <= had


def test_nobody_and_nothing_known_falls_back_and_says_so(recommender):
    popular = recommender.trending(4).product_ids
    for answer in (
        recommender.for_customer("nobody", 4),
        recommender.similar("nothing", 4),
        recommender.for_cart(["nothing"], 4),
        recommender.for_cart([], 4),
    ):
        assert answer.product_ids == popular
        assert answer.fallback is not None
        assert answer.picks[0].reason == "trending"
    assert recommender.buy_again("nobody", 4).picks == ()
    assert recommender.up_sell("nothing").picks == ()


def test_selling_up_and_across(recommender):
    catalogue = recommender.data.catalogue
    price = dict(zip(catalogue.product_ids, catalogue.prices, strict=True))
    up = recommender.up_sell("b0", 3).product_ids
    assert up
    assert all(name[0] == "b" and 1.1 <= price[name] / price["b0"] <= 1.8 for name in up)
    across = recommender.cross_sell(["b0"], 3).product_ids
    assert across
    assert all(name[0] != "b" for name in across)
    assert all(name[0] == "b" for name in recommender.trending(5, category="b").product_ids)


def test_arrivals_are_new(recommender, shop):
    shown = recommender.new_arrivals(5).product_ids
    first = [shop.day[shop.item == shop.catalogue.codes[name]].min() for name in shown]
    assert all(day >= shop.end - 28 for day in first)


def test_the_same_orders_give_the_same_answers(recommender, make_rows, take):
    turned = make_rows()
    np.random.default_rng(3).shuffle(turned)
    again = fit_interactions(take(turned))
    assert again.tuned == recommender.tuned
    for ask in SLOTS.values():
        assert ask(again, 10).product_ids == ask(recommender, 10).product_ids


def test_the_future_changes_nothing(make_rows, take):
    """What is known on a day does not depend on what came after it, new people and products included."""
    as_of = date(2024, 5, 30)
    alone = fit_interactions(take(make_rows(days=151), as_of))
    later = [
        row | {"product": f"new {row['product']}", "customer": f"new {row['customer']}"}
        for row in make_rows(9)
    ]
    known = fit_interactions(take(make_rows() + [row for row in later if row["at"] > as_of], as_of))
    assert known.tuned.parameters == alone.tuned.parameters
    for ask in SLOTS.values():
        assert ask(known, 10) == ask(alone, 10)


def test_everyone_is_answered_as_one_by_one(recommender):
    table = recommender.everyone(4).to_pylist()
    assert len(table) == 4 * len(np.unique(recommender.data.known.person))
    for name in ("person 5", "person 8"):
        shown = tuple(row["product_id"] for row in table if row["customer_id"] == name)
        assert shown == recommender.for_customer(name, 4).product_ids


@pytest.mark.parametrize(
    "lines",
    [
        [],
        [("Ada", "tea")],
        [("Ada", "tea"), ("Ada", "cup")],
        [("Ada", "tea"), ("Ben", "tea")],
        [(None, "tea"), (None, "cup")],
    ],
    ids=["empty", "one of each", "one customer", "one item", "guests only"],
)
def test_tiny_shops(lines):
    sold = [
        {"customer": who, "at": date(2024, 1, 1 + at), "amount": "3.00", "product": what}
        for at, (who, what) in enumerate(lines)
    ]
    with make_orders(sold) as orders:
        if not lines:
            with pytest.raises(RegularsError, match="which products"):
                rg.recommend.fit(orders)
            return
        found = rg.recommend.fit(orders)
    items = {what for _, what in lines}
    assert set(found.for_customer("Ada", 5).product_ids) == items
    assert set(found.similar("tea", 5).product_ids) == items - {"tea"}
    assert set(found.for_cart(["tea"], 5).product_ids) == items - {"tea"}
    assert set(found.trending(5).product_ids) == items
    assert len(found.everyone(3)) == len({who for who, _ in lines if who}) * len(items)


def test_orders_without_any_sold_product():
    with make_orders(
        [{"customer": "Ada", "at": date(2024, 1, 1), "amount": "3.00", "product": "POST"}]
    ) as orders:
        found = rg.recommend.fit(orders)
    assert found.for_customer("Ada").picks == ()
    assert found.trending().picks == ()


def test_no_products_is_an_error_that_says_what_to_do(recommender):
    with make_orders([("Ada", date(2024, 1, 1), "3.00")]) as orders, pytest.raises(RegularsError) as error:
        rg.recommend.fit(orders)
    assert error.value.code == "recommend.no_products"
    with pytest.raises(RegularsError) as error:
        recommender.trending(0)
    assert error.value.code == "recommend.bad_k"
