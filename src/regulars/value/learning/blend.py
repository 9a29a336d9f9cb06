"""How far a learner is believed: by what it improved where it was tested, and only for customers like those it has met."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq

from regulars.value.learning.trees import deviance, floored

GRID = np.linspace(0.1, 1.0, 10)
SURE = 2.0
"""An improvement below so many standard errors is taken for chance."""
BELIEF = 0.5
"""The test is one period, and another may say otherwise: it counts as much as one that had found no use in learning."""
STRANGEST = 0.25
"""Where so much of what the learner goes by lies outside what it was trained on, it has nothing to say."""


@dataclass(frozen=True, slots=True)
class Proof:
    """How a learner did where it was tested: the best weight there, and by which share it lowered the deviance."""

    weight: float
    gain: float
    errors: float
    """The gain in its standard errors."""

    @property
    def believed(self) -> float:
        """The weight to use: half of the best, less where the gain is unsure (as James–Stein, 1 − 1/z²), or none."""
        if not self.errors >= SURE:
            return 0.0
        return BELIEF * self.weight * (1 - self.errors**-2)


def prove(
    actual: NDArray[np.float64], forecast: NDArray[np.float64], log_factor: NDArray[np.float64]
) -> Proof:
    """Find the weight with the least Tweedie deviance for an outcome that the learner has not seen.

    The level is not judged: outcome and forecasts are each taken in their own mean.
    """
    outcome, plain = actual / actual.mean(), floored(forecast)
    before = deviance(outcome, plain / plain.mean())
    best = Proof(0.0, 0.0, 0.0)
    for weight in GRID:
        told = plain * factors(plain, log_factor, np.full(len(plain), weight))
        better = before - deviance(outcome, told / told.mean())
        gain = float(better.mean() / before.mean())
        if gain > best.gain:
            error = float(better.std() / np.sqrt(len(better)) / before.mean())
            best = Proof(float(weight), gain, gain / max(error, 1e-12))
    return best


def weights(weight: float, strangeness: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return each customer's weight: it fades to nothing the further a customer is from those the learner has met."""
    return weight * np.clip(1 - strangeness / STRANGEST, 0.0, 1.0)


def factors(
    forecast: NDArray[np.float64], log_factor: NDArray[np.float64], weight: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return (c·r)^w, by which the forecast p becomes p^(1−w) · (c·p·r)^w; c keeps the total as it was.

    A customer with weight 0 keeps their forecast to the last digit.
    """
    moved = weight > 0
    p, r, w = forecast[moved], log_factor[moved], weight[moved]
    factor = np.ones(len(forecast))
    whole = float(p.sum())
    if whole <= 0:
        return factor

    def excess(level: float) -> float:
        return float((p * np.exp(w * (r + level))).sum()) / whole - 1

    # Between the levels that lower and that raise everybody, the total must be met.
    level = brentq(excess, -float(r.max()) - 1e-9, -float(r.min()) + 1e-9, xtol=1e-13)
    factor[moved] = np.exp(w * (r + level))
    return factor
