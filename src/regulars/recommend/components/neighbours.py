"""Similar, because you viewed, session, and the new half of for you: sequence-decayed neighbours times the trend."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from regulars.numeric import item_knn, trend
from regulars.recommend.components.shape import Scores, halves, single
from regulars.recommend.interactions import Interactions, told_apart
from regulars.recommend.parameters import Parameters

TOP = 200
MOST_LOOKS = 20
"""How many of the things that a person looked at last count."""


@dataclass(frozen=True)
class Neighbours:
    """Each item's nearest, what sells now, and what people bought, the latest first in weight."""

    near: sparse.csr_array
    trend: NDArray[np.float64]
    profiles: sparse.csr_array
    """People × items."""

    def scores(self, profiles: sparse.csr_array) -> Scores:
        """Return what the neighbours of each profile's items say, times the trend."""
        return np.asarray((profiles @ self.near).toarray()) * self.trend


def fit(data: Interactions, at: Parameters) -> Neighbours:
    """Fit on everybody's visits."""
    return with_trend(near(data, at), data, at)


def near(data: Interactions, at: Parameters) -> sparse.csr_array:
    """Return items × items: the costly part, which trend and profiles do not change."""
    return halves(item_knn.neighbours(*_pairs(data, at), top=TOP))


def near_one(
    data: Interactions, at: Parameters, item: int, top: int = TOP, *, sessions: bool = False
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return the neighbours of one item alone, in ascending order, and their nearness; ``sessions`` as in :func:`following`."""
    items, nearness = item_knn.neighbours_of(item, *(_steps if sessions else _pairs)(data, at), top=top)
    row = sparse.csr_array((nearness, items, np.array([0, len(items)])), shape=(1, data.items))
    return items, halves(row).data


def following(data: Interactions, at: Parameters) -> sparse.csr_array:
    """Return items × items as :func:`near` does, but learnt from what was viewed one after the other too."""
    return halves(item_knn.neighbours(*_steps(data, at), top=TOP))


def _pairs(
    data: Interactions, at: Parameters
) -> tuple[sparse.csr_array, NDArray[np.int64], NDArray[np.float64], item_knn.Sequence]:
    """Return baskets, whose they are, what each visit counts, and how pairs of them do."""
    visits = data.visits
    weight = 0.5 ** ((data.end - visits.day) / at.pair_half_life_days)
    how = item_knn.Sequence(target_power=at.target_power)
    return told_apart(visits.baskets), visits.person, weight, how


def _steps(
    data: Interactions, at: Parameters
) -> tuple[sparse.csr_array, NDArray[np.int64], NDArray[np.float64], item_knn.Sequence]:
    """Return the same with each session as one more person whose visits are its steps, of one thing each."""
    baskets, person, weight, how = _pairs(data, at)
    if data.sessions is None or not at.session_weight:
        return baskets, person, weight, how
    steps = data.sessions.latest
    viewed = sparse.csr_array(
        (np.ones(len(steps)), steps.item, np.arange(len(steps) + 1)), shape=(len(steps), data.items)
    )
    how = replace(how, target_power=at.session_target_power)
    heard = at.session_weight * 0.5 ** ((data.end - steps.day) / at.pair_half_life_days)
    return (
        sparse.csr_array(sparse.vstack([baskets, viewed])),
        np.concatenate([person, data.people + steps.session]),
        np.concatenate([weight, heard]),
        how,
    )


def with_trend(found: sparse.csr_array, data: Interactions, at: Parameters) -> Neighbours:
    """Return neighbours with trend and profiles of these parameters."""
    visits = data.visits
    profiles = item_knn.profiles(visits.baskets, visits.person, data.people, decay=at.profile_decay)
    if at.view_weight and data.sessions is not None:
        profiles = sparse.csr_array(profiles + at.view_weight * looks(data, at))
    return Neighbours(found, momentum(data, at.trend_days, at.trend_power), single(profiles))


def looks(data: Interactions, at: Parameters) -> sparse.csr_array:
    """Return people × items: the last things that each known person looked at, the latest of them weighing one."""
    if data.sessions is None:
        return sparse.csr_array(data.shape)
    steps = data.sessions.steps
    known = np.flatnonzero(steps.person >= 0)
    # From the latest on; of several looks of a person at a thing only the latest counts.
    known = known[np.argsort(steps.person[known], kind="stable")][::-1]
    pairs = steps.person[known] * max(data.items, 1) + steps.item[known]
    known = known[np.sort(np.unique(pairs, return_index=True)[1])]
    person = steps.person[known]
    first = np.flatnonzero(np.append(True, np.diff(person) != 0)[: len(person)])
    ago = np.arange(len(person)) - np.repeat(first, np.diff(np.append(first, len(person))))
    kept = ago < MOST_LOOKS
    cells = at.session_decay ** ago[kept], (person[kept], steps.item[known][kept])
    return sparse.csr_array(sparse.coo_array(cells, shape=data.shape))


def momentum(data: Interactions, days: int, power: float) -> NDArray[np.float64]:
    """Return each item's trend factor: its share of recent buyers over that of all items, to a power."""
    known = data.known
    recent = known.recent(days)
    return trend.trend(
        trend.buyers(recent.person, recent.item, data.items),
        trend.buyers(known.person, known.item, data.items),
        power=power,
    )
