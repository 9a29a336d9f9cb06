"""How much it matters what is due: judged by the next order of each person in the shop's own last weeks."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from regulars.numeric import ranking
from regulars.recommend.climb import climb
from regulars.recommend.model import Model
from regulars.recommend.parameters import Parameters
from regulars.recommend.windows import DAYS, Window

POWERS = (0.25, 0.5, 1.0)


def tune(window: Window, people: NDArray[np.int64], at: Parameters) -> Parameters:
    """Return the parameters with the power that is better beyond chance by NDCG@10 of the next order; ``at`` where none is."""
    truth = next_orders(window)
    return climb(at, (("due_power", POWERS),), lambda other: judge(window, truth, people, other))


def next_orders(window: Window) -> sparse.csr_array:
    """Return people × items: what each bought on the first day on which they came back, among the listed items."""
    after = window.after.known
    first = np.full(after.people, window.after.end)
    np.minimum.at(first, after.person, after.day)
    kept = (after.day == first[after.person]) & window.listed[after.item]
    cells = np.ones(int(kept.sum())), (after.person[kept], after.item[kept])
    return sparse.csr_array(sparse.coo_array(cells, shape=after.shape))


def judge(
    window: Window, truth: sparse.csr_array, people: NDArray[np.int64], at: Parameters
) -> NDArray[np.float64]:
    """Return NDCG@10 of each person's next order."""
    model, told = Model(window.known, at), []
    for part in window.parts(people):
        lists = part.ranked(model.next_basket(part.people, DAYS), "all", 10)
        told.append(ranking.ndcg(lists, truth[part.people], 10))
    return np.concatenate(told) if told else np.zeros(0)
