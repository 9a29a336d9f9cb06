"""How much customers spend a purchase: Gamma-Gamma over all purchases, the first one included."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from regulars.numeric import gamma_gamma
from regulars.value.prices import Prices
from regulars.value.summary import locate

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from regulars.numeric.fit import Fit
    from regulars.value.past import Past
    from regulars.value.summary import Summary


@dataclass(frozen=True)
class Spending:
    """How much customers spend, and in which prices.

    Where a price level is told, ``factor`` is how much more each customer's purchases would have cost in the prices to be expected over
    the horizon, in the order of ``key`` (ascending); the fit is to spend in these, so that all it says is in those prices.
    """

    fit: Fit[gamma_gamma.GammaGamma]
    prices: Prices = field(default_factory=Prices)
    key: NDArray[np.int64] | None = None
    factor: NDArray[np.float64] | None = None

    @property
    def params(self) -> gamma_gamma.GammaGamma:
        """Of the Gamma-Gamma model."""
        return self.fit.params

    def mean(self, summary: Summary) -> NDArray[np.float64]:
        """Return each customer's mean spend a purchase, in the prices of the fit.

        Who came after the fit has bought in the prices of its last month.
        """
        if self.key is None or self.factor is None:
            return summary.mean_spend
        place, known = locate(self.key, summary.key)
        return summary.mean_spend * np.where(known, self.factor[place], self.prices.factors[-1][1])

    def expected(self, summary: Summary) -> NDArray[np.float64]:
        """Return the expected spend a purchase; the customer's own mean where the model's is infinite (p·purchases + q <= 1)."""
        p, q, _ = self.params
        purchases, mean_spend = seen(summary), self.mean(summary)
        finite = p * purchases + q > 1 + 1e-9
        spend = np.array(mean_spend, float)
        spend[finite] = gamma_gamma.expected_spend(self.params, purchases[finite], mean_spend[finite])
        return spend


def fit(summary: Summary) -> Spending:
    """Fit the spend of those who ever paid, whatever prices were."""
    return Spending(_fitted(summary, summary.mean_spend))


def restated(past: Past, summary: Summary, prices: Prices) -> Spending:
    """Fit the spend of those who ever paid in the prices that are to be expected."""
    spend = past.restated(summary, prices.factors)
    mean = np.where(summary.spend > 0, np.maximum(spend, 0.0) / summary.purchase_days, 0.0)
    paid = (summary.mean_spend > 0) & (mean > 0)
    factor = np.where(paid, mean / np.where(paid, summary.mean_spend, 1.0), prices.factors[-1][1])
    return Spending(_fitted(summary, mean), prices, summary.key, factor)


def _fitted(summary: Summary, mean: NDArray[np.float64]) -> Fit[gamma_gamma.GammaGamma]:
    paying = (summary.spend > 0) & (mean > 0)
    return gamma_gamma.fit(summary.purchase_days[paying], mean[paying])


def seen(summary: Summary) -> NDArray[np.int64]:
    """Return how many purchases each customer's mean spend tells of: none of who never paid."""
    return np.where(summary.spend > 0, summary.purchase_days, 0)
