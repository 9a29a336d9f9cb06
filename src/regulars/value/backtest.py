"""What the model would have said on an earlier day, held against what happened, beside plain forecasts."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from regulars.kit.i18n import mark
from regulars.kit.unknown import Unknown
from regulars.numeric import accuracy
from regulars.value import baselines
from regulars.value.assumptions import Assumptions
from regulars.value.calibration import Reliability, places
from regulars.value.learning import Learner, Learnt
from regulars.value.model import Model, Prediction, fit
from regulars.value.tracking import Path, path

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from regulars.value.past import Past
    from regulars.value.summary import Summary


@dataclass(frozen=True, slots=True)
class Score:
    """How one forecast did over the outcome window; money in the shop's currency, spend before refunds.

    ``gini`` is normalised (1: perfect ranking, 0: random); ``bias`` is (predicted − actual) / actual in total.
    """

    name: str
    title: str
    gini: float
    spearman: float
    top_decile: float
    bias: float
    mae: float
    rmse: float


@dataclass(frozen=True)
class Backtest:
    """A forecast made from orders up to ``cutoff`` only, over the ``horizon_days`` after it."""

    cutoff: date
    horizon_days: int
    scores: tuple[Score, ...]
    """The model first, then the baselines."""
    deciles: tuple[accuracy.Decile, ...]
    """Tenths of the customers by prediction, best first, with mean spend a customer."""
    decile_error: float
    interval: float
    coverage: float | None
    """Share of customers whose actual spend fell inside their interval: near ``interval`` among those of whom more than
    nothing was foreseen, above it among the others, of whom nearly all buy nothing. None without intervals."""
    predicted_total: float
    actual_total: float
    predicted_orders: float
    actual_orders: int
    customers: pa.Table
    """customer_key, predicted, low, high, actual, predicted_orders, actual_orders, p_alive and each baseline."""
    path: Path | None = None
    """How the forecast builds up week by week."""
    fitted: Model | None = None
    """The model itself, as fitted on the cut-off."""
    problems: tuple[str, ...] = ()
    """Why this backtest counts as failed; empty when the forecast may be shown."""
    coverage_told: float | None = None
    """The same of those customers whose interval ends above zero."""
    reliability: tuple[Reliability, ...] = ()
    """What intervals of 10% to 90% held, of a sample of them; () without intervals."""
    pit: tuple[float, ...] = ()
    """Share of outcomes in each tenth of what was foreseen (randomised probability integral transform); a tenth each if right."""
    learnt: Learnt | Unknown | None = None
    """What was learnt from days before the cut-off, or why nothing was; None where nobody asked."""

    @property
    def model(self) -> Score:
        """The score of the model itself."""
        return self.scores[0]

    def to_json(self) -> dict[str, Any]:
        """Everything but the customers, ready for JSON."""
        return {
            "cutoff": self.cutoff.isoformat(),
            "horizon_days": self.horizon_days,
            "scores": [asdict(score) for score in self.scores],
            "deciles": [row._asdict() for row in self.deciles],
            "decile_error": self.decile_error,
            "interval": self.interval,
            "coverage": self.coverage,
            "coverage_told": self.coverage_told,
            "reliability": [row._asdict() for row in self.reliability],
            "pit": list(self.pit),
            "predicted_total": self.predicted_total,
            "actual_total": self.actual_total,
            "predicted_orders": self.predicted_orders,
            "actual_orders": self.actual_orders,
            "customers": len(self.customers),
            "problems": list(self.problems),
        }


WORST_BIAS = 1.0
"""A total more than twice, or less than nothing of, what happened disqualifies a forecast."""
BETTER_GINI, BETTER_MAE = 0.02, 0.05
"""A plain forecast has to be better by this much before it disqualifies the model: less is chance."""


def run(
    past: Past,
    cutoff: date,
    assumptions: Assumptions,
    *,
    intervals: bool = True,
    learner: Learner | None = None,
) -> Backtest | Unknown:
    """Backtest on the shop's past; nothing after ``cutoff`` reaches the fit or the learner."""
    told = _outcome(past, cutoff, assumptions, intervals=intervals, learner=learner)
    if isinstance(told, Unknown):
        return told
    summary, model, predicted, actual = told.summary, told.model, told.predicted, told.actual
    horizon = assumptions.horizon_days
    before = past.spend_after(summary, cutoff - timedelta(days=horizon), horizon)
    # Intervals are after refunds; the outcome here is spend before refunds, as the models see it.
    kept = np.maximum(predicted.kept_share, 1e-9)
    low = None if predicted.low is None else predicted.low / kept
    high = None if predicted.high is None else predicted.high / kept
    others = baselines.forecasts(summary, model, before["spend"], assumptions.horizon_days)
    scores = tuple(
        score(name, forecast, actual["spend"])
        for name, forecast in {"model": predicted.spend, **others}.items()
    )
    # The learner's factor widens an interval as it moves it: an outcome stands where it would have stood without.
    outcome = actual["spend"] / told.learnt.factor if isinstance(told.learnt, Learnt) else actual["spend"]
    stood = places(model.purchasing, model.spending, summary, outcome, horizon) if intervals else None
    table = pa.table(
        {
            "customer_key": summary.key,
            "predicted": predicted.spend,
            "low": pa.nulls(len(summary), pa.float64()) if low is None else low,
            "high": pa.nulls(len(summary), pa.float64()) if high is None else high,
            "actual": actual["spend"],
            "predicted_orders": predicted.expected_orders,
            "actual_orders": actual["purchase_days"].astype(np.int64),
            "p_alive": predicted.p_alive,
            **others,
        }
    )
    return Backtest(
        cutoff=cutoff,
        horizon_days=assumptions.horizon_days,
        scores=scores,
        deciles=accuracy.decile_table(actual["spend"], predicted.spend),
        decile_error=accuracy.decile_error(actual["spend"], predicted.spend),
        interval=assumptions.interval,
        coverage=None if low is None or high is None else accuracy.coverage(actual["spend"], low, high),
        coverage_told=_coverage_told(actual["spend"], low, high),
        reliability=() if stood is None else stood.reliability(model.calibration),
        pit=() if stood is None else stood.histogram(),
        predicted_total=float(predicted.spend.sum()),
        actual_total=float(actual["spend"].sum()),
        predicted_orders=float(predicted.expected_orders.sum()),
        actual_orders=int(actual["purchase_days"].sum()),
        customers=table,
        path=told.path,
        fitted=model,
        problems=_problems(scores),
        learnt=told.learnt,
    )


