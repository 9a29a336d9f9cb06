"""What follows in a running session: the neighbours of what was viewed, and past sessions that are most like it, on one scale."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from regulars.numeric import session_knn
from regulars.numeric.session_knn import Memory
from regulars.recommend.blend import relative, side_by_side
from regulars.recommend.serving import Profile, Scored, Serving
from regulars.recommend.shelf import Found, Why


def found(serving: Serving, past: Memory, profile: Profile, reason: str, seeds: int) -> Found:
    """Return the blend of both sides, each measured by its own best, an item's reason being the side that says more for it."""
    near = Scored(profile, serving.following, serving.momentum)
    # What was just seen is no candidate: it must not be what the others are measured by.
    told = np.where(np.isin(near.items, profile.items), 0.0, near.scores)
    like = session_knn.nearest(past, profile.items)
    named, says = session_knn.next_items(past, like, profile.items)
    weight = serving.parameters.session_knn_weight
    items, first, second = side_by_side(
        (near.items, relative(told[None, :])[0]), (named, weight * relative(says[None, :])[0])
    )

    def why(wanted: Sequence[int]) -> list[Why]:
        place = np.searchsorted(items, wanted)
        nearer = (first[place] >= second[place]).tolist()
        return [
            (reason, spoken if near_says_more else sharing(item))
            for item, near_says_more, spoken in zip(wanted, nearer, near.seeds(wanted, seeds), strict=True)
        ]

    def sharing(item: int) -> tuple[int, ...]:
        shares = session_knn.shared(past, like, profile.items, item)
        best = [int(at) for at in np.lexsort((profile.items, -shares))[:seeds] if shares[at] > 0]
        return tuple(int(profile.items[at]) for at in best)

    return Found(first + second, why, items)
