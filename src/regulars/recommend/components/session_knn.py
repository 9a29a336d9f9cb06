"""Session: what past sessions that are most like the running one hold beside it, whoever's they were."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy import sparse

from regulars.numeric import session_knn
from regulars.numeric.session_knn import Memory
from regulars.recommend.components.shape import Scores
from regulars.recommend.interactions import Interactions
from regulars.recommend.parameters import Parameters

MOST_SESSIONS = 500_000
"""Only the most recent that share an item are looked at: older ones are hardly ever among them."""


@dataclass(frozen=True)
class SessionKnn:
    """What is remembered of past sessions."""

    past: Memory

    def scores(self, profiles: sparse.csr_array) -> Scores:
        """Return what follows each profile, whose heaviest item is the latest; its own items are zero."""
        found = np.zeros(profiles.shape)
        for row in range(profiles.shape[0]):
            begin, end = profiles.indptr[row], profiles.indptr[row + 1]
            items = profiles.indices[begin:end][np.argsort(profiles.data[begin:end], kind="stable")]
            named, scores = session_knn.next_items(self.past, session_knn.nearest(self.past, items), items)
            found[row, named] = scores
        return found


def fit(data: Interactions, at: Parameters) -> SessionKnn:
    """Remember the latest sessions of two things or more; none where there are no events."""
    none = sparse.csr_array((0, data.items))
    table = none if data.sessions is None else data.sessions.table(data.items)[-MOST_SESSIONS:]
    past = session_knn.memory(sparse.csr_array(table))
    return SessionKnn(replace(past, rarity=past.rarity**at.session_rarity_power))
