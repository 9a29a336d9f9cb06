"""The shop's own catalogue: what it says has the last word, what nobody bought yet is shown, and odd rows are named."""

from __future__ import annotations

import json
from datetime import date

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from tests.shops import make_orders

import regulars as rg
from regulars.kit.errors import RegularsError
from regulars.recommend import Rules
from regulars.recommend.components.attributes import words
from regulars.sources.products import read_products

LISTED = {
    "product_id": ["b1", "b2", "b3", "red b", "blue b", "POST"],
    "title": ["Bowl", "Small bowl", None, "Red bowl", "Blue bowl", "Postage"],
    "category_path": ["Home > Bowls", "Home > Bowls", "Home > Bowls", "Home > Bowls", "Home > Bowls", None],
    "brand": ["Acme", "Acme", "Leaf", "Acme", "Leaf", None],
    "price": [10.0, 12.0, None, 9.0, 8.0, 4.0],
    "cost": [4.0, None, None, 3.0, 2.0, None],
    "available": [True, False, True, True, True, True],
    "attributes": ["colour: white", "colour: white; size: S", None, "colour: red", "colour: blue", None],
}


@pytest.fixture(scope="module")
def found(make_rows):
    lines = [row | {"country": "PL" if row["product"][0] == "a" else "DE"} for row in make_rows()]
    with make_orders(lines) as orders:
        return rg.recommend.fit(orders, tune=False, catalogue=pd.DataFrame(LISTED))


def test_the_catalogue_has_the_last_word(found):
    catalogue = found.data.catalogue
    at = catalogue.codes
    assert "POST" not in at
    assert catalogue.titles[at["b1"]] == "Bowl"
    assert catalogue.titles[at["b3"]] == "Product b3"
    assert catalogue.prices[at["b2"]] == 12.0
    assert catalogue.prices[at["b3"]] > 0
    assert catalogue.costs[at["b1"]] == 4.0
    assert catalogue.brands[at["b3"]] == "Leaf"
    assert catalogue.attributes[at["b2"]] == ("colour=white", "size=S")
    # Where the shop says what is available, a product it does not name is not.
    assert [bool(catalogue.available[at[name]]) for name in ("b1", "b2", "b3", "a1")] == [
        True,
        False,
        True,
        False,
    ]


def test_what_nobody_bought_yet_is_shown_and_said_so(found):
    anything = Rules(in_stock=False)
    told = {pick.product_id: pick.reason for pick in found.new_arrivals(40, rules=anything).picks}
    assert {name for name, reason in told.items() if reason == "unsold"} == {"red b", "blue b"}
    assert found.trending(10).product_ids[-2:] == ("red b", "blue b")
    assert len(found.for_customer("person 5", 1000, rules=anything).picks) == found.data.items


def test_what_too_few_bought_is_found_by_what_it_looks_like(found):
    first, second, *_ = found.similar("red b", 4).picks
    assert (first.product_id, first.reason, first.seeds) == ("b1", "alike", ("red b",))
    assert second.product_id == "blue b"
    assert found.similar("red b", 4).fallback is None
    told = [pick.reason for pick in found.similar("b1", 1000).picks]
    assert told.index("alike") == told.count("similar") > 0


def test_popular_in_one_country(found):
    anything = Rules(in_stock=False)
    for country, kind in (("PL", "as"), ("de", "bcds")):
        answer = found.trending(5, country=country, rules=anything)
        assert answer.fallback is None
        assert all(pick.product_id[0] in kind and pick.reason == "trending_near" for pick in answer.picks)
    nowhere = found.trending(5, country="FR", rules=anything)
    assert nowhere.product_ids == found.trending(5, rules=anything).product_ids
    assert nowhere.fallback.code == "recommend.unknown_country"


def test_everyone_gets_only_what_is_there(found):
    table = found.everyone(6).to_pylist()
    stock = found.data.catalogue.available
    assert all(stock[found.data.catalogue.codes[row["product_id"]]] for row in table)
    shown = tuple(row["product_id"] for row in table if row["customer_id"] == "person 5")
    assert shown == found.for_customer("person 5", 6).product_ids


def test_the_past_knows_no_product_that_came_later(make_rows, take):
    whole = take(make_rows())
    early = rg.recommend.fit_interactions(whole.until(int(whole.day.min()) + 30), tune=False)
    assert not {"season1", "season4"} & set(early.similar("season0", 1000).product_ids)
    assert not {"season1", "season4"} & set(early.new_arrivals(1000).product_ids)


def rows_of(table, tmp_path, name="catalogue.csv"):
    path = tmp_path / name
    path.write_text(table, encoding="utf-8")
    with make_orders([("Ada", date(2024, 1, 1), "1.00")]) as orders:
        return read_products(path, orders.workspace).to_pylist()


def test_polish_headers_and_numbers_as_people_write_them(tmp_path):
    table = "Kod produktu;Nazwa;Kategoria;Cena;Koszt;Dostępny;Marka;Cechy\n"
    table += "7;Łyżka;Dom;1 234,50 zł;12,5;tak;Acme;kolor: biały | rozmiar: M\n8;;;;;nie;;\n9;;;;;0;;\n"
    one, two, three = rows_of(table, tmp_path)
    assert one == {
        "row": 2,
        "product_id": "7",
        "title": "Łyżka",
        "category": "Dom",
        "brand": "Acme",
        "price": 1234.5,
        "cost": 12.5,
        "available": True,
        "attributes": ["kolor=biały", "rozmiar=M"],
    }
    assert (two["available"], three["available"], two["title"]) == (False, False, None)


def test_attributes_of_any_shape():
    given = {"id": [1, 2, 3], "attributes": [json.dumps({"size": ["S", "M"], "n": 2}), "new, green", None]}
    with make_orders([("Ada", date(2024, 1, 1), "1.00")]) as orders:
        told = read_products(pa.table(given), orders.workspace).to_pylist()
    assert [row["attributes"] for row in told] == [["n=2", "size=M", "size=S"], ["green", "new"], []]
    assert [row["product_id"] for row in told] == ["1", "2", "3"]


@pytest.mark.parametrize(
    ("table", "code", "says"),
    [
        ("name,price\na,1\n", "catalogue.columns", "name, price"),
        ("product_id,price\na,1\n,2\n", "catalogue.product", "Row 3"),
        (
            "product_id,price\na,1\nb,1\na,2\n",
            "catalogue.repeated",
            "Row 4 of the catalogue has the product a of row 2",
        ),
        (
            "product_id,price\na,1\nb,cheap\n",
            "catalogue.value",
            "Row 3 of the catalogue has 'cheap' as its price",
        ),
        ("product_id,cost\na,-1\n", "catalogue.value", "'-1' as its cost"),
        ("product_id,available\na,perhaps\n", "catalogue.value", "'perhaps' as its available"),
    ],
)
def test_odd_rows_are_named(table, code, says, tmp_path):
    with pytest.raises(RegularsError) as error:
        rows_of(table, tmp_path)
    assert error.value.code == code
    assert says in str(error.value)


def test_words_are_told_apart_without_accents():
    assert words("Żółta ŁYŻKA, 2-pack x") == ["zolta", "lyzka", "pack"]
    assert np.all(np.array([len(word) for word in words("a bc d 12")]) > 1)
