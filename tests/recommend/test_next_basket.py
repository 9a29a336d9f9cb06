"""The next order: what is due before what is not, where that helps, and the same from an index that hears of purchases."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest
from tests.recommend.conftest import FIRST

from regulars.recommend import Parameters, fit_interactions
from regulars.recommend.basket_tuning import next_orders, tune
from regulars.recommend.index import Live, build, open_index
from regulars.recommend.interactions import date_of
from regulars.recommend.windows import look_back


def rhythmic(conftest_take, weeks: int = 30):
    """Everybody buys beans each fourth week and tea each week, but cup only once: beans of this week are due in three."""
    lines = []
    for person in range(80):
        for week in range(weeks):
            items = ["tea"] if (week + person) % 3 else []
            items += ["beans"] if (week + person) % 4 == 0 else []
            items += ["milk"] if (week + person) % 4 == 2 else []
            items += [f"cup{person % 5}"] if week == person % 9 else []
            lines += [
                {
                    "order_id": f"{person}-{week}",
                    "customer": f"person {person:02}",
                    "at": FIRST + timedelta(days=7 * week + person % 7),
                    "product": item,
                    "category": "all",
                    "amount": "5.00",
                }
                for item in items
            ]
    return conftest_take(lines)


@pytest.fixture(scope="module")
def shop_of_rhythm(take):
    return rhythmic(take)


@pytest.fixture(scope="module")
def passing(take):
    """Each of eighty people buys one of twelve things each week, and another one every six weeks."""
    return take(
        [
            {
                "order_id": f"{person}-{week}",
                "customer": f"person {person:02}",
                "at": FIRST + timedelta(days=7 * week + person % 7),
                "product": f"thing{(person + (week + person % 5) // 6) % 12}",
                "category": "all",
                "amount": "5.00",
            }
            for person in range(80)
            for week in range(30)
        ]
    )


def test_without_proof_it_is_for_you(shop):
    found = fit_interactions(shop, tune=False)
    one, other = found.next_basket("person 5", 9), found.for_customer("person 5", 9)
    assert one.picks == other.picks
    assert one.slot == "next_basket"
    assert found.next_basket("nobody", 3).fallback.code == "recommend.unknown_customer"


def test_what_is_due_comes_first(shop_of_rhythm):
    data = shop_of_rhythm
    found = fit_interactions(data, tune=False, parameters=Parameters(due_power=1.0))
    beans, milk = data.catalogue.codes["beans"], data.catalogue.codes["milk"]
    # Of the two that each person buys every fourth week, the one bought two weeks longer ago is due.
    for person in range(8):
        mine = data.person == person
        last = {item: data.day[mine & (data.item == item)].max() for item in (beans, milk)}
        shown = found.next_basket(data.customer_ids[person], 5, within_days=7).product_ids
        first, second = ("beans", "milk") if last[beans] < last[milk] else ("milk", "beans")
        assert shown.index(first) < shown.index(second)


def test_it_counts_only_where_the_last_weeks_say_so(shop_of_rhythm, passing):
    window = look_back(shop_of_rhythm, shop_of_rhythm.end - 28)
    assert tune(window, window.people, Parameters()).due_power > 0
    # Where people stay with a thing for weeks and then leave it, what was not bought lately is over, not due.
    phases = look_back(passing, passing.end - 28)
    assert tune(phases, phases.people, Parameters()).due_power == 0.0
    orders = next_orders(window)
    assert orders.shape == window.after.shape
    assert np.all(orders.sum(axis=1) <= window.chosen.sum(axis=1))


def test_an_index_says_the_same_and_hears_of_purchases(shop_of_rhythm, tmp_path):
    at = Parameters(due_power=1.0)
    found = fit_interactions(shop_of_rhythm, tune=False, parameters=at)
    build(found, tmp_path)
    live = Live(open_index(tmp_path))
    for person in range(12):
        name = shop_of_rhythm.customer_ids[person]
        assert live.next_basket(name, 5) == live.index.next_basket(name, 5) == found.next_basket(name, 5)
    name = shop_of_rhythm.customer_ids[0]
    before = dict(
        zip(live.serving.bought(0).items.tolist(), zip(*live.serving.lasting(0), strict=True), strict=True)
    )
    assert live.purchased(name, ("beans", "cup4"), date_of(shop_of_rhythm.end))
    after = dict(
        zip(live.serving.bought(0).items.tolist(), zip(*live.serving.lasting(0), strict=True), strict=True)
    )
    codes = shop_of_rhythm.catalogue.codes
    assert after[codes["beans"]] == (0.0, before[codes["beans"]][1])
    assert after[codes["milk"]] == before[codes["milk"]]
    assert after[codes["cup4"]][0] == 0.0
    assert live.purchased("a newcomer", ("tea",), date_of(shop_of_rhythm.end))
    assert live.next_basket("a newcomer", 3).fallback is None
