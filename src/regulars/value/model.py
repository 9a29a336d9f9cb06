"""The default forecast: Pareto/NBD in the shop's own time for how often, Gamma-Gamma with the first order for how much.

Refunds come on top as a layer of their own.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from regulars.numeric import clv
from regulars.value import choice as choices
from regulars.value import level, price_choice, refunds, spending
from regulars.value.assumptions import DAYS_A_WEEK, Assumptions
from regulars.value.calibration import Calibration, calibrate
from regulars.value.choice import Choice

if TYPE_CHECKING:
    from datetime import date

    from numpy.typing import NDArray

    from regulars.numeric.fit import Fit
    from regulars.numeric.seasonal_time import Effect
    from regulars.value.past import Past
    from regulars.value.processes import Process
    from regulars.value.summary import Summary

PATH_CUSTOMERS = 2_000
"""How many customers stand for all where a path over time is drawn."""


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
    spending: spending.Spending
    refunds: refunds.RefundShare
    choice: Choice = field(default_factory=Choice)
    calibration: Calibration = field(default_factory=Calibration.untested)

    def to_json(self) -> dict[str, Any]:
        """Parameters (time unit: weeks) with their standard errors, ready for JSON."""
        how = self.purchasing
        told: dict[str, Any] = {
            "purchasing": {"name": how.process.name, "time_unit": "week", **_fit_json(how.newcomers)},
            "spending": {"name": "Gamma-Gamma with the first order", **_fit_json(self.spending.fit)},
            "refunds": {"shop_share": self.refunds.shop, "prior_purchases": self.refunds.prior_purchases},
        }
        if how.established is not None:
            told["established"] = {
                "name": f"{how.process.name} of customers who were there when the orders begin",
                "first_bought_until_day": how.established_until,
                **_fit_json(how.established),
            }
        if self.spending.prices.explains:
            told["prices"] = self.spending.prices.to_json()
        if self.choice.contenders:
            told["contenders"] = [one.to_json() for one in self.choice.contenders]
            told["contenders_tested_on_days"] = self.choice.days
        if how.clock.effects:
            told["special_days"] = [_effect_json(effect) for effect in how.clock.effects]
        if not how.clock.has_no_seasons:
            told["seasonal_pace"] = [round(float(pace), 4) for pace in how.clock.pace]
        return told

    def predict(self, summary: Summary, assumptions: Assumptions, *, intervals: bool = True) -> Prediction:
        """Predict every customer of a summary over ``assumptions.horizon_days``."""
        how = self.purchasing.process
        x, t_x, T = self.purchasing.weeks(summary)
        horizon = self.purchasing.horizon_weeks(summary.as_of_day, assumptions.horizon_days)
        rate = self._rate(summary, assumptions)
        seen = spending.seen(summary)
        mean, spend = self.spending.mean(summary), self.spending.expected(summary)
        kept = 1 - self.refunds.expected(summary.spend, summary.refunded)
        scale = kept * assumptions.margin_or_all
        found = {name: np.zeros(len(summary)) for name in ("alive", "orders", "paid", "none", "low", "high")}
        for rows, fit in self.purchasing.groups(summary.first_day):
            history = (x[rows], t_x[rows], T[rows])
            found["alive"][rows] = how.alive(fit.params, *history)
            found["orders"][rows] = how.purchases(fit.params, horizon, 0.0, *history)
            found["paid"][rows] = how.purchases(fit.params, horizon, rate, *history)
            if not intervals:
                continue
            found["none"][rows] = how.none(fit.params, horizon, *history)
            found["low"][rows], found["high"][rows] = clv.intervals(
                fit.params,
                self.spending.params,
                *history,
                seen[rows],
                mean[rows],
                horizon=horizon,
                rate=rate,
                levels=self.calibration.levels(assumptions.interval),
                draws=assumptions.draws,
                seed=assumptions.seed,
                form=how.form,
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

        It has none without discounting where some customers hardly ever leave (s or a ≤ 1).
        """
        x, t_x, T = self.purchasing.weeks(summary)
        how, rate = self.purchasing.process, assumptions.continuous_rate_weekly
        orders = np.full(len(summary), np.nan)
        for rows, fit in self.purchasing.groups(summary.first_day):
            if rate > 0 or not how.lasts_for_ever(fit.params):
                orders[rows] = how.purchases(fit.params, np.inf, rate, x[rows], t_x[rows], T[rows])
        return orders * told.expected_spend * told.kept_share * assumptions.margin_or_all

    def next_purchase(self, summary: Summary, share: float) -> NDArray[np.float64]:
        """Return after how many calendar days a customer who stays will have bought again with probability ``share``."""
        x, t_x, T = self.purchasing.weeks(summary)
        wait = np.zeros(len(summary))
        for rows, fit in self.purchasing.groups(summary.first_day):
            wait[rows] = self.purchasing.process.wait(fit.params, share, x[rows], t_x[rows], T[rows])
        return self.purchasing.clock.days_until(summary.as_of_day, wait * DAYS_A_WEEK)

    def built_up(
        self,
        summary: Summary,
        assumptions: Assumptions,
        columns: tuple[NDArray[np.float64], ...],
        days: list[int],
    ) -> list[list[float]]:
        """Return how much of all customers' sum of each column (of :meth:`predict`) will have come ``days`` after the as-of day.

        Of many customers, some thousands stand for all: every n-th by the last column, each with the sums of those around.
        """
        order = np.argsort(-columns[-1], kind="stable")
        step = max(1, len(order) // PATH_CUSTOMERS)
        kept, around = order[::step], np.arange(0, len(order), step)
        worth = np.stack([np.add.reduceat(column[order], around) for column in columns])
        x, t_x, T = (column[kept] for column in self.purchasing.weeks(summary))
        how, rate = self.purchasing.process, self._rate(summary, assumptions)
        steps = sorted({*days, assumptions.horizon_days} - {0})
        ends = np.array([self.purchasing.horizon_weeks(summary.as_of_day, day) for day in steps])
        # What comes between two days is discounted from the middle between them.
        factor = np.exp(-rate * (ends + np.r_[0.0, ends[:-1]]) / 2)
        totals = np.zeros((len(columns), len(steps)))
        for rows, fit in self.purchasing.groups(summary.first_day[kept]):
            history = (x[rows], t_x[rows], T[rows])
            bought = np.stack([how.purchases(fit.params, end, 0.0, *history) for end in ends])
            paid = np.cumsum(np.diff(bought, axis=0, prepend=0.0) * factor[:, None], axis=0)
            some = paid[-1] > 0
            totals += worth[:, rows[some]] @ (paid[:, some] / paid[-1, some]).T
        built = [{0: 0.0, **dict(zip(steps, total, strict=True))} for total in totals.tolist()]
        return [[total[day] for day in days] for total in built]

    def _rate(self, summary: Summary, assumptions: Assumptions) -> float:
        """The discount rate a week of the clock: money is discounted by the calendar, and over the horizon both agree."""
        calendar = assumptions.horizon_days / DAYS_A_WEEK
        horizon = self.purchasing.horizon_weeks(summary.as_of_day, assumptions.horizon_days)
        return assumptions.continuous_rate_weekly * calendar / horizon


def usual(past: Past, day: date, summary: Summary, process: Process) -> Model:
    """Fit all layers with one process, neither chosen nor calibrated: what is quick enough to be asked of many earlier days."""
    return Model(
        purchasing=past.purchasing(day, summary).told_by(process, summary),
        spending=spending.fit(summary),
        refunds=refunds.fit(summary.purchase_days, summary.spend, summary.refunded),
    )


def fit(past: Past, day: date, summary: Summary, horizon_days: int, *, intervals: bool = True) -> Model:
    """Fit all layers to everybody's ``summary`` on ``day``, chosen and calibrated by what the past says until then.

    Who asks for no ``intervals`` is spared their calibration.
    """
    purchasing = past.purchasing(day, summary)
    looks = past.looks(day, horizon_days)
    choice = choices.choose(*past.sampled(summary, purchasing), looks)
    spent, before = price_choice.spend(past, day, summary, horizon_days, looks)
    return Model(
        purchasing=purchasing.told_by(choice.process, summary),
        spending=spent,
        refunds=refunds.fit(summary.purchase_days, summary.spend, summary.refunded),
        choice=choice,
        calibration=calibrate(choice.process, looks, before) if intervals else Calibration.untested(),
    )


def _effect_json(effect: Effect) -> dict[str, Any]:
    """Nothing is known of what was never seen, and so of its error."""
    return {
        "name": effect.name,
        "kind": "feast" if effect.is_feast else "promotion",
        "factor": effect.factor,
        "log_effect": effect.size,
        "standard_error": effect.error if np.isfinite(effect.error) else None,
        "occasions": effect.occasions,
    }


def _fit_json(fit: Fit[Any]) -> dict[str, Any]:
    return {
        "params": dict(fit.params._asdict()),
        "standard_errors": dict(fit.standard_errors._asdict()),
        "log_likelihood": fit.log_likelihood,
        "converged": fit.converged,
        "iterations": fit.iterations,
    }