@dataclass(frozen=True, slots=True)
class _Outcome:
    """A forecast made at a cut-off and what each of its customers did."""

    summary: Summary
    model: Model
    predicted: Prediction
    learnt: Learnt | Unknown | None
    actual: dict[str, NDArray[np.float64]]
    path: Path | None


def _outcome(
    past: Past, cutoff: date, assumptions: Assumptions, *, intervals: bool, learner: Learner | None
) -> _Outcome | Unknown:
    summary = past.summary(cutoff)
    missing = past.minimum.missing(summary, cutoff)
    if missing is not None:
        return Unknown.because(
            "backtest_" + missing.code,
            mark("Too little data before {cutoff} to test a forecast: {why}"),
            cutoff=cutoff,
            why=missing,
        )
    actual = past.spend_after(summary, cutoff, assumptions.horizon_days)
    model = fit(past, cutoff, summary, assumptions.horizon_days, intervals=intervals)
    gross = replace(assumptions, margin=None, discount_rate_yearly=0.0)
    predicted = model.predict(summary, gross, intervals=intervals)
    learnt = (
        learner.learn(summary, predicted, assumptions.horizon_days, model.purchasing.process)
        if learner
        else None
    )
    if isinstance(learnt, Learnt):
        predicted = learnt.applied(predicted)
    return _Outcome(
        summary,
        model,
        predicted,
        learnt,
        actual,
        path(model, summary, gross, predicted) if intervals else None,
    )


def _coverage_told(
    actual: NDArray[np.float64], low: NDArray[np.float64] | None, high: NDArray[np.float64] | None
) -> float | None:
    if low is None or high is None or not (told := high > 0).any():
        return None
    return accuracy.coverage(actual[told], low[told], high[told])


def score(name: str, forecast: NDArray[np.float64], actual: NDArray[np.float64]) -> Score:
    """Score one forecast of spend."""
    return Score(
        name=name,
        title=baselines.TITLES[name],
        gini=accuracy.normalised_gini(actual, forecast),
        spearman=accuracy.spearman(actual, forecast),
        top_decile=accuracy.top_share_capture(actual, forecast, 0.1),
        bias=accuracy.bias(actual, forecast),
        mae=accuracy.mae(actual, forecast),
        rmse=accuracy.rmse(actual, forecast),
    )


def _problems(scores: tuple[Score, ...]) -> tuple[str, ...]:
    model = scores[0]
    found = []
    if not np.isfinite(model.bias) or abs(model.bias) > WORST_BIAS:
        found.append(mark("Its total was off by more than the total itself."))
    if any(_clearly_better(other, model) for other in scores if other.name in baselines.PLAIN):
        found.append(
            mark("A plain forecast ranked customers better, erred less and came nearer to the total.")
        )
    return tuple(found)


def _clearly_better(other: Score, model: Score) -> bool:
    return (
        other.gini > model.gini + BETTER_GINI
        and other.mae < model.mae * (1 - BETTER_MAE)
        and abs(other.bias) < abs(model.bias)
    )
