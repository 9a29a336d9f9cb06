"""Next basket: which of the things a person buys run out soon, by how long each usually lasts them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from regulars.numeric.repurchase_timing import due, rhythm
from regulars.recommend.components.shape import single
from regulars.recommend.interactions import Interactions


@dataclass(frozen=True)
class Timing:
    """When each person bought each item last, and how long it lasts them."""

    ago: sparse.csr_array
    """People × items: days from the latest purchase to the end, one or more."""
    gap: sparse.csr_array
    """People × items, the same cells: days from one purchase to the next."""
    usual: NDArray[np.float64]
    """Days of each item for somebody of whom nothing is known."""

    def due(self, people: NDArray[np.int64], within_days: float) -> NDArray[np.float64]:
        """Return people × items: the chance of each to be bought again within some days, one where it never was bought."""
        ago, gap = self.ago[people].toarray(), self.gap[people].toarray()
        return np.where(gap > 0, due(ago, np.where(gap > 0, gap, 1.0), within_days), 1.0)


def fit(data: Interactions) -> Timing:
    """Fit on everybody's visits."""
    visits = data.visits
    cells = sparse.coo_array(visits.baskets)
    found = rhythm(visits.person[cells.row], cells.col, np.maximum(visits.day[cells.row], 0), data.shape)
    ago = found.last
    ago.data = data.end + 1 - ago.data
    return Timing(single(ago), single(found.gap), found.usual)
