"""What the model would have said on an earlier day, held against what happened, beside plain forecasts."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from regulars.kit.i18n import mark
from regulars.kit.unknown import Unknown
from regulars.numeric import accuracy
from regulars.value import baselines, frames
from regulars.value.assumptions import Assumptions, Minimum
from regulars.value.model import Model, Prediction, fit
from regulars.value.summary import Summary
from regulars.value.tracking import Path, path

if TYPE_CHECKING:
    import ibis.expr.types as ir
    from numpy.typing import NDArray

    from regulars.lake import Engine


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
    """Share of customers whose actual spend fell inside their interval; should be near ``interval``, above it where many
    buy nothing (an interval that begins at zero holds them all). None without intervals."""
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
            "predicted_total": self.predicted_total,
            "actual_total": self.actual_total,
            "predicted_orders": self.predicted_orders,
            "actual_orders": self.actual_orders,
            "customers": len(self.customers),
            "problems": list(self.problems),
        }


WORST_BIAS = 1.0
"""A total more than twice, or less than nothing of, what happened disqualifies a forecast."""


def run(
    days: ir.Table,
    engine: Engine,
    cutoff: date,
    assumptions: Assumptions,
    minimum: Minimum,
    *,
    intervals: bool = True,
) -> Backtest | Unknown:
    """Backtest on the purchase days of :func:`frames.purchase_days`; nothing after ``cutoff`` reaches the fit."""
    told = _outcome(days, engine, cutoff, assumptions, minimum, intervals=intervals)
    if isinstance(told, Unknown):
        return told
    summary, model, predicted, actual = told.summary, told.model, told.predicted, told.actual
    horizon = timedelta(days=assumptions.horizon_days)
    before = _aligned(summary, engine.arrow(frames.spend_between(days, cutoff - horizon, cutoff)))
    # Intervals are after refunds; the outcome here is spend before refunds, as the models see it.
    kept = np.maximum(predicted.kept_share, 1e-9)
    low = None if predicted.low is None else predicted.low / kept
    high = None if predicted.high is None else predicted.high / kept
    others = baselines.forecasts(summary, model, before["spend"], assumptions.horizon_days)
    scores = tuple(
        score(name, forecast, actual["spend"])
        for name, forecast in {"model": predicted.spend, **others}.items()
    )
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
        predicted_total=float(predicted.spend.sum()),
        actual_total=float(actual["spend"].sum()),
        predicted_orders=float(predicted.expected_orders.sum()),
        actual_orders=int(actual["purchase_days"].sum()),
        customers=table,
        path=told.path,
        fitted=model,
        problems=_problems(scores),
    )


@dataclass(frozen=True, slots=True)
class _Outcome:
    """A forecast made at a cut-off and what each of its customers did."""

    summary: Summary
    model: Model
    predicted: Prediction
    actual: dict[str, NDArray[np.float64]]
    path: Path


def _outcome(
    days: ir.Table,
    engine: Engine,
    cutoff: date,
    assumptions: Assumptions,
    minimum: Minimum,
    *,
    intervals: bool,
) -> _Outcome | Unknown:
    summary = Summary.from_arrow(
        engine.arrow(
            frames.customer_summary(days, cutoff), title=mark("Summing up customers until an earlier day")
        )
    )
    missing = minimum.missing(summary, cutoff)
    if missing is not None:
        return Unknown.because(
            "backtest_" + missing.code,
            mark("Too little data before {cutoff} to test a forecast: {why}"),
            cutoff=cutoff,
            why=missing,
        )
    horizon = timedelta(days=assumptions.horizon_days)
    actual = _aligned(summary, engine.arrow(frames.spend_between(days, cutoff, cutoff + horizon)))
    model = fit(summary, engine.arrow(frames.purchases_by_day(days, cutoff)))
    gross = replace(assumptions, margin=None, discount_rate_yearly=0.0)
    predicted = model.predict(summary, gross, intervals=intervals)
    return _Outcome(summary, model, predicted, actual, path(model, summary, gross, predicted))


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
    model, plain = scores[0], scores[1:]
    found = []
    if not np.isfinite(model.bias) or abs(model.bias) > WORST_BIAS:
        found.append(mark("Its total was off by more than the total itself."))
    if all(model.mae > other.mae and model.gini < other.gini for other in plain):
        found.append(mark("Every plain forecast ranked customers better and erred less."))
    return tuple(found)


def _aligned(summary: Summary, table: pa.Table) -> dict[str, NDArray[np.float64]]:
    """Columns of a per-customer table in the summary's order; zero where a customer has no row."""
    keys = np.asarray(table["customer_key"]).astype(np.int64)
    place = np.searchsorted(summary.key, keys)
    known = (place < len(summary)) & (summary.key[np.minimum(place, len(summary) - 1)] == keys)
    columns = {}
    for name in ("spend", "orders", "purchase_days", "refunded"):
        values = np.zeros(len(summary))
        values[place[known]] = np.asarray(pc.cast(table[name], pa.float64()))[known]
        columns[name] = values
    return columns
