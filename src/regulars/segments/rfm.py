"""Recency, frequency, monetary value: three scores a customer, ten groups that leave nobody out.

Equal customers get equal scores: quantile splits that cut ties at random would put twins into different groups.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

GROUPS = (
    "champions",
    "loyal",
    "new",
    "active",
    "promising",
    "needs_attention",
    "almost_lost",
    "previously_loyal",
    "at_risk",
    "dormant",
)
Scores = NDArray[np.int8]


def recency_score(recency_days: NDArray[np.int64]) -> Scores:
    """Score days since the last order: 5 when fewer than a fifth of the customers bought more recently, … 1.

    Equal recency shares the better score: who bought today is not drifting away because many bought today.
    """
    _, place, counts = np.unique(recency_days, return_inverse=True, return_counts=True)
    ahead = np.cumsum(counts) - counts
    fifths = (5 * ahead) // max(len(recency_days), 1)
    return (5 - fifths).astype(np.int8)[place]


def frequency_score(orders: NDArray[np.int64], bands: tuple[int, ...] = (2, 3, 5, 8)) -> Scores:
    """Score the number of orders by fixed bands: ``bands`` are the fewest orders for 2, 3, 4 and 5."""
    return (1 + np.searchsorted(np.asarray(bands), orders, side="right")).astype(np.int8)


def monetary_score(net: NDArray[np.float64]) -> Scores:
    """Score net spend by fifths of the customers, 5 the highest.

    Equal spend shares the score of its middle place, so that a shop with one price has middling customers
    rather than big spenders.
    """
    _, place, counts = np.unique(net, return_inverse=True, return_counts=True)
    middle = 2 * (np.cumsum(counts) - counts) + counts
    fifths = (5 * middle) // (2 * max(len(net), 1))
    return (1 + np.minimum(fifths, 4)).astype(np.int8)[place]


def group(r: Scores, f: Scores, m: Scores) -> NDArray[np.int8]:
    """Return each customer's group as an index into :data:`GROUPS`, with FM = (F + M) / 2.

    The first rule that holds decides and the last always holds, so the groups are a partition.
    """
    fm = (f.astype(np.float32) + m) / 2
    rules = (
        (r == 5) & (fm >= 4),
        (r >= 4) & (fm >= 3.5),
        (r == 5) & (fm < 2),
        (r >= 4) & (fm >= 2),
        r >= 4,
        (r == 3) & (fm >= 2.5),
        r == 3,
        fm >= 4,
        fm >= 2.5,
        np.ones(r.shape, dtype=bool),
    )
    return np.select(rules, [np.int8(index) for index in range(len(GROUPS))]).astype(np.int8)


def codes(r: Scores, f: Scores, m: Scores) -> tuple[list[str], NDArray[np.int8]]:
    """Return the 125 codes ``R1F1M1`` … ``R5F5M5`` and each customer's index into them."""
    steps = range(1, 6)
    names = [f"R{a}F{b}M{c}" for a in steps for b in steps for c in steps]
    return names, (25 * (r - 1) + 5 * (f - 1) + (m - 1)).astype(np.int8)
