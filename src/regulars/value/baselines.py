"""Plain forecasts that need no statistics; a model that does not beat them is not worth its name."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from regulars.kit.i18n import mark
from regulars.numeric import nbd
from regulars.value.assumptions import DAYS_A_WEEK
from regulars.value.model import expected_spend

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from regulars.value.model import Model
    from regulars.value.summary import Summary

TITLES = {
    "model": mark("Regulars (Pareto/NBD + Gamma-Gamma)"),
    "persistence": mark("Same as the period before"),
    "own_rate": mark("Each customer's own pace so far"),
    "everyone_alike": mark("Everybody alike"),
    "nbd": mark("NBD + Gamma-Gamma (nobody ever leaves)"),
}


def forecasts(
    summary: Summary, model: Model, before: NDArray[np.float64], horizon_days: int
) -> dict[str, NDArray[np.float64]]:
    """Forecast the spend of each customer over the horizon in four plain ways.

    ``before`` is each customer's spend in the ``horizon_days`` before the cut-off.
    """
    pace = summary.x / np.maximum(summary.T, 1.0) * horizon_days
    x, t_x, T = summary.x, summary.recency / DAYS_A_WEEK, summary.T / DAYS_A_WEEK
    lasting = nbd.fit(x, t_x, T)
    orders = nbd.expected_purchases(lasting.params, horizon_days / DAYS_A_WEEK, x, t_x, T)
    seen = np.where(summary.spend > 0, summary.purchase_days, 0)
    spend = expected_spend(model.spending, seen, summary.mean_spend)
    return {
        "persistence": before,
        "own_rate": pace * summary.mean_spend,
        "everyone_alike": np.full(len(summary), float(pace.mean() * summary.mean_spend.mean())),
        "nbd": orders * spend,
    }
