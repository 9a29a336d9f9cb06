"""Rules: read from plain data, refused with a sentence that says which and what, and one number a product."""

from __future__ import annotations

import json

import numpy as np
import pytest

from regulars.kit.errors import RegularsError
from regulars.recommend import Rules, fit_interactions
from regulars.recommend.catalogue import Catalogue
from regulars.recommend.rules import READERS, Asking
from regulars.recommend.shelf import fill, plain

CATALOGUE = Catalogue(
    ("beans", "cup", "green tea", "jam", "tea"),
    (None,) * 5,
    ("Coffee", "Home", "Tea > Green", None, "Tea"),
    np.array([10.0, 5.0, 8.0, np.nan, 4.0]),
    np.array([5.0, 4.0, np.nan, 1.0, 1.0]),
    ("Acme", "Acme", "Leaf", None, "Leaf"),
    np.array([True, False, True, True, True]),
)
BEST = np.array([5.0, 4.0, 3.0, 2.0, 1.0])


def factor(**rules) -> list[float]:
    return Rules.from_json(rules).factor(CATALOGUE).tolist()


def shown(k: int, **rules) -> list[str]:
    told = Rules.from_json({"in_stock": False} | rules)
    picks = fill(
        [plain(BEST, "trending")],
        CATALOGUE,
        k,
        factor=told.factor(CATALOGUE),
        pins=told.pinned(CATALOGUE),
        caps=told.caps(CATALOGUE),
    )
    return [pick.product_id + ("!" if pick.note else "") for pick in picks]


def test_one_number_a_product():
    assert factor() == [1, 0, 1, 1, 1]
    assert factor(in_stock=False) == [1, 1, 1, 1, 1]
    assert factor(categories=["tea"]) == [0, 0, 1, 0, 1]
    assert factor(categories=["Tea > Green", "Coffee"]) == [1, 0, 1, 0, 0]
    assert factor(price_from=5) == [1, 0, 1, 0, 0]
    assert factor(price_to=8, in_stock=False) == [0, 1, 1, 0, 1]
    assert factor(exclude=["tea", "no such thing"]) == [1, 0, 1, 1, 0]
    levers = {"boost": [{"brand": "leaf", "factor": 3}], "bury": [{"product": "tea", "factor": 0.5}]}
    assert factor(**levers) == [1, 0, 3, 1, 1.5]
    # Margin shares: a half, a fifth, unknown, unknown, three quarters; what is unknown counts as their average.
    usual = (0.5 + 0.2 + 0.75) / 3
    assert factor(margin_weight=2, in_stock=False) == pytest.approx(
        [2, 1.4, 1 + 2 * usual, 1 + 2 * usual, 2.5]
    )


def test_however_many_levers_none_hides():
    bury = [{"category": "Tea", "factor": 1e-6}] * 200
    assert 0 < factor(bury=bury)[4] < 1e-50
    assert np.isfinite(factor(boost=[{"category": "Tea", "factor": 1e6}] * 200)).all()


def test_what_depends_on_who_asks():
    yes = np.array([True, False])
    asking = Asking(np.array([True, True]), np.array([0.1, 0.5]), yes, np.array([3.0, np.inf]))
    assert Rules().hidden(asking).tolist() == [True, False]
    told = Rules.from_json({"exclude_in_cart": False, "exclude_bought": True})
    assert told.hidden(asking).tolist() == [True, False]
    told = Rules.from_json({"exclude_in_cart": False, "exclude_bought": True, "bought_again_share": 0.6})
    assert told.hidden(asking).tolist() == [True, True]
    for days, hides in ((3, False), (4, True)):
        told = Rules.from_json({"exclude_in_cart": False, "never_repeat_days": days})
        assert told.hidden(asking).tolist() == [hides, False]


def test_pins_stand_at_their_places_and_caps_give_way_last():
    assert shown(3) == ["beans", "cup", "green tea"]
    assert shown(3, pin={"2": "tea", "1": "jam"}) == ["jam", "tea", "beans"]
    assert shown(3, pin={"4": "tea"}) == ["beans", "cup", "green tea"]
    assert shown(5, pin={"5": "beans"}, exclude=["jam", "cup"]) == ["green tea", "tea", "beans"]
    assert shown(3, pin={"1": "tea"}, price_from=6) == ["beans", "green tea"]
    assert shown(3, most_per_brand=1) == ["beans", "green tea", "jam"]
    assert shown(5, most_per_brand=1) == ["beans", "green tea", "jam", "cup!", "tea!"]
    assert shown(3, most_per_brand=1, pin={"3": "tea"}) == ["beans", "jam", "tea"]
    assert shown(4, most_per_category=1, categories=["Tea"]) == ["green tea", "tea"]


