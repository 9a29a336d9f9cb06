"""Whoever is told of something never forgets it over a switch of versions, whatever happens at the same time."""

from __future__ import annotations

import threading

import pytest

from regulars.recommend import fit_interactions
from regulars.recommend.index import build, serve
from regulars.recommend.interactions import date_of

WHO = "person 5"


@pytest.fixture(scope="module")
def early(make_rows, take):
    return fit_interactions(take(make_rows(days=180)), tune=False)


def test_what_was_told_goes_over_to_later_versions(early, tmp_path):
    build(early, tmp_path)
    served, first = serve(tmp_path, every_seconds=0), date_of(early.data.end)
    assert served.purchased("Zoe", ["a2"], first)
    assert served.viewed("Zoe", "b1")
    told = served.slots.for_customer("Zoe", 5)
    assert told.fallback is None
    build(early, tmp_path)
    before = served.index.manifest.version
    assert served.slots.for_customer("Zoe", 5) == told
    assert served.index.manifest.version != before
    assert not served.purchased("Zoe", ["no such product"], first)


def test_a_build_that_knows_of_an_order_counts_it_once(early, make_rows, take, tmp_path):
    build(early, tmp_path)
    served, first = serve(tmp_path, every_seconds=0), date_of(early.data.end)
    assert served.purchased(WHO, ["a1"], first)
    row = {"order_id": "n1", "customer": WHO, "at": first, "product": "a1", "category": "a", "amount": "5.00"}
    later = fit_interactions(take([*make_rows(days=180), row]), tune=False)
    build(later, tmp_path)
    assert served.slots.for_customer(WHO, 5) == later.for_customer(WHO, 5)


def test_without_an_index_nothing_can_be_told(tmp_path, early):
    served = serve(tmp_path / "none")
    assert served.live is None
    assert not served.purchased(WHO, ["a1"], date_of(early.data.end))
    assert not served.viewed(WHO, "a1")


def test_nothing_is_lost_while_versions_are_switched(early, tmp_path):
    build(early, tmp_path)
    served, first = serve(tmp_path, every_seconds=0), date_of(early.data.end)
    names, going = [f"new {number}" for number in range(300)], threading.Event()

    def tell() -> None:
        for name in names:
            assert served.purchased(name, ["a2"], first)
        going.set()

    teller = threading.Thread(target=tell)
    teller.start()
    versions = set()
    while not going.is_set():
        build(early, tmp_path)
        served.refresh()
        versions.add(served.index.manifest.version)
    teller.join()
    build(early, tmp_path)
    served.refresh()
    assert versions
    for name in names:
        assert served.slots.buy_again(name, 1).product_ids == ("a2",)
