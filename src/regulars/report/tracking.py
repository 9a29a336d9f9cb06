"""What the page needs to watch a forecast: week by week beside what happened, its parameters over time, and an earlier run."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from regulars.kit.unknown import Unknown
from regulars.report.words import Words


@dataclass(frozen=True, slots=True)
class TrackedWeek:
    """Cumulative totals by the end of a week: expected with its band, and what happened."""

    ends: date
    expected: float
    low: float
    high: float
    actual: float


@dataclass(frozen=True, slots=True)
class Tracking:
    """A forecast made on ``cutoff``, week by week; ``alerts`` say where reality is outside the band."""

    cutoff: date
    level: float
    spend: tuple[TrackedWeek, ...]
    orders: tuple[TrackedWeek, ...]
    alerts: tuple[Words, ...] = ()


@dataclass(frozen=True, slots=True)
class Level:
    """What the model's parameters come to, as of a day: repeat purchases of a new customer's first year, mean spend an order."""

    on: date
    purchases: float | None = None
    spend: float | None = None


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter as of several days, with how many standard errors it moved from one to the next (None: not known)."""

    layer: str
    name: str
    values: tuple[float, ...]
    moves: tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class Drift:
    """The model as of several days, the first one first."""

    levels: tuple[Level, ...]
    parameters: tuple[Parameter, ...] = ()
    alerts: tuple[Words, ...] = ()


@dataclass(frozen=True, slots=True)
class Change:
    """A figure of an earlier run and of this one: ``customers``, ``total``, ``expected_orders`` or ``customers_alive``."""

    name: str
    before: float
    after: float


@dataclass(frozen=True, slots=True)
class Since:
    """This run beside the one of ``as_of``: whether its forecast has held so far (None: it had none), and what changed."""

    as_of: date
    changes: tuple[Change, ...]
    said: Words | None = None
    held: bool | None = None
    alerts: tuple[Words, ...] = ()


@dataclass(frozen=True, slots=True)
class Watch:
    """Everything that watches a forecast; each part is left out where there is none."""

    tracking: Tracking | None = None
    drift: Drift | None = None
    since: Since | Unknown | None = None

    @property
    def empty(self) -> bool:
        """Whether there is nothing to show."""
        return self.tracking is None and self.drift is None and self.since is None