def test_plain_data_both_ways():
    rules = Rules.from_json(
        {
            "pin": {"3": "tea", "1": "cup"},
            "boost": [{"category": "Tea", "factor": 2}],
            "bury": [{"product": "jam", "factor": 0.1}],
            "categories": ["Tea", "Home", "Tea"],
            "price_to": 9,
            "most_per_brand": 2,
        }
    )
    assert [pin.place for pin in rules.pin] == [1, 3]
    assert Rules.from_json(json.loads(json.dumps(rules.to_json()))) == rules
    assert Rules.from_json({}) == Rules()
    assert set(Rules().to_json()) == set(READERS)


@pytest.mark.parametrize(
    ("given", "code", "says"),
    [
        ([], "recommend.rules_shape", "exclude_bought"),
        ({"exclude_buoght": True}, "recommend.rule_unknown", "Did you mean exclude_bought?"),
        ({"qqq": True}, "recommend.rule_unknown", "most_per_brand"),
        ({"in_stock": 1}, "recommend.rule_value", "rule in_stock is 1. It needs true or false."),
        ({"margin_weight": "2"}, "recommend.rule_value", "rule margin_weight is '2'"),
        ({"margin_weight": float("nan")}, "recommend.rule_value", "nan"),
        ({"bought_again_share": 1.5}, "recommend.rule_value", "from 0 to 1"),
        ({"never_repeat_days": 1.5}, "recommend.rule_value", "days"),
        ({"most_per_brand": 0}, "recommend.rule_value", "one or more"),
        ({"exclude": "tea"}, "recommend.rule_value", "a list of names"),
        ({"pin": {"0": "tea"}}, "recommend.rule_value", '{"1": "tea"}'),
        ({"pin": {"1": "tea", "2": "tea"}}, "recommend.rule_value", "twice"),
        ({"pin": ["tea"]}, "recommend.rule_value", "places"),
        ({"boost": [{"category": "Tea", "factor": 0.5}]}, "recommend.rule_value", "factor of 1 or more"),
        ({"boost": [{"category": "Tea", "brand": "x", "factor": 2}]}, "recommend.rule_value", "boost"),
        ({"bury": [{"brand": "Acme", "factor": 0}]}, "recommend.rule_value", "above 0"),
        ({"bury": {"brand": "Acme"}}, "recommend.rule_value", "bury"),
        ({"price_from": 5, "price_to": 4}, "recommend.rule_value", "not below price_from"),
        ({"price_from": True}, "recommend.rule_value", "price_from is True"),
    ],
)
def test_what_is_no_rule_is_refused(given, code, says):
    with pytest.raises(RegularsError) as error:
        Rules.from_json(given)
    assert error.value.code == code
    assert says in str(error.value)


def test_bought_shown_and_in_the_cart(shop):
    found = fit_interactions(shop, tune=False)
    had = {shop.catalogue.product_ids[i] for i in shop.owned[[shop.people_codes["person 5"]]].indices}
    rules = Rules.from_json({"exclude_bought": True, "bought_again_share": 1.0, "never_repeat_days": 7})
    first = found.for_customer("person 5", 4, rules=rules)
    assert not had & set(first.product_ids)
    one, two, three, _ = first.product_ids
    asked = {"cart": [one], "shown": {two: 3, three: 7}, "rules": rules}
    then = found.for_customer("person 5", 4, **asked).product_ids
    assert not {one, two} & set(then)
    assert three in then
    assert not had & set(found.trending(6, customer="person 5", rules=rules).product_ids)
    again = Rules.from_json({"exclude_bought": True, "bought_again_share": 0.0})
    assert had & set(found.for_customer("person 5", 4, rules=again).product_ids)


def test_everyone_by_rules_is_as_one_by_one(shop):
    found = fit_interactions(shop, tune=False)
    for given in ({"categories": ["a", "b"]}, {"most_per_category": 1, "pin": {"2": "c1"}}):
        rules = Rules.from_json(given)
        rows = found.everyone(4, rules=rules).to_pylist()
        assert [row["place"] for row in rows[:4]] == [1, 2, 3, 4]
        for name in ("person 5", "person 8"):
            listed = tuple(row["product_id"] for row in rows if row["customer_id"] == name)
            assert listed == found.for_customer(name, 4, rules=rules).product_ids


def test_each_answer_has_an_id_and_says_its_fit(shop):
    found = fit_interactions(shop, tune=False)
    one, other = found.trending(3), found.trending(3)
    assert one == other
    assert one.answer_id != other.answer_id
    assert found.trending(3, answer_id="a1").to_json()["answer_id"] == "a1"
    assert one.fit == fit_interactions(shop, tune=False).trending(1).fit
    assert one.fit != fit_interactions(shop.until(shop.end - 1), tune=False).trending(1).fit
