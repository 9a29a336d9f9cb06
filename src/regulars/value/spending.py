"""How much customers spend a purchase: Gamma-Gamma over all purchases, the first one included."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from regulars.numeric import gamma_gamma

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from regulars.numeric.fit import Fit
    from regulars.value.summary import Summary


def fit(summary: Summary) -> Fit[gamma_gamma.GammaGamma]:
    """Fit the spend of those who ever paid."""
    paying = summary.spend > 0
    return gamma_gamma.fit(summary.purchase_days[paying], summary.mean_spend[paying])


def seen(summary: Summary) -> NDArray[np.int64]:
    """Return how many purchases each customer's mean spend tells of: none of who never paid."""
    return np.where(summary.spend > 0, summary.purchase_days, 0)


def expected(fitted: Fit[gamma_gamma.GammaGamma], summary: Summary) -> NDArray[np.float64]:
    """Return the expected spend a purchase; the customer's own mean where the model's is infinite (p·purchases + q <= 1)."""
    p, q, _ = fitted.params
    purchases, mean_spend = seen(summary), summary.mean_spend
    finite = p * purchases + q > 1 + 1e-9
    spend = np.array(mean_spend, float)
    spend[finite] = gamma_gamma.expected_spend(fitted.params, purchases[finite], mean_spend[finite])
    return spend
