"""Refunds as a layer of their own: models see what was ordered, this tells which share of it stays.

A customer's share taken back is shrunk towards the shop's by a beta-binomial moment estimate (Kleinman 1973,
*Proportions with extraneous variance*), so that one returned parcel does not condemn a new customer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

WEAKEST_PRIOR, STRONGEST_PRIOR = 0.5, 200.0


@dataclass(frozen=True, slots=True)
class RefundShare:
    """``shop`` is the share of spend taken back; ``prior_purchases`` how many purchases the shop's share weighs.

    ``purchase`` is the shop's mean spend a purchase: a customer is believed by money, so that one huge order that came
    back whole outweighs a dozen small ones that stayed.
    """

    shop: float
    prior_purchases: float
    purchase: float = 1.0

    def expected(self, spend: NDArray[np.float64], refunded: NDArray[np.float64]) -> NDArray[np.float64]:
        """Expected share of each customer's future spend that will be taken back, in [0, 1]."""
        seen = np.maximum(spend, 0.0)
        weight = seen / (seen + self.prior_purchases * max(self.purchase, 1e-9))
        return weight * _shares(spend, refunded) + (1 - weight) * self.shop


def fit(
    purchases: NDArray[np.int64], spend: NDArray[np.float64], refunded: NDArray[np.float64]
) -> RefundShare:
    """Fit the shop's share and how much customers differ in it."""
    total = float(np.maximum(spend, 0).sum())
    shop = float(np.clip(refunded.sum() / total, 0.0, 1.0)) if total > 0 else 0.0
    purchase = total / float(purchases.sum()) if total > 0 else 1.0
    if not 0 < shop < 1 or len(purchases) < 2:
        return RefundShare(shop, STRONGEST_PRIOR, purchase)
    weight = purchases / purchases.sum()
    spread = float((weight * (_shares(spend, refunded) - shop) ** 2).sum()) / (shop * (1 - shop))
    even = len(purchases) / float(purchases.sum())
    likeness = (spread - even) / (1 - even) if even < 1 else 0.0
    prior = 1 / likeness - 1 if likeness > 0 else STRONGEST_PRIOR
    return RefundShare(shop, float(np.clip(prior, WEAKEST_PRIOR, STRONGEST_PRIOR)), purchase)


def _shares(spend: NDArray[np.float64], refunded: NDArray[np.float64]) -> NDArray[np.float64]:
    positive = spend > 0
    return np.where(
        positive, np.clip(np.minimum(refunded, spend) / np.where(positive, spend, 1.0), 0.0, 1.0), 0.0
    )
