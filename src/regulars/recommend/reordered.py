"""Puts what the re-ranker knows ahead of the blend: its candidates by their chances, everything else behind them in the blend's order.

One scale for both, so that rules and boosts reach what is no candidate too.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from regulars.recommend.serving import Profile
from regulars.recommend.shelf import Found, Why


def ahead(ranked: Profile, mixed: Found, weight: float) -> Found:
    """Return a person's candidates ahead of their blend, whose second side has ``weight``; reasons stay the blend's."""
    named = np.arange(len(mixed.scores)) if mixed.items is None else mixed.items
    items = np.union1d(named, ranked.items)
    scores = np.zeros(len(items))
    scores[np.searchsorted(items, named)] = mixed.scores * behind(ranked.weights.min(initial=np.inf), weight)
    spoken = scores > 0
    scores[np.searchsorted(items, ranked.items)] = ranked.weights

    def why(wanted: Sequence[int]) -> list[Why]:
        # What neither side of the blend speaks for is a candidate because it sells.
        known = spoken[np.searchsorted(items, wanted)].tolist()
        blend = iter(mixed.why([item for item, told in zip(wanted, known, strict=True) if told]))
        return [next(blend) if told else ("trending", ()) for told in known]

    return Found(scores, why, items)


def all_ahead(ranked: sparse.csr_array, mixed: sparse.csr_array, weight: float) -> sparse.csr_array:
    """Return the same for many people at once: people × items."""
    least = np.full(ranked.shape[0], np.inf)
    filled = np.flatnonzero(np.diff(ranked.indptr))
    if len(filled):
        least[filled] = np.minimum.reduceat(ranked.data, ranked.indptr[filled])
    rest = sparse.csr_array(sparse.diags_array(behind(least, weight)) @ mixed)
    pattern = sparse.csr_array((np.ones(ranked.nnz), ranked.indices, ranked.indptr), shape=ranked.shape)
    return sparse.csr_array(rest - rest.multiply(pattern) + ranked)


def behind(least: NDArray[np.float64] | float, weight: float) -> NDArray[np.float64]:
    """Return what blends are multiplied by to stand behind the least chance of a person; one where there is none (infinite)."""
    # A blend is one plus its weight at most.
    return np.where(np.isinf(least), 1.0, np.asarray(least) / (2.0 * (1.0 + weight)))
