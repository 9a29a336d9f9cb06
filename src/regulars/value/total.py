"""The shop's total: the sum of its customers, with an interval that knows how far earlier totals were off.

Summing per-customer intervals assumes that customers err independently; they do not, as a season or a campaign moves all
of them at once. So the interval comes from the log errors of totals at earlier, non-overlapping origins of this
very shop, shrunk towards a prior spread, with Student's t for their small number.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, log, sqrt
from typing import TYPE_CHECKING

import pyarrow.compute as pc
from scipy import stats

from regulars.kit.unknown import Unknown

if TYPE_CHECKING:
    from regulars.value.estimate import Value

PRIOR_SPREAD = 0.25
PRIOR_WEIGHT = 2.0


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
    past = () if isinstance(value.rolling, Unknown) else value.rolling.origins
    record = () if isinstance(value.track_record, Unknown) else (value.track_record,)
    errors = tuple(
        log(test.actual_total / test.predicted_total)
        for test in (*past, *record)
        if test.predicted_total > 0 and test.actual_total > 0
    )
    spread = sqrt(
        (PRIOR_WEIGHT * PRIOR_SPREAD**2 + sum(e * e for e in errors)) / (PRIOR_WEIGHT + len(errors))
    )
    reach = float(stats.t.ppf(0.5 + value.assumptions.interval / 2, PRIOR_WEIGHT + len(errors))) * spread
    return Total(expected, expected * exp(-reach), expected * exp(reach), value.assumptions.interval, errors)
