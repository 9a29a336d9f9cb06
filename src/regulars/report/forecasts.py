"""What the page needs of the forecast: what is expected, and how well that was told before."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from regulars.kit.unknown import Unknown
from regulars.report.words import Number, Words


@dataclass(frozen=True, slots=True)
class ForecastPoint:
    """Expected cumulative value by a day, with its interval."""

    on: date
    expected: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Forecast:
    """What today's customers are expected to bring within the horizon, with an interval of the given level."""

    horizon_days: int
    total: float
    low: float
    high: float
    level: float
    measure: Words
    orders: Number | None = None
    alive: Number | None = None
    path: tuple[ForecastPoint, ...] = ()
    pace: tuple[float, ...] = ()
    """How busy each day of the year is, 1 on average; nothing where the shop has no seasons to speak of."""
    method: tuple[Words, ...] = ()
    """How it was worked out and why so."""


@dataclass(frozen=True, slots=True)
class Rival:
    """A model's errors: ``bias`` (predicted − actual) / actual, ``capture`` the value that its top tenth brought."""

    title: Words
    ours: bool
    gini: Number
    bias: Number
    mae: Number
    rmse: Number
    spearman: Number
    capture: Number


@dataclass(frozen=True, slots=True)
class Decile:
    """Mean predicted and actual value a customer, in tenths by prediction (1 = highest)."""

    decile: int
    customers: int
    predicted: float
    actual: float


@dataclass(frozen=True, slots=True)
class Earlier:
    """What was predicted on ``cutoff`` for the days after it, what happened, and what the period before would have said."""

    cutoff: date
    predicted: float
    actual: float
    before: float


@dataclass(frozen=True, slots=True)
class Backtest:
    """What would have been said on ``cutoff`` for the days after it, beside what happened.

    ``failure`` is why the forecast must not be trusted; it then stands where its number would.
    """

    cutoff: date
    horizon_days: int
    customers: int
    predicted: float
    actual: float
    rivals: tuple[Rival, ...]
    deciles: tuple[Decile, ...]
    failure: Unknown | None = None
    coverage: tuple[float, float] | None = None
    """Level of the customers' intervals, and the share of the customers told more than nothing that they held."""
    reliability: tuple[tuple[float, float], ...] = ()
    """What intervals of each level held: (level, share held)."""
    earlier: tuple[Earlier, ...] = ()
    """The same test at several earlier days, the first one first, over ``earlier_days`` each."""
    earlier_days: int = 0
