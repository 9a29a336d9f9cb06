"""An index answers as the recommender it was built from, and a version is whole or not there."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
import pytest

from regulars.kit.errors import RegularsError
from regulars.recommend import Rules, fit_interactions
from regulars.recommend.index import build, layout, open_index, serve
from regulars.recommend.index.layout import CURRENT, VERSIONS
from regulars.recommend.index.names import names_of

ASKED = {
    "for_you": lambda s, **more: s.for_customer("person 5", 12, **more),
    "somebody else": lambda s, **more: s.for_customer("person 8", 30, **more),
    "buy_again": lambda s, **more: s.buy_again("person 5", 12, **more),
    "discover": lambda s, **more: s.discover("person 5", 12, **more),
    "similar": lambda s, **more: s.similar("b1", 12, **more),
    "because_viewed": lambda s, **more: s.because_viewed(["b1", "c2", "a3"], 12, **more),
    "bought_together": lambda s, **more: s.bought_together("b1", 12, **more),
    "cart": lambda s, **more: s.for_cart(["b1", "b2"], 12, **more),
    "cross_sell": lambda s, **more: s.cross_sell(["b0"], 5, **more),
    "up_sell": lambda s, **more: s.up_sell("b0", 5, **more),
    "trending": lambda s, **more: s.trending(12, **more),
    "trending of one kind": lambda s, **more: s.trending(4, category="b", **more),
    "new_arrivals": lambda s, **more: s.new_arrivals(5, **more),
    "nobody": lambda s, **more: s.for_customer("nobody", 4, **more),
    "nothing": lambda s, **more: s.for_cart([], 4, **more),
}


def test_every_slot_answers_the_same(recommender, folder):
    index = open_index(folder)
    factor = np.linspace(0.0, 2.0, recommender.data.items)
    for name, ask in ASKED.items():
        assert ask(index) == ask(recommender), name
        more = {"exclude": ["b3", "season4"], "factor": factor}
        assert ask(index, **more) == ask(recommender, **more), name


RULES = {
    "nothing bought": {"exclude_bought": True, "bought_again_share": 0.9},
    "pins": {"pin": {"1": "c1", "3": "new0"}},
    "caps": {"most_per_category": 2, "most_per_brand": 3},
    "levers": {"boost": [{"category": "b", "factor": 4}], "bury": [{"brand": "Leaf", "factor": 0.1}]},
    "shelves": {"categories": ["a", "c"], "price_to": 12, "margin_weight": 2},
    "everything in stock": {"in_stock": False},
}


def test_rules_catalogue_and_countries_are_answered_the_same(stocked, tmp_path):
    build(stocked, tmp_path)
    index = open_index(tmp_path)
    for column in ("brands", "attributes", "categories", "titles"):
        assert getattr(index.catalogue, column) == getattr(stocked.catalogue, column)
    for column in ("stock", "listed", "prices", "costs"):
        np.testing.assert_array_equal(getattr(index.catalogue, column), getattr(stocked.catalogue, column))
    asked = ASKED | {
        "a country": lambda s, **more: s.trending(12, country="poland", **more),
        "another country": lambda s, **more: s.trending(12, country="Sweden", **more),
        "cold": lambda s, **more: s.similar("new0", 12, **more),
    }
    for name, ask in asked.items():
        assert ask(index) == ask(stocked), name
        assert ask(index).answer_id != ask(index).answer_id
        for rules in map(Rules.from_json, RULES.values()):
            more = {"rules": rules, "cart": ["c2"], "shown": {"b4": 1}, "customer": "person 5"}
            assert ask(index, **more) == ask(stocked, **more), (name, rules)
    assert asked["a country"](index).picks[0].reason == "trending_near"
    assert asked["cold"](index).picks[0].reason == "alike"
    assert index.new_arrivals(3).fit == stocked.model.version


@pytest.mark.parametrize("name", RULES)
def test_everyone_by_rules_is_answered_as_one_by_one(stocked, tmp_path, name):
    build(stocked, tmp_path)
    index, rules = open_index(tmp_path), Rules.from_json(RULES[name])
    table = index.everyone(9, rules=rules)
    assert table == stocked.everyone(9, rules=rules)
    shown = {}
    for row in table.to_pylist():
        shown.setdefault(row["customer_id"], []).append(row["product_id"])
    for who, listed in shown.items():
        assert listed == list(index.for_customer(who, 9, rules=rules).product_ids)


def test_what_was_popular_obeys_the_rules(stocked, tmp_path):
    build(stocked, tmp_path)
    (tmp_path / CURRENT).unlink()
    slots, catalogue = serve(tmp_path).slots, stocked.catalogue
    for name, given in RULES.items():
        rules = Rules.from_json(given | {"pin": {}})
        answer = slots.for_customer("person 5", 6, rules=rules, cart=["c2"], answer_id="a1")
        wanted = stocked.trending(6, rules=rules, cart=["c2"])
        assert answer.product_ids == wanted.product_ids, name
        assert (answer.answer_id, answer.fit, answer.notes) == ("a1", wanted.fit, wanted.notes)
    shown = slots.trending(6, category="b").product_ids
    assert {catalogue.categories[catalogue.codes[name]] for name in shown} == {"b"}


def test_a_longer_tail_is_cut_at_the_neighbours_asked_for(recommender, tmp_path):
    build(recommender, tmp_path, neighbours=3)
    near, whole = open_index(tmp_path).serving.near, recommender.serving.near
    for item in range(recommender.data.items):
        items, weights = near.row(item)
        assert np.all(np.diff(items) > 0)
        assert sorted(weights, reverse=True) == sorted(whole.row(item)[1], reverse=True)[:3]


def test_all_that_was_fitted_is_kept_as_long_as_there_is_room(recommender, tmp_path, monkeypatch):
    monkeypatch.setattr(layout, "NEIGHBOURS", 2)
    longest = []
    for cells in (10_000_000, 5 * recommender.data.items, 0):
        monkeypatch.setattr(layout, "CELLS", cells)
        build(recommender, tmp_path)
        longest.append(int(np.diff(open_index(tmp_path).serving.near.starts).max()))
    assert longest == [int(np.diff(recommender.serving.near.starts).max()), 5, 2]


def test_what_is_written_says_what_it_is(recommender, tmp_path):
    at = datetime(2024, 7, 1, 3, tzinfo=UTC)
    written = build(recommender, tmp_path, clock=lambda: at)
    manifest = open_index(tmp_path).manifest
    assert manifest == written
    assert manifest.created_at == "2024-07-01T03:00:00+00:00"
    assert manifest.version.startswith(f"{VERSIONS}20240701T030000")
    assert (manifest.items, manifest.people) == recommender.data.shape[::-1]
    assert manifest.parameters == recommender.model.parameters.to_json()
    assert manifest.size == sum(
        path.stat().st_size for path in (tmp_path / manifest.version).iterdir() if path.suffix != ".json"
    ) + sum(manifest.files[name].size for name in ("catalogue.json", "popular.json"))


def test_a_reader_goes_on_while_its_version_is_deleted(recommender, tmp_path):
    build(recommender, tmp_path)
    old = open_index(tmp_path)
    answers = [ask(old) for ask in ASKED.values()]
    for _ in range(3):
        newest = build(recommender, tmp_path)
    kept = sorted(path.name for path in tmp_path.glob(f"{VERSIONS}*"))
    assert len(kept) == 2
    assert newest.version in kept
    assert old.manifest.version not in kept
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]
    assert [ask(old) for ask in ASKED.values()] == answers


def test_served_follows_the_switch(recommender, tmp_path):
    now = [0.0]
    build(recommender, tmp_path)
    served = serve(tmp_path)
    served._clock = lambda: now[0]
    served.refresh()
    first = served.index.manifest.version
    second = build(recommender, tmp_path).version
    assert served.slots.index.manifest.version == first
    now[0] = 1.0
    assert served.slots.index.manifest.version == second != first
    assert served.error is None


def test_an_empty_shop(recommender, tmp_path):
    nothing = recommender.data.until(0)
    empty = replace(nothing, catalogue=type(nothing.catalogue)((), (), (), np.zeros(0), np.zeros(0)))
    for data in (nothing, empty, replace(empty, customer_ids=())):
        found = fit_interactions(data, tune=False)
        build(found, tmp_path)
        index = open_index(tmp_path)
        for ask in ASKED.values():
            assert ask(index) == ask(found)


def test_missing_is_an_error_that_says_what_to_do(tmp_path):
    for folder in (tmp_path, tmp_path / "none"):
        with pytest.raises(RegularsError) as error:
            open_index(folder)
        assert error.value.code == "recommend.index_missing"
        assert str(folder) in error.value.hint
        served = serve(folder)
        assert served.error.code == "recommend.index_missing"
        answer = served.slots.for_customer("person 5")
        assert (answer.picks, answer.fallback.code) == ((), "recommend.no_index")


def test_another_format_is_told_apart(recommender, tmp_path, monkeypatch):
    build(recommender, tmp_path)
    monkeypatch.setattr("regulars.recommend.index.layout.FORMAT", 3)
    with pytest.raises(RegularsError) as error:
        open_index(tmp_path)
    assert error.value.code == "recommend.index_format"


def test_a_folder_that_comes_back_is_served_again(recommender, tmp_path):
    served = serve(tmp_path / "index")
    assert served.index is None
    build(recommender, tmp_path / "index")
    served.refresh()
    assert served.error is None
    (tmp_path / "index" / CURRENT).unlink()
    served.refresh()
    assert served.error.code == "recommend.index_missing"
    assert served.slots.similar("b1", 3) == recommender.similar("b1", 3)


def test_everyone_is_answered_as_one_by_one(recommender, folder, monkeypatch):
    monkeypatch.setattr("regulars.recommend.everyone._PEOPLE", 7)
    index = open_index(folder)
    parts = list(index.parts(60))
    assert len(parts) > 10
    assert pa.concat_tables(parts) == recommender.everyone(60)
    shown = {}
    for row in pa.concat_tables(parts).to_pylist():
        shown.setdefault(row["customer_id"], []).append(row["product_id"])
    for name, listed in shown.items():
        assert listed == list(index.for_customer(name, 60).product_ids)


def test_names_are_found_among_others():
    ids = ["b", "a", "ż", "aa", "", "b", "10", "9"]
    names = names_of(ids)
    assert {name: names.code(name) for name in ids} == {name: at for at, name in enumerate(ids)}
    assert [names.code(name) for name in ("c", "A", "aaa", "0")] == [None] * 4
    assert names.by_code() == ids
    assert names.name(2) == "ż"
