"""What the engine counts is what the sparse products of a single process say."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest
from scipy import sparse
from tests.shops import make_orders

from regulars.numeric import item_knn, trend
from regulars.numeric.sparse_rows import trimmed
from regulars.recommend import frames, read
from regulars.recommend.interactions import date_of


@pytest.fixture(scope="module")
def sides(make_rows):
    """The engine's answers to any frame of the purchases, and the same shop in memory."""
    rows = make_rows(days=120)
    # Guests, and a basket that is too large to count.
    rows = [
        row | {"customer": None if number % 11 == 0 else row["customer"]} for number, row in enumerate(rows)
    ]
    day = rows[-1]["at"]
    rows += [
        {"order_id": "large", "customer": "person 1", "at": day, "product": f"{kind}{at}", "amount": "1"}
        for kind in "abcd"
        for at in range(8)
    ]
    with make_orders(rows) as orders:
        engine, sold = orders.workspace.engine, frames.purchases(orders.lines)
        data = read(orders)
        named = engine.arrow(frames.goods(orders.lines, orders.products)).to_pylist()
        item = {row["product_key"]: data.catalogue.codes[row["product_id"]] for row in named}
        who = engine.arrow(frames.customers(orders.identities)).to_pylist()
        person = {row["customer_key"]: data.people_codes[str(row["customer_id"])] for row in who}
        yield lambda frame: engine.arrow(frame(sold)).to_pylist(), data, item, person


def test_pairs_are_those_of_the_product(sides):
    ask, data, item, _ = sides
    small = np.diff(data.orders.indptr) <= 20
    assert not small.all()
    counts = (data.orders[small].T @ data.orders[small]).toarray()
    np.fill_diagonal(counts, 0)
    found = np.zeros_like(counts)
    rows = ask(lambda sold: frames.together(sold, most=20, top=1000))
    for row in rows:
        found[item[row["product_key"]], item[row["other_key"]]] = row["orders"]
    np.testing.assert_array_equal(found, counts)
    # The best of each, equal ones by the lower key.
    best = ask(lambda sold: frames.together(sold, most=20, top=4))
    for key, code in item.items():
        mine = sorted(
            (row["place"], row["other_key"], row["orders"]) for row in best if row["product_key"] == key
        )
        every = [(-row["orders"], row["other_key"]) for row in rows if row["product_key"] == key]
        assert [(place, -orders, other) for place, other, orders in mine] == [
            (place, *one) for place, one in enumerate(sorted(every)[:4], start=1)
        ]
        kept = trimmed(sparse.csr_array(counts[[code]]), 4)
        assert sorted(kept.data.tolist()) == sorted(orders for _, _, orders in mine)


def test_buyers_are_those_of_the_trend(sides):
    ask, data, item, _ = sides
    known, recent = data.known, data.known.recent(28)
    rows = ask(lambda sold: frames.buyers(sold, date_of(data.end) - timedelta(days=28)))
    ever, now = np.zeros(data.items), np.zeros(data.items)
    for row in rows:
        ever[item[row["product_key"]]], now[item[row["product_key"]]] = row["ever"], row["recent"]
    np.testing.assert_array_equal(ever, trend.buyers(known.person, known.item, data.items))
    np.testing.assert_array_equal(now, trend.buyers(recent.person, recent.item, data.items))
    assert now.sum() < ever.sum()


def test_profiles_are_those_of_the_neighbours(sides):
    ask, data, item, person = sides
    wanted = item_knn.profiles(data.visits.baskets, data.visits.person, data.people, decay=0.7).toarray()
    found = np.zeros_like(wanted)
    for row in ask(lambda sold: frames.profiles(sold, decay=0.7)):
        found[person[row["customer_key"]], item[row["product_key"]]] = row["weight"]
    np.testing.assert_allclose(found, wanted, rtol=1e-12)
    near = ask(lambda sold: frames.profiles(sold, decay=0.7, steps=1))
    assert {row["weight"] for row in near} == {1.0}
