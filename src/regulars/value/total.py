"""The shop's total: the sum of its customers, with an interval that knows how far earlier totals were off.

Summing per-customer intervals assumes that customers err independently; they do not, as a season or a campaign moves all
of them at once. So the interval comes from the log errors of totals at earlier, non-overlapping origins of this
very shop, shrunk towards a prior spread, with Student's t for their small number.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from math import exp, log, sqrt
from typing import TYPE_CHECKING

import pyarrow.compute as pc
from scipy import stats

from regulars.kit.unknown import Unknown
from regulars.value import backtest as backtests

if TYPE_CHECKING:
    from regulars.value.estimate import Value

PRIOR_SPREAD = 0.25
PRIOR_WEIGHT = 2.0
ORIGINS = 3


@dataclass(frozen=True, slots=True)
class Total:
    """Expected value of all customers over the horizon; ``errors`` are log(actual / predicted) of earlier totals."""

    expected: float
    low: float
    high: float
    interval: float
    errors: tuple[float, ...]


def estimate(value: Value) -> Total:
    """Sum the customers and widen by the errors of up to three earlier origins and of the backtest."""
    expected = float(pc.sum(value.customers["clv"]).as_py() or 0.0)
    record = value.track_record
    errors = past_errors(value)
    if not isinstance(record, Unknown):
        errors += _error(record.predicted_total, record.actual_total)
    spread = sqrt(
        (PRIOR_WEIGHT * PRIOR_SPREAD**2 + sum(e * e for e in errors)) / (PRIOR_WEIGHT + len(errors))
    )
    reach = float(stats.t.ppf(0.5 + value.assumptions.interval / 2, PRIOR_WEIGHT + len(errors))) * spread
    return Total(expected, expected * exp(-reach), expected * exp(reach), value.assumptions.interval, errors)


def past_errors(value: Value) -> tuple[float, ...]:
    """Log errors of the total at earlier origins whose outcome windows do not overlap."""
    span = value.summary.span_days(value.as_of)
    window = min(value.assumptions.horizon_days, span // (ORIGINS + 1))
    if window < 28:
        return ()
    settings = replace(value.assumptions, horizon_days=window)
    errors: list[float] = []
    for step in range(1, ORIGINS + 1):
        cutoff = value.as_of - timedelta(days=window * step)
        past = backtests.totals(value.days, value.orders.workspace.engine, cutoff, settings, value.minimum)
        if not isinstance(past, Unknown):
            errors.extend(_error(*past))
    return tuple(errors)


def _error(predicted: float, actual: float) -> tuple[float, ...]:
    return (log(actual / predicted),) if predicted > 0 and actual > 0 else ()
