"""Buy again: what a person keeps buying, times how often it is bought again at all, times what sells now."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from regulars.numeric.repeat_purchase import decayed_frequency, repeat_rate
from regulars.recommend.components.neighbours import momentum
from regulars.recommend.components.shape import Scores, single
from regulars.recommend.interactions import Interactions
from regulars.recommend.parameters import Parameters


@dataclass(frozen=True)
class BuyAgain:
    """How often and how lately each person bought each item, and how much that says of the item."""

    profiles: sparse.csr_array
    """People × items."""
    factor: NDArray[np.float64]
    rate: NDArray[np.float64]
    """Share of each item's buyers who bought it more than once, drawn towards that of all items."""

    def scores(self, profiles: sparse.csr_array) -> Scores:
        """Return each profile's own items, weighed."""
        return np.asarray(profiles.toarray()) * self.factor


def fit(data: Interactions, at: Parameters) -> BuyAgain:
    """Fit on everybody's visits; two orders of a day are one purchase."""
    visits = data.visits
    cells = sparse.coo_array(visits.baskets)
    person, age = visits.person[cells.row], (data.end - visits.day[cells.row]).astype(float)
    profiles = decayed_frequency(person, cells.col, age, data.shape, half_life_days=at.repeat_half_life_days)
    rate = repeat_rate(person, cells.col, data.items)
    now = momentum(data, at.trend_days, at.repeat_trend_power)
    return BuyAgain(single(profiles), rate**at.repeat_rate_power * now, rate)
