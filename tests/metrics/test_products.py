"""Products, first baskets and pairs equal the slow oracle; pairs are tested as scipy's exact test says."""

from __future__ import annotations

import random
from datetime import date, timedelta

import pytest
from scipy.stats import fisher_exact
from tests.metrics import oracle
from tests.shops import make_orders

from regulars import metrics
from regulars.metrics import affinity

CATEGORIES = {"tea": "drinks", "pot": "home", "mug": "home", "honey": "food", "milk": "drinks", "odd": None}


def basket_rows(seed=3, orders=150):
    chance = random.Random(seed)
    rows = []
    for order in range(orders):
        items = {chance.choice(list(CATEGORIES))}
        if "tea" in items or chance.random() < 0.2:
            items |= {"honey", "tea"}
        if chance.random() < 0.3:
            items.add("mug")
        customer, at = chance.choice([None, "a", "b", "c", "d"]), date(2023, 1, 1) + timedelta(days=order * 4)
        for item in sorted(items):
            rows.append(
                {
                    "order_id": order,
                    "customer": customer,
                    "at": at,
                    "product": item,
                    "category": CATEGORIES[item],
                    "amount": chance.randint(1, 30),
                    "quantity": chance.randint(1, 3),
                    "kind": "refund" if order % 20 == 7 else "order",
                }
            )
    return rows


@pytest.fixture(scope="module")
def both():
    with make_orders(basket_rows()) as orders:
        yield metrics.compute(orders), oracle.Shop(orders)


def test_sales_by_product(both):
    figures, shop = both
    expected = shop.by_product()
    rows = figures.tables["top_products"].records()
    assert [row["net"] for row in rows] == sorted((row["net"] for row in rows), reverse=True)
    assert len(rows) == len(expected)
    for row in rows:
        units, net, buyers, again = expected[row["product_id"]]
        assert (row["units"], row["net"], row["buyers"]) == (units, net, buyers)
        assert row["again_share"] == pytest.approx(again / buyers)
    categories = {row["category"]: row["net"] for row in figures.tables["categories"].records()}
    for category in set(CATEGORIES.values()):
        assert categories[category] == sum(
            net for product, (_, net, _, _) in expected.items() if CATEGORIES[product] == category
        )


@pytest.mark.parametrize(
    ("table", "of"), [("first_products", "product_id"), ("first_categories", "category")]
)
def test_first_baskets(both, table, of):
    figures, shop = both
    found = {
        row[of]: (row["customers"], round(row["repeat_share"] * row["customers"]), row["net"])
        for row in figures.tables[table].records()
    }
    assert found == shop.first_baskets(of)


@pytest.mark.parametrize(("table", "of"), [("product_pairs", "product_id"), ("category_pairs", "category")])
def test_pairs(both, table, of):
    figures, shop = both
    number, single, pairs = shop.pairs(of)
    rows = figures.tables[table].records()
    assert {frozenset((row["left_id"], row["right_id"])) for row in rows} == set(pairs)
    for row in rows:
        left, right = row["left_id"], row["right_id"]
        together = pairs[frozenset((left, right))]
        assert row["orders"] == together
        assert row["support"] == pytest.approx(together / number)
        assert row["confidence"] == pytest.approx(together / single[left])
        assert row["confidence_back"] == pytest.approx(together / single[right])
        assert row["lift"] == pytest.approx(together * number / single[left] / single[right])
        cells = [[together, single[left] - together], [single[right] - together, 0]]
        cells[1][1] = number - together - cells[0][1] - cells[1][0]
        assert row["p_value"] == pytest.approx(fisher_exact(cells, alternative="greater").pvalue, abs=1e-12)
        assert row["q_value"] >= row["p_value"]
    assert [row["q_value"] for row in rows] == sorted(row["q_value"] for row in rows)


def test_a_sample_of_orders_is_told(both, monkeypatch):
    monkeypatch.setattr(affinity, "MOST_LINES", 60)
    monkeypatch.setattr(affinity, "FEWEST_ORDERS", 2)
    with make_orders(basket_rows()) as orders:
        found = metrics.compute(orders).tables["product_pairs"]
    sample = dict(found.values)["sample"]
    assert sample > 1
    assert f"one order in {sample}" in found.to_json()["definition"]
    assert all(row["support"] <= 1 and row["orders"] >= 2 for row in found.records())
