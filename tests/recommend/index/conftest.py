"""Fitted shops and the folder of an index."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest

from regulars.recommend import fit_interactions, listing
from regulars.recommend.index import build
from regulars.sources.products import SCHEMA


@pytest.fixture(scope="session")
def recommender(shop):
    return fit_interactions(shop, tune=False)


@pytest.fixture
def folder(recommender, tmp_path):
    build(recommender, tmp_path / "index")
    return tmp_path / "index"


@pytest.fixture(scope="session")
def stocked(shop):
    """The same shop with a catalogue, things nobody bought, and orders from three countries."""
    names = [*shop.catalogue.product_ids, "new0", "new1"]
    listed = [
        {
            "row": row,
            "product_id": name,
            "title": f"Thing {row % 7} of {name[0]}",
            "category": name[0],
            "brand": ("Acme", "Leaf", None)[row % 3],
            "price": 4.0 + row,
            "cost": None if row % 4 else 2.0,
            "available": row % 5 != 1,
            "attributes": [f"size={row % 3}"],
        }
        for row, name in enumerate(names)
        if name != "a1"
    ]
    sold = pa.table(
        {
            "product_key": pa.array(range(shop.items), pa.int64()),
            "product_id": list(shop.catalogue.product_ids),
            "title": list(shop.catalogue.titles),
            "category": list(shop.catalogue.categories),
            "price": shop.catalogue.prices,
            "cost": pa.nulls(shop.items, pa.float64()),
        }
    )
    united = listing.catalogue(listing.united(sold, pa.Table.from_pylist(listed, schema=SCHEMA)), given=True)
    item = np.array([united.codes[name] for name in shop.catalogue.product_ids])[shop.item]
    countries = ("Czechia", "Germany", "Poland")
    told = replace(shop, item=item, catalogue=united, place=shop.order % 4 - 1, countries=countries)
    return fit_interactions(told, tune=False)
