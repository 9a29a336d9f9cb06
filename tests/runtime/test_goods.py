"""What the shop's catalogue says reaches the recommender, and thresholds and a name that somebody chose reach the refresh."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from tests.homes import Opened
from tests.runtime.test_refresh import loaded, refreshed, shop

AT = datetime(2024, 6, 1, tzinfo=UTC)


def listed(**told: Any) -> dict[str, Any]:
    return {"title": "", "category": "", "brand": "", "currency": "EUR"} | told


def test_products_are_told_as_they_are(home: Opened) -> None:
    from regulars.catalog import listing
    from regulars.runtime.goods import offered
    from regulars.sources.products import SCHEMA
    from regulars.store import database
    from regulars.store.state import remember

    home()
    remember("currency", "EUR")
    with database.writing():
        listing.sold([listing.Sold("old"), listing.Sold("a  b")], AT)
    assert offered() is None, "nobody has told a catalogue"
    listing.listed(
        [
            listed(product_id="tea", brand="Acme", price_minor=1250, attributes={"size": ["L", "M"], "colour": "red"}),
            listed(product_id="gone", available=False),
        ],
        AT,
    )  # fmt: skip
    found = offered()
    assert found is not None
    assert found.schema == SCHEMA
    rows = {row["product_id"]: row for row in found.to_pylist()}
    assert set(rows) == {"old", "a  b", "tea", "gone"}, "ids stay as they are written"
    assert rows["tea"]["price"] == 12.5
    assert rows["tea"]["attributes"] == ["colour=red", "size=L", "size=M"]
    assert [rows[name]["available"] for name in ("old", "tea", "gone")] == [None, True, False]


@pytest.mark.filterwarnings("ignore")
def test_a_refresh_goes_by_the_catalogue_and_by_what_was_chosen(home: Opened, tmp_path: Any) -> None:
    from regulars.catalog import listing
    from regulars.recommend.coverage import Coverage
    from regulars.runtime import preferences, serving
    from regulars.runtime.refresh import COVERAGE
    from regulars.runtime.shown import page_of
    from regulars.store.state import recall

    settings = home()
    loaded(settings, shop(tmp_path / "orders.csv", customers=120))
    listing.listed(
        [listed(product_id="p1", available=False), listed(product_id="p2", brand="Acme"), listed(product_id="new", title="New")], AT
    )  # fmt: skip
    preferences.change(settings, {"thresholds": "loyal_orders=9", "shop_name": "Kawa"}, 0, who="test", now=AT)
    run = refreshed(settings).run
    assert run.summary["segments"]["thresholds"]["loyal_orders"] == 9
    page = page_of(run)
    assert page is not None
    assert page.shop.title == "Kawa"
    slots = serving.served(settings).slots
    catalogue = slots.catalogue
    assert "new" in catalogue.product_ids, "what nobody bought yet"
    assert catalogue.brands[catalogue.codes["p2"]] == "Acme"
    assert not catalogue.available[catalogue.codes["p1"]]
    assert catalogue.available[catalogue.codes["p3"]], "no catalogue names it, and it is sold all the same"
    assert "p1" not in slots.trending(20).product_ids
    covered = Coverage.from_json(recall(COVERAGE, None))
    assert covered is not None
    assert covered.fit == slots.trending(1).fit
    assert 0 < covered.shown <= covered.products
