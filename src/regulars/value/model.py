"""The default forecast: Pareto/NBD for how often, Gamma-Gamma with the first order for how much, refunds on top."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from regulars.numeric import clv, gamma_gamma, pareto_nbd
from regulars.value import refunds
from regulars.value.assumptions import DAYS_A_WEEK, Assumptions

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from regulars.numeric.fit import Fit
    from regulars.value.summary import Summary

Column = Any


@dataclass(frozen=True)
class Prediction:
    """One entry a customer in every array, in the summary's order; money in the shop's currency."""

    p_alive: NDArray[np.float64]
    expected_orders: NDArray[np.float64]
    """Expected purchase days within the horizon."""
    expected_spend: NDArray[np.float64]
    """Expected spend a purchase, before refunds."""
    kept_share: NDArray[np.float64]
    """1 − expected share taken back."""
    p_none: NDArray[np.float64]
    """Probability of no purchase within the horizon."""
    spend: NDArray[np.float64]
    """Expected undiscounted spend within the horizon, before refunds; what a backtest holds against reality."""
    clv: NDArray[np.float64]
    """Expected discounted margin within the horizon, after refunds."""
    low: NDArray[np.float64] | None
    high: NDArray[np.float64] | None


@dataclass(frozen=True)
class Model:
    """A fitted forecast; its time unit is the week."""

    purchasing: Fit[pareto_nbd.ParetoNBD]
    spending: Fit[gamma_gamma.GammaGamma]
    refunds: refunds.RefundShare

    def to_json(self) -> dict[str, Any]:
        """Parameters (time unit: weeks) with their standard errors, ready for JSON."""
        return {
            "purchasing": {"name": "Pareto/NBD", "time_unit": "week", **_fit_json(self.purchasing)},
            "spending": {"name": "Gamma-Gamma with the first order", **_fit_json(self.spending)},
            "refunds": {"shop_share": self.refunds.shop, "prior_purchases": self.refunds.prior_purchases},
        }

    def predict(self, summary: Summary, assumptions: Assumptions, *, intervals: bool = True) -> Prediction:
        """Predict every customer of a summary over ``assumptions.horizon_days``."""
        x, t_x, T = _weeks(summary)
        horizon = assumptions.horizon_days / DAYS_A_WEEK
        rate = assumptions.continuous_rate_weekly
        orders = pareto_nbd.expected_purchases(self.purchasing.params, horizon, x, t_x, T)
        discounted = pareto_nbd.discounted_purchases(self.purchasing.params, horizon, rate, x, t_x, T)
        seen = np.where(summary.spend > 0, summary.purchase_days, 0)
        spend = expected_spend(self.spending, seen, summary.mean_spend)
        kept = 1 - self.refunds.expected(summary.spend, summary.refunded)
        scale = kept * assumptions.margin_or_all
        low = high = None
        if intervals:
            tail = (1 - assumptions.interval) / 2
            bounds = clv.intervals(
                self.purchasing.params,
                self.spending.params,
                x,
                t_x,
                T,
                seen,
                summary.mean_spend,
                horizon=horizon,
                rate=rate,
                levels=(tail, 1 - tail),
                draws=assumptions.draws,
                seed=assumptions.seed,
            )
            low, high = bounds[0] * scale, bounds[1] * scale
        return Prediction(
            p_alive=pareto_nbd.probability_alive(self.purchasing.params, x, t_x, T),
            expected_orders=orders,
            expected_spend=spend,
            kept_share=kept,
            p_none=pareto_nbd.probability_of_none(self.purchasing.params, horizon, x, t_x, T),
            spend=orders * spend,
            clv=discounted * spend * scale,
            low=low,
            high=high,
        )


def expected_spend(
    spending: Fit[gamma_gamma.GammaGamma], purchases: NDArray[np.int64], mean_spend: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Expected spend a purchase; the customer's own mean where the model's is infinite (p·purchases + q ≤ 1)."""
    p, q, _ = spending.params
    finite = p * purchases + q > 1 + 1e-9
    spend = np.array(mean_spend, float)
    spend[finite] = gamma_gamma.expected_spend(spending.params, purchases[finite], mean_spend[finite])
    return spend


def fit(summary: Summary) -> Model:
    """Fit all three layers to a summary."""
    x, t_x, T = _weeks(summary)
    paying = summary.spend > 0
    return Model(
        purchasing=pareto_nbd.fit(x, t_x, T),
        spending=gamma_gamma.fit(summary.purchase_days[paying], summary.mean_spend[paying]),
        refunds=refunds.fit(summary.purchase_days, summary.spend, summary.refunded),
    )


def _fit_json(fit: Fit[Any]) -> dict[str, Any]:
    return {
        "params": dict(fit.params._asdict()),
        "standard_errors": dict(fit.standard_errors._asdict()),
        "log_likelihood": fit.log_likelihood,
        "converged": fit.converged,
        "iterations": fit.iterations,
    }


def _weeks(summary: Summary) -> tuple[Column, Column, Column]:
    return summary.x, summary.recency / DAYS_A_WEEK, summary.T / DAYS_A_WEEK
