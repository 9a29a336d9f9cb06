"""What a merchant is told of earlier lists is what happened, and the lists know nothing of it."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

import regulars
from regulars.kit.unknown import Unknown
from regulars.recommend import hindsight

LAST = date(2026, 6, 30)
CUTOFF = LAST - timedelta(days=27)
TASTES, EACH = 3, 8


@pytest.fixture(scope="module")
def lines() -> pd.DataFrame:
    """Customers with a taste each, who mostly buy within it; thirty of them never in the last four weeks."""
    rng = np.random.default_rng(5)
    rows = []
    for customer in range(150):
        taste = customer % TASTES
        for visit in range(rng.integers(3, 9)):
            ago = int(rng.integers(28, 200)) if customer < 30 or visit else int(rng.integers(0, 28))
            for _ in range(2):
                own = rng.random() < 0.85
                item = (taste if own else rng.integers(TASTES)) * EACH + int(rng.integers(EACH))
                rows.append(
                    (f"o{customer}-{visit}", f"c{customer}", LAST - timedelta(days=ago), f"p{item}", 9.0)
                )
    return pd.DataFrame(rows, columns=["order_id", "customer_id", "ordered_at", "product_id", "unit_price"])


def look_at(lines: pd.DataFrame, **more):
    with regulars.read_orders(lines.assign(quantity=1)) as orders:
        return hindsight(orders, as_of=LAST, **more)


@pytest.fixture(scope="module")
def found(lines):
    return look_at(lines)


def test_who_came_back_and_what_sold_most_by_hand(lines, found):
    before, after = lines[lines.ordered_at < CUTOFF], lines[lines.ordered_at >= CUTOFF]
    people = sorted(set(before.customer_id) & set(after.customer_id))
    assert (found.cutoff, found.people) == (CUTOFF, len(people))
    recent = before[before.ordered_at >= CUTOFF - timedelta(days=14)]
    buyers = Counter(product for product, _ in set(zip(recent.product_id, recent.customer_id, strict=True)))
    best = {product for product, _ in sorted(buyers.items(), key=lambda one: (-one[1], one[0]))[:10]}
    own = after.groupby("customer_id").product_id.agg(set)
    right = [len(own[name] & best) for name in people]
    way = found.way("popularity")
    assert way.hit == pytest.approx(np.mean([count > 0 for count in right]))
    assert way.bought == pytest.approx(np.mean(right))


def test_taste_beats_what_anybody_could_list(found):
    ours, sold = found.way("for_you"), found.way("popularity")
    assert ours.hit > sold.hit
    assert ours.new is not None
    assert found.way("frequency").new is None


def test_examples_and_products_tell_what_was_bought(lines, found):
    after = lines[lines.ordered_at >= CUTOFF]
    own = after.groupby("customer_id").product_id.agg(set)
    assert len(found.examples) == 3
    for example in found.examples:
        assert len(example.products) == 10
        for product, bought in example.products:
            assert bought == (product in own[example.customer_id])
    for shown in found.products:
        assert 0 <= shown.bought <= shown.lists <= found.people


def test_lists_know_nothing_of_what_came_after(lines, found):
    other = lines.copy()
    late = other.ordered_at >= CUTOFF
    other.loc[late, "product_id"] = np.random.default_rng(1).permutation(other.loc[late, "product_id"])
    again = look_at(other)
    same = {example.customer_id: [title for title, _ in example.products] for example in again.examples}
    for example in found.examples:
        assert same[example.customer_id] == [title for title, _ in example.products]


def test_of_a_large_shop_some_customers_are_looked_at(lines, found):
    some = look_at(lines, most_lines=len(lines) // 2)
    assert 20 <= some.people < found.people
    assert some.way("for_you").hit > 0


def test_says_why_nothing_can_be_told(lines):
    few = look_at(lines[lines.customer_id.isin(["c40", "c41", "c42"])])
    assert isinstance(few, Unknown)
    assert few.code == "recommend.too_few_returned"
    none = look_at(lines.drop(columns="product_id"))
    assert isinstance(none, Unknown)
    assert none.code == "recommend.no_products"
