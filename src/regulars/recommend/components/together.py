"""Bought together and cart completion: what an order holds beside the rest of it, by a ridge of each item on its neighbours."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from regulars.numeric.local_ridge import local_ridge
from regulars.recommend.components.shape import Scores, halves
from regulars.recommend.interactions import Interactions, told_apart
from regulars.recommend.parameters import Parameters


@dataclass(frozen=True)
class Together:
    """How much each item of an order speaks for another one."""

    weights: sparse.csr_array

    def scores(self, profiles: sparse.csr_array) -> Scores:
        """Return what the items of each cart say together; what they speak against is zero."""
        return np.maximum(np.asarray((profiles @ self.weights).toarray()), 0.0)


def fit(data: Interactions, at: Parameters) -> Together:
    """Fit on all orders, guests' too. No trend: what goes together does so whatever the season."""
    _, first = np.unique(data.order, return_index=True)
    weight = 0.5 ** ((data.end - data.day[first]) / at.cart_half_life_days)
    return Together(halves(local_ridge(told_apart(data.orders), weight, target_power=at.cart_target_power)))
