"""The ten groups leave nobody out, and equal customers share their scores."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from regulars.segments import rfm


def told_in_words(r: int, fm: float) -> str:
    """The rules again, as a person reads them in the definition."""
    if r == 5 and fm >= 4:
        return "champions"
    if r >= 4 and fm >= 3.5:
        return "loyal"
    if r == 5 and fm < 2:
        return "new"
    if r >= 4 and fm >= 2:
        return "active"
    if r >= 4:
        return "promising"
    if r == 3:
        return "needs_attention" if fm >= 2.5 else "almost_lost"
    if fm >= 4:
        return "previously_loyal"
    return "at_risk" if fm >= 2.5 else "dormant"


def test_every_combination_of_scores_has_the_one_group_of_its_definition() -> None:
    cells = list(product(range(1, 6), repeat=3))
    r, f, m = (np.array(axis, dtype=np.int8) for axis in zip(*cells, strict=True))
    groups = rfm.group(r, f, m)
    assert [rfm.GROUPS[index] for index in groups] == [told_in_words(a, (b + c) / 2) for a, b, c in cells]
    assert set(groups.tolist()) == set(range(10)), "each group can be reached"


@pytest.mark.parametrize(
    ("r", "f", "m", "name"),
    [
        (5, 4, 4, "champions"),
        (5, 4, 3, "loyal"),
        (4, 5, 5, "loyal"),
        (5, 1, 2, "new"),
        (4, 1, 2, "promising"),
        (5, 1, 3, "active"),
        (3, 2, 3, "needs_attention"),
        (3, 2, 2, "almost_lost"),
        (1, 3, 5, "previously_loyal"),
        (2, 3, 4, "at_risk"),
        (1, 2, 2, "dormant"),
    ],
)
def test_groups_worked_by_hand(r: int, f: int, m: int, name: str) -> None:
    assert (
        rfm.GROUPS[rfm.group(np.array([r], np.int8), np.array([f], np.int8), np.array([m], np.int8))[0]]
        == name
    )


def test_frequency_bands_are_fixed() -> None:
    orders = np.array([0, 1, 2, 3, 4, 5, 7, 8, 300])
    assert rfm.frequency_score(orders).tolist() == [1, 1, 2, 3, 3, 4, 4, 5, 5]
    assert rfm.frequency_score(orders, (3, 6, 9, 12)).tolist() == [1, 1, 1, 2, 2, 2, 3, 3, 5]


def test_scores_of_ten_different_customers_are_pairs() -> None:
    assert rfm.recency_score(np.arange(10)).tolist() == [5, 5, 4, 4, 3, 3, 2, 2, 1, 1]
    assert rfm.monetary_score(np.arange(10.0)).tolist() == [1, 1, 2, 2, 3, 3, 4, 4, 5, 5]


def test_ties_share_the_better_recency_and_the_middle_spend() -> None:
    assert rfm.recency_score(np.array([0] * 7 + [30, 40, 50])).tolist() == [5] * 7 + [2, 1, 1]
    assert rfm.monetary_score(np.array([9.0] * 7 + [30, 40, 50])).tolist() == [2] * 7 + [4, 5, 5]


def test_a_shop_of_one_day_and_one_price_is_recent_and_middling() -> None:
    assert rfm.recency_score(np.zeros(4, np.int64)).tolist() == [5] * 4
    assert rfm.monetary_score(np.full(4, 10.0)).tolist() == [3] * 4
    assert rfm.recency_score(np.array([], np.int64)).tolist() == []
    assert rfm.monetary_score(np.array([])).tolist() == []


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.integers(0, 40), min_size=1, max_size=80), st.randoms())
def test_scores_are_monotone_shared_by_equals_and_blind_to_order(days: list[int], random: object) -> None:
    score = rfm.recency_score(np.array(days))
    spend = rfm.monetary_score(np.array(days, dtype=float))
    assert score.min() >= 1
    assert score.max() == 5
    assert set(spend.tolist()) <= {1, 2, 3, 4, 5}
    by_day = dict(zip(days, score.tolist(), strict=True))
    by_spend = dict(zip(days, spend.tolist(), strict=True))
    assert [by_day[day] for day in days] == score.tolist()
    assert [by_day[day] for day in sorted(by_day)] == sorted(by_day.values(), reverse=True)
    assert [by_spend[day] for day in sorted(by_spend)] == sorted(by_spend.values())
    shuffled = sorted(days, key=lambda _: random.random())
    assert [by_day[day] for day in shuffled] == rfm.recency_score(np.array(shuffled)).tolist()


def test_codes_name_their_scores() -> None:
    r, f, m = np.array([1, 5, 3], np.int8), np.array([1, 5, 4], np.int8), np.array([1, 5, 2], np.int8)
    names, index = rfm.codes(r, f, m)
    assert [names[place] for place in index] == ["R1F1M1", "R5F5M5", "R3F4M2"]
