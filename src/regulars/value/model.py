"""The default forecast: Pareto/NBD in the shop's own time for how often, Gamma-Gamma with the first order for how much.

Refunds come on top as a layer of their own.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from regulars.numeric import clv, gamma_gamma, pareto_nbd, seasonal_time
from regulars.value import level, refunds
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
    p_none: NDArray[np.float64] | None
    """Probability of no purchase within the horizon; None, as the bounds, where intervals were not asked for."""
    spend: NDArray[np.float64]
    """Expected undiscounted spend within the horizon, before refunds; what a backtest holds against reality."""
    clv: NDArray[np.float64]
    """Expected discounted margin within the horizon, after refunds."""
    low: NDArray[np.float64] | None
    high: NDArray[np.float64] | None


@dataclass(frozen=True)
class Model:
    """A fitted forecast; its time unit is the week."""

    purchasing: level.Purchasing
    spending: Fit[gamma_gamma.GammaGamma]
    refunds: refunds.RefundShare

    def to_json(self) -> dict[str, Any]:
        """Parameters (time unit: weeks) with their standard errors, ready for JSON."""
        how = self.purchasing
        told: dict[str, Any] = {
            "purchasing": {"name": "Pareto/NBD", "time_unit": "week", **_fit_json(how.newcomers)},
            "spending": {"name": "Gamma-Gamma with the first order", **_fit_json(self.spending)},
            "refunds": {"shop_share": self.refunds.shop, "prior_purchases": self.refunds.prior_purchases},
        }
        if how.established is not None:
            told["established"] = {
                "name": "Pareto/NBD of customers who were there when the orders begin",
                "first_bought_until_day": how.established_until,
                **_fit_json(how.established),
            }
        if not how.clock.is_steady:
            told["seasonal_pace"] = [round(float(pace), 4) for pace in how.clock.pace]
        return told

    def predict(self, summary: Summary, assumptions: Assumptions, *, intervals: bool = True) -> Prediction:
        """Predict every customer of a summary over ``assumptions.horizon_days``."""
        x, t_x, T = self.purchasing.weeks(summary)
        horizon = self.purchasing.horizon_weeks(summary.as_of_day, assumptions.horizon_days)
        rate = self._rate(summary, assumptions)
        seen = np.where(summary.spend > 0, summary.purchase_days, 0)
        spend = expected_spend(self.spending, seen, summary.mean_spend)
        kept = 1 - self.refunds.expected(summary.spend, summary.refunded)
        scale = kept * assumptions.margin_or_all
        found = {name: np.zeros(len(summary)) for name in ("alive", "orders", "paid", "none", "low", "high")}
        for rows, fit in self.purchasing.groups(summary.first_day):
            history = (x[rows], t_x[rows], T[rows])
            alive = pareto_nbd.probability_alive(fit.params, *history)
            active = partial(pareto_nbd.purchases_while_active, fit.params, frequency=x[rows], T=T[rows])
            found["alive"][rows] = alive
            found["orders"][rows] = alive * active(horizon, 0.0)
            found["paid"][rows] = alive * active(horizon, rate)
            if not intervals:
                continue
            found["none"][rows] = pareto_nbd.probability_of_none(fit.params, horizon, *history)
            tail = (1 - assumptions.interval) / 2
            found["low"][rows], found["high"][rows] = clv.intervals(
                fit.params,
                self.spending.params,
                *history,
                seen[rows],
                summary.mean_spend[rows],
                horizon=horizon,
                rate=rate,
                levels=(tail, 1 - tail),
                draws=assumptions.draws,
                seed=assumptions.seed,
            )
        return Prediction(
            p_alive=found["alive"],
            expected_orders=found["orders"],
            expected_spend=spend,
            kept_share=kept,
            p_none=found["none"] if intervals else None,
            spend=found["orders"] * spend,
            clv=found["paid"] * spend * scale,
            low=found["low"] * scale if intervals else None,
            high=found["high"] * scale if intervals else None,
        )

    def for_life(self, summary: Summary, assumptions: Assumptions, told: Prediction) -> NDArray[np.float64]:
        """Return the expected discounted margin of all purchases to come, however late; NaN where that has no end.

        It has none without discounting where some customers hardly ever leave (s ≤ 1).
        """
        x, _, T = self.purchasing.weeks(summary)
        rate = assumptions.continuous_rate_weekly
        orders = np.full(len(summary), np.nan)
        for rows, fit in self.purchasing.groups(summary.first_day):
            if rate > 0 or fit.params.s > 1:
                orders[rows] = told.p_alive[rows] * pareto_nbd.purchases_while_active(
                    fit.params, np.inf, rate, x[rows], T[rows]
                )
        return orders * told.expected_spend * told.kept_share * assumptions.margin_or_all

    def next_purchase(self, summary: Summary, share: float) -> NDArray[np.float64]:
        """Return after how many calendar days a customer who stays will have bought again with probability ``share``."""
        x, _, T = self.purchasing.weeks(summary)
        wait = np.zeros(len(summary))
        for rows, fit in self.purchasing.groups(summary.first_day):
            wait[rows] = pareto_nbd.wait_for_next(fit.params, share, x[rows], T[rows])
        return self.purchasing.clock.days_until(summary.as_of_day, wait * DAYS_A_WEEK)

    def built_up(
        self, summary: Summary, assumptions: Assumptions, clv: NDArray[np.float64], days: list[int]
    ) -> list[float]:
        """Return how much of all customers' ``clv`` (of :meth:`predict`) will have come ``days`` after the as-of day.

        A customer's purchases to come are a rate times the time they stay, so the share by a day depends on T alone.
        """
        _, _, T = self.purchasing.weeks(summary)
        whole = assumptions.horizon_days
        rate = self._rate(summary, assumptions)
        totals = np.zeros(len(days))
        for rows, fit in self.purchasing.groups(summary.first_day):
            ends, which = np.unique(T[rows], return_inverse=True)
            worth = np.bincount(which, clv[rows])
            _, _, s, beta = fit.params
            stay = [
                pareto_nbd.discounted_lifetime(
                    s, beta + ends, self.purchasing.horizon_weeks(summary.as_of_day, day), rate
                )
                for day in (whole, *days)
            ]
            totals += [float((worth * part / stay[0]).sum()) for part in stay[1:]]
        return [float(total) for total in totals]

    def _rate(self, summary: Summary, assumptions: Assumptions) -> float:
        """The discount rate a week of the clock: money is discounted by the calendar, and over the horizon both agree."""
        calendar = assumptions.horizon_days / DAYS_A_WEEK
        horizon = self.purchasing.horizon_weeks(summary.as_of_day, assumptions.horizon_days)
        return assumptions.continuous_rate_weekly * calendar / horizon


def expected_spend(
    spending: Fit[gamma_gamma.GammaGamma], purchases: NDArray[np.int64], mean_spend: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Expected spend a purchase; the customer's own mean where the model's is infinite (p·purchases + q ≤ 1)."""
    p, q, _ = spending.params
    finite = p * purchases + q > 1 + 1e-9
    spend = np.array(mean_spend, float)
    spend[finite] = gamma_gamma.expected_spend(spending.params, purchases[finite], mean_spend[finite])
    return spend


