"""Evaluation knows nothing of the future, prints its baselines, and finds the taste that is there."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from regulars.kit.unknown import Unknown
from regulars.recommend import Parameters, evaluate, tuning
from regulars.recommend.carts import hide_one
from regulars.recommend.evaluation import BASELINES
from regulars.recommend.interactions import date_of
from regulars.recommend.windows import look_back


@pytest.fixture(scope="module")
def found(shop):
    return evaluate(shop)


def test_two_windows_that_do_not_overlap(shop, found):
    first, second = found.looks
    assert first.cutoff == date_of(shop.end - 28)
    assert second.cutoff == first.cutoff - timedelta(days=28)


def test_baselines_are_always_there_and_taste_beats_them(found):
    for look in found.looks:
        ours = look.score("for_you")
        for name in BASELINES:
            other = look.score(name)
            assert ours.ndcg.mean > other.ndcg.mean
            assert other.gain.mean == pytest.approx(ours.ndcg.mean - other.ndcg.mean)
        assert {cart.name for cart in look.carts} == {"together", "cosine", "popularity"}
        for score in look.scores:
            assert score.ndcg.low <= score.ndcg.mean <= score.ndcg.high


def test_figures_by_hand(shop, found):
    look = found.looks[0]
    window = look_back(shop, shop.end - 28)
    data = window.known.known
    recent = data.recent(14)
    counts = [
        (-len(np.unique(recent.person[recent.item == item])), item)
        for item in range(shop.items)
        if len(np.unique(data.person[data.item == item])) >= 5
    ]
    best = {item for _, item in sorted(counts)[:10]}
    after = window.after.known
    listed = {item for _, item in counts}
    hits = []
    for person in np.unique(after.person):
        chosen = set(after.item[after.person == person].tolist()) & listed
        if chosen and person in data.person:
            hits.append(bool(chosen & best))
    score = look.score("popularity")
    assert score.people == look.people == len(hits)
    assert score.hit == pytest.approx(np.mean(hits))


def test_what_comes_after_the_window_changes_nothing(shop, found):
    """Shift everything after the last window, and scramble who bought what in it: earlier parameters and lists stay."""
    cutoff = shop.end - 28
    late = shop.day >= cutoff
    mixed = replace(shop, item=np.where(late, np.random.default_rng(0).permutation(shop.item), shop.item))
    assert tuning.tune(mixed.until(cutoff)) == tuning.tune(shop.until(cutoff))
    earlier = found.looks[1]
    again = evaluate(mixed, (earlier.cutoff,))
    assert again.looks[0] == earlier


def test_hidden_items_are_not_in_their_carts(shop):
    window = look_back(shop, shop.end - 28)
    carts, hidden = hide_one(window)
    assert len(hidden) > 50
    assert not np.any(carts.toarray()[np.arange(len(hidden)), hidden])
    assert np.all(window.listed[hidden])


def test_tuning_keeps_the_defaults_where_nobody_came_back(shop):
    assert tuning.tune(shop.until(int(shop.day.min()) + 3)).parameters == Parameters()


def test_tuning_is_no_worse_where_it_learnt(shop):
    told = tuning.tune(shop)
    assert told.people >= tuning.FEWEST_PEOPLE
    assert told.after >= told.before - 0.02


def test_nobody_returned(shop):
    assert isinstance(evaluate(shop, (date_of(int(shop.day.min())),)), Unknown)
    assert isinstance(evaluate(shop.until(0)), Unknown)


def test_it_is_json(found):
    told = found.to_json()
    assert told["looks"][0]["cutoff"] == found.looks[0].cutoff.isoformat()
    assert told["looks"][0]["scores"][0]["name"] == "for_you"
