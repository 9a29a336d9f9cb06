"""Intervals that hold as much as they say on the shop's own past.

A customer's interval comes from the model, which takes purchases and spend for steadier than they are. Where the outcomes
of earlier days stood among those then foreseen (the probability integral transform) tells by how much: the levels between which
the wanted share of them lay become the levels of today's interval (conformal calibration; Dawid 1984 for the transform). The
level of a whole earlier period is put right first: that moves all customers at once, and is counted in the total's interval.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from regulars.numeric import clv
from regulars.value import spending

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from regulars.numeric.fit import Floats
    from regulars.value.level import Purchasing
    from regulars.value.past import Look
    from regulars.value.processes import Process
    from regulars.value.spending import Spending
    from regulars.value.summary import Summary

CUSTOMERS = 10_000
"""Of each earlier day so many customers are looked at."""
PRIOR_CUSTOMERS = 50.0
"""The model's own levels count as much as so many customers, and as one earlier day."""
_DRAWS = 256
_SEED = 20100101


@dataclass(frozen=True, slots=True)
class Calibration:
    """Where past outcomes stood among those foreseen, and how probable no purchase was said to be; one entry a customer and day.

    ``days`` is the number of earlier days; without any the model's own levels hold.
    """

    places: NDArray[np.float64]
    none: NDArray[np.float64]
    days: int

    @classmethod
    def untested(cls) -> Calibration:
        """Return the model's own levels."""
        return cls(np.zeros(0), np.zeros(0), 0)

    def levels(self, interval: float) -> Callable[[Floats], tuple[Floats, Floats]]:
        """Return the levels of an interval as ``numeric.clv.intervals`` takes them; see ``numeric.clv.holding``."""
        plain = clv.holding(interval)
        tail = (1 - interval) / 2
        certain = self.none < tail
        lower, upper = self._between(certain, tail, 1 - tail)
        _, until = self._between(~certain, 0.0, interval)

        def levels(none: Floats) -> tuple[Floats, Floats]:
            low, _ = plain(none)
            from_zero = low == 0
            return np.where(from_zero, 0.0, lower), np.where(from_zero, until, upper)

        return levels

    def _between(self, who: NDArray[np.bool_], low: float, high: float) -> tuple[float, float]:
        """Return the levels between which the past outcomes of some customers lay, drawn towards the model's own."""
        places = self.places[who]
        if not len(places):
            return low, high
        trust = len(places) / (len(places) + PRIOR_CUSTOMERS) * self.days / (self.days + 1)
        lows, highs = np.quantile(places, [low, high])
        return low + trust * (float(lows) - low), min(high + trust * (float(highs) - high), HIGHEST)


HIGHEST = 0.9995
"""No interval ends beyond: the draws do not reach further."""


class Reliability(NamedTuple):
    """Which share of outcomes intervals held that should have held ``interval`` of them."""

    interval: float
    held: float


STEPS = tuple(step / 10 for step in range(1, 10))
"""The intervals whose reliability is told."""


@dataclass(frozen=True, slots=True)
class Places:
    """Where outcomes stood among those foreseen: a number in [0, 1] each, uniform where the forecast is right.

    ``none`` is how probable no purchase was said to be, ``nothing`` whether nothing was spent.
    """

    places: NDArray[np.float64]
    none: NDArray[np.float64]
    nothing: NDArray[np.bool_]

    def reliability(self, calibration: Calibration) -> tuple[Reliability, ...]:
        """Return what intervals of 10% to 90% held, over those customers whose interval is more than zero alone."""
        found = []
        for interval in STEPS:
            low, high = calibration.levels(interval)(self.none)
            told = self.none < high
            above = np.where(self.nothing, self.none >= low, self.places >= low)
            held = above & (self.nothing | (self.places <= high))
            if told.any():
                found.append(Reliability(interval, float(held[told].mean())))
        return tuple(found)

    def histogram(self, parts: int = 10) -> tuple[float, ...]:
        """Return the share of outcomes in each part of [0, 1]: all alike where the forecast is right."""
        counts, _ = np.histogram(self.places, parts, (0.0, 1.0))
        return tuple((counts / max(len(self.places), 1)).tolist())


def calibrate(
    process: Process, looks: tuple[Look, ...], spent: Callable[[Look], Spending] | None = None
) -> Calibration:
    """Look where the outcomes of earlier days stood among those a process would have foreseen.

    ``spent`` tells how spend was told on an earlier day; as it was, by default.
    """
    told = spent or (lambda look: spending.fit(look.summary))
    found = [_looked(process, look, told(look)) for look in looks if look.spent.sum() > 0]
    if not found:
        return Calibration.untested()
    return Calibration(
        np.concatenate([one.places for one in found]), np.concatenate([one.none for one in found]), len(found)
    )


def _looked(process: Process, look: Look, fitted: Spending) -> Places:
    """Return where the outcomes of one day stood, its level put right."""
    everybody = look.summary
    how = look.purchasing.told_by(process, everybody)
    said = float(how.expected(everybody, look.window_days) @ fitted.expected(everybody))
    return places(how, fitted, everybody, look.spent * said / look.spent.sum(), look.window_days)


def places(
    how: Purchasing,
    fitted: Spending,
    everybody: Summary,
    spent: NDArray[np.float64],
    days: int,
) -> Places:
    """Return where the spend of the ``days`` after a summary stood among those foreseen: of some ten thousand customers."""
    some = slice(None, None, max(1, len(everybody) // CUSTOMERS))
    summary, outcome = everybody.part(some), np.maximum(spent[some], 0.0)
    x, t_x, T = how.weeks(summary)
    horizon = how.horizon_weeks(summary.as_of_day, days)
    stand, none = np.zeros(len(summary)), np.zeros(len(summary))
    spend = fitted.mean(summary)
    even = np.random.default_rng(_SEED).random(len(summary))
    for rows, fit in how.groups(summary.first_day):
        below, at_most = clv.cumulative(
            fit.params,
            fitted.params,
            x[rows],
            t_x[rows],
            T[rows],
            spending.seen(summary)[rows],
            spend[rows],
            outcome[rows],
            horizon=horizon,
            draws=_DRAWS,
            seed=_SEED,
            form=how.process.form,
        )
        stand[rows] = below + (at_most - below) * even[rows]
        none[rows] = how.process.none(fit.params, horizon, x[rows], t_x[rows], T[rows])
    return Places(stand, none, outcome <= 0)