def fit(summary: Summary, bought: pa.Table) -> Model:
    """Fit all three layers to a summary; ``bought`` is what :func:`frames.purchases_by_day` gives for the same time."""
    paying = summary.spend > 0
    return Model(
        purchasing=level.fit(summary, _repeats(summary, bought)),
        spending=gamma_gamma.fit(summary.purchase_days[paying], summary.mean_spend[paying]),
        refunds=refunds.fit(summary.purchase_days, summary.spend, summary.refunded),
    )


def _repeats(summary: Summary, bought: pa.Table) -> NDArray[np.float64]:
    """Count repeat purchases by day of the year: all purchases less first ones."""
    days = np.asarray(pc.cast(pc.cast(bought["ordered_on"], pa.date32()), pa.int32()))
    counts = np.asarray(bought["customers"]).astype(float)
    year = seasonal_time.YEAR
    total = np.bincount(seasonal_time.day_of_year(days), counts, minlength=year).astype(float)
    return total - np.bincount(seasonal_time.day_of_year(summary.first_day), minlength=year)


def _fit_json(fit: Fit[Any]) -> dict[str, Any]:
    return {
        "params": dict(fit.params._asdict()),
        "standard_errors": dict(fit.standard_errors._asdict()),
        "log_likelihood": fit.log_likelihood,
        "converged": fit.converged,
        "iterations": fit.iterations,
    }
