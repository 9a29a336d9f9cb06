"""Re-ranked lists are served as they were fitted: one at a time, in batch and from files; what happens since is the blend's affair."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from regulars.recommend import Rules, fit_interactions
from regulars.recommend.index import Live, build, open_index, ranked
from regulars.recommend.interactions import date_of
from regulars.recommend.rerank import Effort, Reranker, features, taught

LITTLE = Effort(windows=3, fewest_judged=0, fewest_people=10, rounds=20, rows_a_leaf=5, shortest_past_days=60)


@pytest.fixture(scope="module")
def plain(shop):
    return fit_interactions(shop, tune=False)


@pytest.fixture(scope="module")
def reranked(plain):
    found = taught(plain.data, plain.model.parameters, effort=LITTLE)
    assert isinstance(found, Reranker)
    return replace(plain, reranked=found)


def test_candidates_come_by_their_chances_and_the_rest_behind_them(plain, reranked):
    who, everything = "person 5", len(plain.catalogue)
    answer = reranked.for_customer(who, everything)
    person = reranked.serving.person(who)
    told = reranked.serving.ranked(person)
    chances = dict(zip(told.items.tolist(), told.weights.tolist(), strict=True))
    codes = [reranked.catalogue.codes[name] for name in answer.product_ids]
    first = codes[: len(chances)]
    assert set(first) == set(chances)
    assert [chances[item] for item in first] == sorted(chances.values(), reverse=True)
    assert sorted(answer.product_ids) == sorted(plain.for_customer(who, everything).product_ids)
    reasons = {pick.product_id: (pick.reason, pick.seeds) for pick in plain.for_customer(who, 20).picks}
    for pick in answer.picks:
        if pick.product_id in reasons:
            assert (pick.reason, pick.seeds) == reasons[pick.product_id]


def test_fewer_candidates_leave_the_rest_to_the_blend(plain, reranked, monkeypatch):
    for name, most in (("REPEATS_AND_NEW", 3), ("NEW", 1), ("POPULAR", 1)):
        monkeypatch.setattr(features, name, most)
    for who in plain.data.customer_ids[:20]:
        told = reranked.serving.ranked(reranked.serving.person(who))
        assert 3 <= len(told.items) <= 5
        answer = reranked.for_customer(who, 12)
        codes = [reranked.catalogue.codes[name] for name in answer.product_ids]
        assert set(codes[: len(told.items)]) == set(told.items.tolist())
        blend = [
            name
            for name in plain.for_customer(who, 30).product_ids
            if name not in answer.product_ids[: len(told.items)]
        ]
        assert list(answer.product_ids[len(told.items) :]) == blend[: 12 - len(told.items)]
        scores = [pick.score for pick in answer.picks if pick.reason not in ("trending", "unsold")]
        assert scores == sorted(scores, reverse=True)


def test_a_boost_reaches_what_is_no_candidate(reranked, monkeypatch):
    for name, most in (("REPEATS_AND_NEW", 3), ("NEW", 1), ("POPULAR", 1)):
        monkeypatch.setattr(features, name, most)
    last = [pick for pick in reranked.for_customer("person 5", 12).picks if pick.reason != "trending"][-1]
    rules = Rules.from_json({"boost": [{"product": last.product_id, "factor": 1e6}]})
    assert reranked.for_customer("person 5", 1, rules=rules).product_ids == (last.product_id,)
    bury = Rules.from_json({"exclude": [last.product_id]})
    assert last.product_id not in reranked.for_customer("person 5", 99, rules=bury).product_ids


def test_an_index_says_the_same_to_one_and_to_all(reranked, plain, tmp_path, monkeypatch):
    monkeypatch.setattr(ranked, "_PEOPLE", 7)
    monkeypatch.setattr(features, "_PEOPLE", 11)
    manifest = build(reranked, tmp_path / "one")
    index = open_index(tmp_path / "one")
    assert {f"{ranked.ITEMS}.npy", f"{ranked.CHANCES}.npy"} <= set(manifest.files)
    assert manifest.fit == reranked.serving.fit != plain.serving.fit
    assert index.everyone(8) == reranked.everyone(8)
    for who in plain.data.customer_ids:
        assert index.for_customer(who, 15) == reranked.for_customer(who, 15)
    assert not any(name.startswith("ranked") for name in build(plain, tmp_path / "two").files)
    assert open_index(tmp_path / "two").for_customer("person 5") == plain.for_customer("person 5")


def test_whoever_did_something_since_is_told_the_blend_until_the_next_build(reranked, plain, tmp_path):
    build(reranked, tmp_path / "one")
    build(plain, tmp_path / "two")
    live, other = (Live(open_index(tmp_path / name)) for name in ("one", "two"))
    assert live.for_customer("person 5") == reranked.for_customer("person 5")
    assert live.for_customer("person 5").product_ids != other.for_customer("person 5").product_ids
    for each in (live, other):
        each.viewed("person 5", "a1")
        each.purchased("person 6", ("b1",), date_of(plain.data.end) + timedelta(days=1))
    for who in ("person 5", "person 6"):
        assert live.for_customer(who).product_ids == other.for_customer(who).product_ids
    assert live.for_customer("person 7") == reranked.for_customer("person 7")
    assert live.for_customer("nobody").fallback is not None


def test_a_list_has_its_chances_and_nothing_twice(reranked):
    found = reranked.serving.all_ranked(np.arange(reranked.data.people))
    assert np.diff(found.indptr).max() <= features.MOST
    assert found.has_canonical_format
    assert 0 < found.data.min() <= found.data.max() < 1
