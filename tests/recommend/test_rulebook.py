"""A shop's rules for all slots and for single ones: what joins, what takes the place of what, and why something is absent."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from regulars.kit.errors import RegularsError
from regulars.recommend import SLOTS, Interactions, Recommender, Rules, ask, fit_interactions
from regulars.recommend.absent import BARE, absent
from regulars.recommend.coverage import LISTED, Coverage, coverage
from regulars.recommend.rulebook import EVERYWHERE, Rulebook


@pytest.fixture(scope="module")
def fitted(shop: Interactions) -> Recommender:
    return fit_interactions(shop, tune=False)


def test_what_is_said_of_a_slot_joins_or_replaces_what_holds_everywhere() -> None:
    book = Rulebook.from_json(
        {
            EVERYWHERE: {
                "exclude": ["a"], "price_to": 50, "pin": {"1": "x", "2": "y"}, "boost": [{"category": "Tea", "factor": 3}],
                "bury": [{"brand": "Acme", "factor": 0.5}],
            },
            "cart": {
                "exclude": ["b"], "price_to": 20, "pin": {"1": "y"}, "bury": [{"category": "Tea", "factor": 0.1}], "boost": [],
            },
        }
    )  # fmt: skip
    cart = book.of("cart")
    assert cart.exclude == ("a", "b")
    assert cart.price_to == 20
    assert [(pin.place, pin.product_id) for pin in cart.pin] == [(1, "y")], "a product has one place"
    assert cart.boost == ()
    assert {(lever.name, lever.factor) for lever in cart.bury} == {("Acme", 0.5), ("Tea", 0.1)}
    assert book.of("for_you") == book.of(EVERYWHERE) == book.of("no such slot")
    assert book.of("for_you").price_to == 50
    for number in range(50):
        book.of(f"slot {number}")
    assert len(book._rules) <= len(SLOTS) + 1, "whoever asks for anything fills no memory"
    assert Rulebook.from_json(book.to_json()) == book
    assert "boost" not in book.to_json()["cart"], "what says nothing is not kept"
    assert Rulebook().of("cart") == Rules()


@pytest.mark.parametrize("given", [[], "x", {"cart": 3}, {"cart": {"exclude": [" "]}}, {3: {}}])
def test_what_is_no_rulebook_is_refused(given: Any) -> None:
    with pytest.raises(RegularsError):
        Rulebook.from_json(given)


@pytest.mark.parametrize(
    ("rules", "more", "why"),
    [
        ({"exclude": ["{first}"]}, {}, "excluded"),
        ({"categories": ["b"]}, {}, "category"),
        ({"price_from": 1000}, {}, "price"),
        ({"exclude_bought": True, "bought_again_share": 1.0}, {}, "bought"),
        ({}, {"cart": ["{first}"]}, "in_cart"),
        ({"most_per_category": 1}, {}, "limit"),
        ({"pin": {"1": "d7", "2": "d6"}}, {}, "others"),
    ],
)
def test_each_absence_has_the_reason_that_made_it(
    fitted: Recommender, rules: dict[str, Any], more: dict[str, Any], why: str
) -> None:
    bare = ask(fitted, "for_you", 10, customer="person 5", rules=BARE)
    first = bare.product_ids[0]

    def filled(told: Any) -> Any:
        return [each.format(first=first) for each in told] if isinstance(told, list) else told

    asked: Any = {
        "customer": "person 5",
        "rules": Rules.from_json({name: filled(value) for name, value in rules.items()}),
    } | {name: filled(value) for name, value in more.items()}
    answer = ask(fitted, "for_you", 10, **asked)
    found = absent(fitted, answer, 10, **asked)
    assert why in {each.why for each in found}
    gone = [name for name in bare.product_ids if name not in answer.product_ids]
    assert [each.product_id for each in found] == gone
    assert [bare.product_ids[each.place - 1] for each in found] == gone


def test_nothing_is_absent_without_rules(fitted: Recommender) -> None:
    answer = ask(fitted, "trending", 10)
    assert absent(fitted, answer, 10) == ()


def test_coverage_counts_what_lists_show(fitted: Recommender, make_rows: Callable[..., Any]) -> None:
    names = [f"person {number}" for number in range(90)]
    lists = [ask(fitted, "for_you", LISTED, customer=name).product_ids for name in names]
    found = coverage(fitted)
    assert (found.customers, found.people, found.personal) == (90, 90, 90)
    assert found.shown == len({product for some in lists for product in some})
    assert found.places == sum(map(len, lists))
    assert found.products == len(fitted.catalogue)
    counts = np.sort(np.unique([product for some in lists for product in some], return_counts=True)[1])
    assert found.first == counts[-10:].sum()
    assert coverage(fitted, most=10).people == 10
    one = coverage(fitted, rules=Rules(categories=("a",)))
    assert one.products == 8
    assert one.shown <= 8
    assert Coverage.from_json(found.to_json()) == found
    assert Coverage.from_json(None) is None
    assert Coverage.from_json({"other": 1}) is None
