"""The re-ranker on shops whose people are known: it learns what the blend cannot say, and only then is it used."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from regulars.kit.unknown import Unknown
from regulars.numeric.ranking import Interval
from regulars.recommend import Interactions, rerank
from regulars.recommend.interactions import Catalogue
from regulars.recommend.model import Model
from regulars.recommend.parameters import Parameters
from regulars.recommend.rerank import Effort, Facts, Proof, reranker
from regulars.recommend.rerank.features import NAMES, candidates
from regulars.recommend.rerank.words import THEMES
from regulars.recommend.windows import look_back, ndcg

PEOPLE, ITEMS, DAYS = 300, 30, 420
QUICK = Effort(windows=4, rounds=80)


def interactions(rows: list[tuple[int, int, int]], end: int = DAYS, people: int = PEOPLE) -> Interactions:
    """Return (person, day, item) as a shop; everything of a day is one order."""
    person, day, item = (np.array(column, np.int64) for column in zip(*sorted(set(rows)), strict=True))
    ids = tuple(f"p{number:03}" for number in range(ITEMS))
    nothing = (None,) * ITEMS
    catalogue = Catalogue(ids, nothing, nothing, np.full(ITEMS, 4.0), np.full(ITEMS, np.nan))
    customers = tuple(f"c{number}" for number in range(people))
    return Interactions(person, person * 10_000 + day, item, day, end, customers, catalogue)


def cycles(seed: int = 0, *, regular: bool = True) -> Interactions:
    """Return people who each use up three things at their own pace of seven to ten weeks, and buy other things by chance."""
    rng = np.random.default_rng(seed)
    rows = []
    for person in range(PEOPLE):
        for item in rng.choice(ITEMS, 3, replace=False):
            gap = int(rng.integers(49, 71)) if regular else 1
            day = int(rng.integers(gap))
            while day < DAYS:
                if regular or rng.random() < 1 / 60:
                    rows.append((person, day, int(item)))
                day += gap
        for _ in range(8):
            rows.append((person, int(rng.integers(DAYS)), int(rng.integers(ITEMS))))
    return interactions(rows)


def test_it_learns_when_things_are_used_up():
    """The blend knows what a person buys, not that it is due: who bought it last week needs no other one yet."""
    data = cycles()
    found = rerank.learn(data.until(DAYS - 28), Parameters(), effort=QUICK)
    assert isinstance(found, rerank.Reranker)
    assert found.proof is not None
    assert found.proof.windows == 3
    assert found.proof.gain.low > 0.02
    told = found.trees.importance
    first = sorted(told, key=lambda name: -told[name])[:4]
    assert {"days_since_bought", "silence_in_own_gaps"} & set(first)
    assert sum(theme.share for theme in found.told.themes) == pytest.approx(1.0)
    window = look_back(data, DAYS - 28)
    model = Model(window.known, Parameters())
    parts = list(window.parts(window.people))
    facts = Facts(model)
    ours = ndcg(parts, lambda people: found.chances(facts, people, window.listed).toarray(), "all")
    blend = ndcg(parts, model.for_you, "all")
    assert np.nanmean(ours) > np.nanmean(blend) + 0.05


def test_nothing_that_comes_later_is_learnt():
    data = cycles()
    known = data.until(DAYS - 60)
    other = Interactions(
        np.where(data.day < DAYS - 60, data.person, (data.person * 7) % PEOPLE),
        data.order,
        np.where(data.day < DAYS - 60, data.item, (data.item * 11 + 3) % ITEMS),
        data.day,
        data.end,
        data.customer_ids,
        data.catalogue,
    ).until(DAYS - 60)
    facts = Facts(Model(known, Parameters()))
    people, listed = np.arange(50), np.ones(ITEMS, bool)
    one, two = (rerank.learn(each, Parameters(), effort=QUICK) for each in (known, other))
    assert isinstance(one, rerank.Reranker)
    assert isinstance(two, rerank.Reranker)
    assert one.proof == two.proof
    assert (one.chances(facts, people, listed) != two.chances(facts, people, listed)).nnz == 0


def test_without_anything_to_learn_the_blend_stays():
    """People who buy their things at any time, with equal chance every day, are told all there is by the blend."""
    found = rerank.learn(cycles(regular=False), Parameters(), effort=QUICK)
    assert isinstance(found, Unknown)
    assert found.code == "recommend.no_gain"


def test_what_loses_at_new_things_is_left_out(monkeypatch):
    better, worse = Interval(0.02, 0.01, 0.03), Interval(-0.02, -0.03, -0.01)
    data, effort = cycles().until(300), replace(QUICK, rounds=2)
    for new, used in ((worse, False), (better, True), (Interval(-0.01, -0.02, 0.01), True)):
        monkeypatch.setattr(reranker, "_proof", lambda past, effort, new=new: Proof(better, new, len(past)))
        found = rerank.learn(data, Parameters(), effort=effort)
        assert isinstance(found, rerank.Reranker) == used
        assert used or found.code == "recommend.new_lost"


def test_a_gain_counts_each_person_once():
    """Two windows, one person who came back in both and one who came back in one: a mean of people, not of visits."""

    class Lesson:
        def __init__(self, people, gains):
            self.people, self.gains, self.found = np.array(people), np.array(gains), self
            self.blend = np.zeros(len(people))

        def ndcg(self, said, *, new):
            return said * self.gains

    held = [(Lesson([1, 2], [0.4, 0.1]), np.ones(2)), (Lesson([2, 3], [0.3, np.nan]), np.ones(2))]
    assert reranker._gain(held, new=False).mean == pytest.approx((0.4 + 0.2) / 2)


def test_a_short_past_says_so():
    data = cycles()
    found = rerank.learn(data.until(120), Parameters())
    assert isinstance(found, Unknown)
    assert found.code == "recommend.too_few_windows"


def test_every_column_is_told_of_once():
    assert sorted(name for names in THEMES.values() for name in names) == sorted(NAMES)


def test_a_row_by_hand():
    # Person 0 bought item 3 on days 10, 30 and 90 and item 5 on day 90; person 1 item 3 on day 95. The end is day 100.
    data = interactions([(0, 10, 3), (0, 30, 3), (0, 90, 3), (0, 90, 5), (1, 95, 3)], end=100, people=2)
    found = candidates(Facts(Model(data, Parameters())), np.array([0, 1]), np.ones(ITEMS, bool))
    told = {
        (int(person), int(item)): dict(zip(NAMES, row.tolist(), strict=True))
        for person, item, row in zip(found.person, found.item, found.rows, strict=True)
    }
    own = told[0, 3]
    assert [own["owned"], own["times"], own["days_since_bought"], own["days_between_first_and_last"]] == [
        1,
        3,
        10,
        80,
    ]
    assert own["silence_in_own_gaps"] == pytest.approx(10 / 40)
    assert own["share_of_visits"] == pytest.approx(1.0)
    assert [own["buyers_7_days"], own["buyers_14_days"], own["buyers_ever"]] == [1, 2, 2]
    assert [own["visits"], own["days_since_visit"], own["days_since_first_visit"]] == [3, 10, 90]
    assert [own["items_a_visit"], own["items_ever"]] == [pytest.approx(4 / 3), 2]
    assert own["days_on_sale"] == 90
    other = told[1, 5]
    assert [other["owned"], other["times"]] == [0, 0]
    assert np.isnan(other["days_since_bought"])
    assert np.isnan(other["silence_in_own_gaps"])
    assert other["days_on_sale"] == 10
