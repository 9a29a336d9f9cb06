"""Session neighbours beside the same written out as plain loops, and worked by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from regulars.numeric import session_knn


def remembered(sessions: list[set[int]], items: int) -> session_knn.Memory:
    table = np.zeros((len(sessions), items))
    for row, held in enumerate(sessions):
        table[row, sorted(held)] = 1
    return session_knn.memory(sparse.csr_array(table))


def by_hand(sessions: list[set[int]], running: list[int], recent: int, neighbours: int) -> dict[int, float]:
    """Ludewig and Jannach (2018), section 3.2, one step after the other."""
    weight = {item: (place + 1) / len(running) for place, item in enumerate(running)}
    sharing = [number for number, held in enumerate(sessions) if held & set(running)][-recent:]
    nearness = {number: sum(weight[item] for item in sessions[number] & set(running)) for number in sharing}
    best = sorted(sharing, key=lambda number: (-round(nearness[number], 9), -number))[:neighbours]
    scores: dict[int, float] = {}
    for number in best:
        latest = max(weight[item] for item in sessions[number] & set(running))
        for item in sessions[number] - set(running):
            rarity = math.log(1 + len(sessions) / sum(item in held for held in sessions))
            scores[item] = scores.get(item, 0.0) + nearness[number] * latest * rarity
    return scores


sessions_of = st.lists(st.sets(st.integers(0, 7), min_size=1, max_size=5), max_size=12)


@given(
    sessions_of, st.lists(st.integers(0, 7), unique=True, max_size=4), st.integers(1, 6), st.integers(1, 6)
)
def test_it_says_what_plain_loops_say(sessions, running, recent, neighbours):
    past = remembered(sessions, 8)
    near = session_knn.nearest(past, running, recent=recent, neighbours=neighbours)
    items, scores = session_knn.next_items(past, near, running)
    assert dict(zip(items.tolist(), scores.tolist(), strict=True)) == pytest.approx(
        by_hand(sessions, running, recent, neighbours)
    )
    for item in items.tolist():
        told = session_knn.shared(past, near, running, item)
        speak = [number for number in near.sessions.tolist() if item in sessions[number]]
        says = dict(zip(near.sessions.tolist(), near.says.tolist(), strict=True))
        wanted = [sum(says[number] for number in speak if seed in sessions[number]) for seed in running]
        assert told == pytest.approx(wanted)


def test_the_latest_item_and_rare_ones_count_most():
    past = remembered([{0, 2}, {1, 3}, {3, 4}, {3, 5}], 6)
    items, scores = session_knn.next_items(past, session_knn.nearest(past, [0, 1]), [0, 1])
    assert items.tolist() == [2, 3]
    # Half the weight, squared by the place of the item that is shared, against one; rarity log 5 and log 7/3.
    assert scores == pytest.approx([0.25 * math.log(5), 1.0 * math.log(7 / 3)])
    assert session_knn.weights(4).tolist() == [0.25, 0.5, 0.75, 1.0]
    assert len(session_knn.weights(0)) == 0


def test_of_equals_the_later_one():
    past = remembered([{0, 1}, {0, 2}], 3)
    near = session_knn.nearest(past, [0], neighbours=1)
    assert near.sessions.tolist() == [1]
    assert session_knn.next_items(past, near, [0])[0].tolist() == [2]


def test_nothing_remembered_says_nothing():
    past = remembered([], 3)
    near = session_knn.nearest(past, [1])
    assert len(near.sessions) == len(session_knn.next_items(past, near, [1])[0]) == 0
    assert session_knn.shared(past, near, [1], 2).tolist() == [0.0]


@pytest.mark.parametrize(
    ("error", "items", "more"),
    [
        (ValueError, [0, 0], {}),
        (IndexError, [9], {}),
        (IndexError, [-1], {}),
        (ValueError, [0], {"recent": 0}),
        (ValueError, [0], {"neighbours": 0}),
    ],
)
def test_what_cannot_be(error, items, more):
    with pytest.raises(error):
        session_knn.nearest(remembered([{0, 1}], 3), items, **more)
