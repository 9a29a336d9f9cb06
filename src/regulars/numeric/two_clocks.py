"""The two clocks of a customer whose rates change with time, and what is known of them at each change.

With rates λ e^(γ'x(t)) of buying and μ e^(δ'z(t)) of stopping, a customer buys at rate λ on the clock A(t) = ∫ e^(γ'x) and stops
at rate μ on the clock D(t) = ∫ e^(δ'z), both since the first purchase. Inside a stretch in which no covariate changes both
run at a steady speed, so that what remains there is the integral of the plain model with α/speed and β/speed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from regulars.numeric import lifetime_integral
from regulars.numeric.covariate_paths import Calendar, Stretches
from regulars.numeric.covariates import log_scale
from regulars.numeric.fit import Floats
from regulars.numeric.purchase_times import PurchaseTimes

_CHUNK = 8_192
"""Stretches at a time, so that their derivatives stay in the cache and memory does not grow with customers."""


class Speeds(NamedTuple):
    """How fast a clock runs under each row of a calendar, with the covariates that moved it."""

    size: float
    """α or β: the clock's reading at the first purchase."""
    log: Floats
    per_time: Floats
    slopes: Floats
    """Derivatives of ``log`` in the effects, a row each: the covariates, zero where the speed is at the limit of numbers."""


def speeds(size: float, effect: Floats, covariates: Floats) -> Speeds:
    """Return e^(γ'x) of each row of covariates, kept in the range of numbers."""
    log, moves = log_scale(0.0, -effect, covariates.T)
    return Speeds(size, log, np.exp(log), covariates.T * moves)


@dataclass(frozen=True, slots=True)
class Part:
    """Some customers' time before and after their last purchase, cut into stretches."""

    who: NDArray[np.intp]
    before: Stretches
    after: Stretches


@dataclass(frozen=True, slots=True)
class Observed:
    """Histories under a calendar, served in parts of bounded size; ``end`` of the times may lie later than observed."""

    times: PurchaseTimes
    calendar: Calendar
    scale: float = 1.0
    """What counts as one unit of time."""

    def parts(self) -> list[NDArray[np.intp]]:
        """Return groups of customers with about as many stretches each, so that few are empty."""
        everyone = np.arange(len(self.times.x))
        stretches = self.calendar.count(everyone, self.times.first, self.times.end)
        order = np.argsort(stretches, kind="stable")
        passed = np.cumsum(stretches[order])
        return np.split(order, np.flatnonzero(np.diff(passed // _CHUNK)) + 1)

    def part(self, who: NDArray[np.intp]) -> Part:
        """Cut the time of some customers, in units of ``scale``."""
        times = self.times
        before, after = (
            self.calendar.between(who, start[who], until[who])
            for start, until in ((times.first, times.last), (times.last, times.end))
        )
        return Part(
            who,
            before._replace(length=before.length / self.scale),
            after._replace(length=after.length / self.scale),
        )


class Clock(NamedTuple):
    """One clock of some customers, read where each stretch begins and at the end: shape (n, stretches + 1)."""

    reading: Floats
    passed: Floats
    """log(reading / first reading), exact where little has passed."""
    speed: Floats
    """Of each stretch, shape (n, stretches)."""


def elapsed(given: Speeds, stretches: Stretches) -> Floats:
    """Return how far a clock runs over all of each customer's stretches."""
    return (given.per_time[stretches.row] * stretches.length).sum(axis=1)


def clock(start: Floats, given: Speeds, stretches: Stretches) -> Clock:
    """Read a clock that stands at ``start`` (n,) at the beginning of each stretch and at the end."""
    speed = given.per_time[stretches.row]
    gone = np.zeros((len(speed), speed.shape[1] + 1))
    np.cumsum(speed * stretches.length, axis=1, out=gone[:, 1:])
    return Clock(start[:, None] + gone, np.log1p(gone / start[:, None]), speed)


def since_last(given: Speeds, part: Part) -> Clock:
    """Read a clock from the last purchase on."""
    return clock(given.size + elapsed(given, part.before), given, part.after)


class Mixture(NamedTuple):
    """What may have become of some customers: stopped in one of their stretches, or (last column) active at the end."""

    log_joint: Floats
    """Log of the braces of the likelihood, shape (n,)."""
    share: Floats
    """Probability of each, given the history: (n, stretches + 1)."""
    features: Floats
    """Means of the features of ``lifetime_integral.moments`` in each, and of their products: (14 or 0, n, stretches + 1)."""


def mixture(
    a: Floats, s: float, purchase: Clock, dropout: Clock, length: Floats, *, derivatives: bool = False
) -> Mixture:
    """Weigh when each customer stopped: (α+A)^-a (β+D)^-s at the end and the integral of s (α+A)^-a (β+D)^-(s+1) dD before.

    ``a`` = r + x. All is relative to the time of the last purchase, where both terms are largest, so nothing overflows and the sum is
    never zero.
    """
    n, stretches = length.shape
    flat = (
        np.repeat(a, stretches),
        s + 1,
        (purchase.reading[:, :-1] / purchase.speed).ravel(),
        (dropout.reading[:, :-1] / dropout.speed).ravel(),
        length.ravel(),
    )
    moments = lifetime_integral.moments(*flat, derivatives=derivatives).reshape(-1, n, stretches)
    mass = np.exp(-a[:, None] * purchase.passed - s * dropout.passed)
    mass[:, :-1] *= s * dropout.speed / dropout.reading[:, :-1] * moments[0]
    whole = mass.sum(axis=1)
    log_joint = -a * np.log(purchase.reading[:, 0]) - s * np.log(dropout.reading[:, 0]) + np.log(whole)
    features = np.empty((len(moments) - 1, n, stretches + 1))
    features[:, :, :-1] = moments[1:]
    if derivatives:
        features[:, :, -1] = lifetime_integral.AT_START[:, None]
    return Mixture(log_joint, mass / whole[:, None], features)
