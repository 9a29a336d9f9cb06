"""What is read from orders: sold goods of valid orders, once each, in time order."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from tests.shops import make_orders

from regulars.recommend.goods import is_goods
from regulars.recommend.interactions import NOBODY, date_of, day_of, read

DAY = date(2024, 3, 1)


def test_only_what_was_sold_counts():
    base = {"customer": "Ada", "at": DAY, "amount": "4.00", "order_id": 1}
    lines = [
        base | {"product": "tea"},
        base | {"product": "tea"},
        base | {"product": "POST"},
        {"customer": "Ada", "at": date(2024, 2, 1), "amount": "4.00", "product": "cup", "order_id": 2},
        {
            "customer": "Ben",
            "at": DAY,
            "amount": "4.00",
            "product": "jam",
            "status": "cancelled",
            "order_id": 3,
        },
        {"customer": "Ben", "at": DAY, "amount": "4.00", "product": "jam", "kind": "refund", "order_id": 4},
        {"customer": None, "at": DAY, "amount": "8.00", "product": "cup", "order_id": 5},
    ]
    with make_orders(lines) as orders:
        found = read(orders)
        earlier = read(orders, as_of=date(2024, 2, 29))
    assert found.catalogue.product_ids == ("cup", "tea")
    told = [
        (p, found.catalogue.product_ids[i], date_of(d))
        for p, i, d in zip(found.person, found.item, found.day, strict=True)
    ]
    ada = found.people_codes["Ada"]
    assert told == [(NOBODY, "cup", DAY), (ada, "cup", date(2024, 2, 1)), (ada, "tea", DAY)]
    assert found.catalogue.prices == pytest.approx([6.0, 4.0])
    assert found.visits.baskets.shape == (2, 2)
    assert found.orders.shape == (3, 2)
    assert earlier.end == day_of(DAY)
    assert len(earlier) == 1


def test_time_is_cut_honestly(shop):
    middle = shop.end - 50
    before, after = shop.until(middle), shop.between(middle, shop.end)
    assert before.day.max() < middle <= after.day.min()
    assert len(before) + len(after) == len(shop)
    assert before.end == middle
    assert np.all(np.diff(before.visits.person) >= 0)


@pytest.mark.parametrize(
    ("product", "title", "goods"),
    [
        ("POST", "POSTAGE", False),
        ("85123A", "WHITE HANGING HEART", True),
        ("23000", "POSTAGE STAMP TIN", True),
        ("M", "Manual", False),
        ("D", None, True),
        ("D", "Discount", False),
        ("C2", "CARRIAGE", False),
        ("77", "Gift card 50 €", False),
        ("78", "Gift box", True),
        ("79", "Gift card holder", True),
        ("9", "Koszt wysyłki", False),
        (None, None, True),
    ],
)
def test_goods_are_told_from_fees(product, title, goods):
    assert is_goods(product, title) is goods
