"""Plain forecasts that need no statistics; a model that does not beat them is not worth its name."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from regulars.kit.i18n import mark
from regulars.numeric import bg_nbd, gamma_gamma, nbd
from regulars.value import spending
from regulars.value.assumptions import DAYS_A_WEEK

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from regulars.value.model import Model
    from regulars.value.summary import Summary

TITLES = {
    "model": mark("Regulars"),
    "persistence": mark("Same as the period before"),
    "own_rate": mark("Each customer's own pace so far"),
    "everyone_alike": mark("Everybody alike"),
    "bg_nbd": mark("BG/NBD + Gamma-Gamma (repeat purchases only)"),
    "nbd": mark("NBD + Gamma-Gamma (nobody ever leaves)"),
}
PLAIN = ("persistence", "own_rate", "everyone_alike")
"""Those that need no model."""


def forecasts(
    summary: Summary, model: Model, before: NDArray[np.float64], horizon_days: int
) -> dict[str, NDArray[np.float64]]:
    """Forecast the spend of each customer over the horizon in plain ways and by the usual models.

    ``before`` is each customer's spend in the ``horizon_days`` before the cut-off.
    """
    pace = summary.x / np.maximum(summary.T, 1.0) * horizon_days
    x, t_x, T = summary.x, summary.recency / DAYS_A_WEEK, summary.T / DAYS_A_WEEK
    usual = bg_nbd.fit(x, t_x, T)
    usually = bg_nbd.expected_purchases(usual.params, horizon_days / DAYS_A_WEEK, x, t_x, T)
    lasting = nbd.fit(x, t_x, T)
    orders = nbd.expected_purchases(lasting.params, horizon_days / DAYS_A_WEEK, x, t_x, T)
    spend = (
        spending.fit(summary).expected(summary)
        if model.spending.prices.told
        else model.spending.expected(summary)
    )
    return {
        "persistence": before,
        "own_rate": pace * summary.mean_spend,
        "everyone_alike": np.full(len(summary), float(pace.mean() * summary.mean_spend.mean())),
        "bg_nbd": usually * repeat_spend(summary),
        "nbd": orders * spend,
    }


def repeat_spend(summary: Summary) -> NDArray[np.float64]:
    """Return the expected spend a purchase as it is usually done: fitted to those who came back, asked of all.

    The summary holds the mean over all purchases; it stands for the mean of repeat ones.
    """
    came_back = (summary.x > 0) & (summary.spend > 0)
    if came_back.sum() < 2:
        return summary.mean_spend
    fitted = gamma_gamma.fit(summary.x[came_back], summary.mean_spend[came_back])
    if fitted.params.q <= 1:
        return summary.mean_spend
    return gamma_gamma.expected_spend(fitted.params, summary.x * (summary.spend > 0), summary.mean_spend)
