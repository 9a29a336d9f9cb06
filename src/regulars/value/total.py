"""The totals of a shop and of its groups, with intervals that know how far earlier totals were off.

Summing per-customer intervals assumes that customers err independently; they do not, as a season or a campaign moves all
of them at once. So the interval comes from the log errors of totals at earlier, non-overlapping origins of this
very shop, shrunk towards a prior spread, with Student's t for their small number. A group adds what its customers err by
themselves: little for thousands, much for a handful.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from math import exp, log, sqrt
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from scipy.special import stdtrit

from regulars.kit.errors import RegularsError
from regulars.kit.i18n import mark
from regulars.kit.unknown import Unknown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from regulars.value.backtest import Backtest
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
    spread: float = PRIOR_SPREAD
    """Standard deviation of the log error."""
    times: float = 1.0
    """How many of them the interval reaches to each side."""


def estimate(value: Value) -> Total:
    """Sum the customers and widen by the errors of the backtest and of earlier origins."""
    expected = float(pc.sum(value.customers["clv"]).as_py() or 0.0)
    errors = tuple(
        log(test.actual_total / test.predicted_total)
        for test in _past(value)
        if test.predicted_total > 0 and test.actual_total > 0
    )
    spread, times = reach(errors, value.assumptions.interval)
    low, high = expected * exp(-times * spread), expected * exp(times * spread)
    return Total(expected, low, high, value.assumptions.interval, errors, spread, times)


def reach(errors: tuple[float, ...], interval: float) -> tuple[float, float]:
    """Return the standard deviation of a total's log error, shrunk to the prior one, and how many of them an interval takes."""
    weight = PRIOR_WEIGHT + len(errors)
    spread = sqrt((PRIOR_WEIGHT * PRIOR_SPREAD**2 + sum(error * error for error in errors)) / weight)
    return spread, float(stdtrit(weight, 0.5 + interval / 2))


def _past(value: Value) -> tuple[Backtest, ...]:
    """The most backtests whose outcomes do not overlap, so that nothing that happened counts twice.

    Those at earlier days, or the backtest over the whole horizon with those that were over before it.
    """
    record = value.track_record
    earlier = () if isinstance(value.rolling, Unknown) else value.rolling.origins
    if isinstance(record, Unknown):
        return earlier
    over = [test for test in earlier if test.cutoff + timedelta(days=test.horizon_days) <= record.cutoff]
    return max((record, *over), earlier, key=len)


def by_group(value: Value, labels: pa.Array | pa.ChunkedArray | Sequence[object]) -> pa.Table | Unknown:
    """Sum ``clv`` by a label a customer (segment, cohort, channel, country…), each sum with its interval.

    ``labels`` has one entry a row of ``value.customers``, in that order; those without a label (null) are left out. Where groups
    overlap an entry is a list of labels, and a customer counts in each of them. Columns: group, customers, expected, low,
    high; the largest first. The period's shock moves all groups alike; the customers' own errors
    have the variance φ·mean^1.5 of a Tweedie distribution, φ estimated on the shop's own backtest.
    """
    whole, record = value.total, value.track_record
    if isinstance(whole, Unknown):
        return whole
    if isinstance(record, Unknown):
        return record
    groups = pa.array(labels) if not isinstance(labels, pa.Array | pa.ChunkedArray) else labels
    if len(groups) != len(value.customers):
        raise RegularsError(
            "value.labels",
            mark("There are {given} labels for {customers} customers."),
            hint=mark("Give one label a row of the customers, in their order."),
            given=len(groups),
            customers=len(value.customers),
        )
    clv = np.asarray(value.customers["clv"])
    noise = _own_noise(record) * sqrt(_margin_of_spend(value)) * np.maximum(clv, 0.0) ** POWER
    table = pa.table({"group": groups, "clv": clv, "noise": noise})
    if pa.types.is_list(groups.type):
        each = {name: table[name].take(pc.list_parent_indices(groups)) for name in ("clv", "noise")}
        table = pa.table({"group": pc.list_flatten(groups), **each})
    sums = (
        table.filter(pc.is_valid(table["group"]))
        .group_by("group")
        .aggregate([("clv", "count"), ("clv", "sum"), ("noise", "sum")])
        .sort_by([("clv_sum", "descending"), ("group", "ascending")])
    )
    expected = np.asarray(sums["clv_sum"])
    own = np.log1p(np.asarray(sums["noise_sum"]) / np.maximum(expected, 1e-300) ** 2)
    reach = whole.times * np.sqrt(whole.spread**2 + own)
    return pa.table(
        {
            "group": sums["group"],
            "customers": sums["clv_count"],
            "expected": expected,
            "low": expected * np.exp(-reach),
            "high": expected * np.exp(reach),
        }
    )


POWER = 1.5
"""Variance of a customer's spend by its mean, as a power: between Poisson counts (1) and Gamma amounts (2)."""


def _own_noise(record: Backtest) -> float:
    """φ of the variance φ·mean^1.5, from a backtest whose level is put right first: the shock is counted elsewhere."""
    said, was = (np.asarray(record.customers[name]) for name in ("predicted", "actual"))
    level = was.sum() / said.sum() if said.sum() > 0 else 1.0
    mean = level * said
    return float(((was - mean) ** 2).sum() / max((mean**POWER).sum(), 1e-300))


def _margin_of_spend(value: Value) -> float:
    """What is left of a unit of spend after refunds, costs and discounting: it scales the noise of spend to that of value."""
    spend = float(
        pc.sum(pc.multiply(value.customers["expected_orders"], value.customers["expected_spend"])).as_py()
    )
    return float(pc.sum(value.customers["clv"]).as_py()) / spend if spend > 0 else 0.0
