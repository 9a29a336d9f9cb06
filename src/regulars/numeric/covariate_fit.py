"""The search behind models with covariates: one Newton over a model's own parameters and the coefficients together.

A model says how each profile's log-likelihood depends on the logarithms of its four parameters, and which of these the
covariates of either process move. As those logarithms are linear in the coefficients, the derivatives in the coefficients
are the model's own between rows of covariates.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol

import numpy as np
from scipy.special import digamma, gammaln, polygamma

from regulars.numeric.covariates import (
    B,
    CovariateFit,
    Effects,
    Profiles,
    Standard,
    log_scale,
    named,
    standardised,
)
from regulars.numeric.fit import Floats
from regulars.numeric.histories import Histories
from regulars.numeric.lifetime_integral import PAIRS
from regulars.numeric.newton import LOOSE, Maximum, inverse_information, maximise

_STEEPEST = 25.0
"""Between the least and the greatest value of a covariate a parameter grows at most e^25-fold: the searched box."""
_LOOSE_EFFECT = 1.0
"""A coefficient whose error is a factor e for one standard deviation of the covariate is not told by the data."""
_SKETCH = 8_000
"""Above four times this many profiles the search begins on a sketch of this many customers."""
_CHUNK = 8_192
_LARGEST = 300.0
"""Logarithm of the largest parameter at zero covariates that is reported: its square is still a number."""

Logs = tuple[float | Floats, float | Floats, float | Floats, float | Floats]
"""Logarithms of a model's four parameters, those that covariates move as arrays with one entry a profile."""


@dataclass(frozen=True, slots=True)
class Family(Generic[B]):
    """A purchase model whose first parameter is the shape r of the rates, for a search with covariates."""

    kind: type[B]
    lower: Floats
    upper: Floats
    in_time: tuple[bool, bool, bool, bool]
    """Which parameters are measured in the unit of time."""
    by_purchase: tuple[int, float]
    by_dropout: tuple[int, float]
    """Which parameter the covariates of a process move, and whether e^γ multiplies (1) or divides (-1) it."""
    each: Callable[[Logs, Floats, Floats, Floats], tuple[Floats, Floats, Floats]]
    """(logs, x, t_x, T) to each profile's log-likelihood but for Γ(r+x)/Γ(r), of shape (n,), with its derivatives in the
    logarithms, of shapes (4, n) and (10, n), the last in the order of ``lifetime_integral.PAIRS``."""


def fit(
    family: Family[B],
    plain: B,
    given: Profiles,
    names: Sequence[str] | None,
    dropout_names: Sequence[str] | None,
    ridge: float,
) -> CovariateFit[B]:
    """Find the maximum-likelihood parameters, beginning at those of the model without covariates."""
    if not (ridge >= 0 and np.isfinite(ridge)):
        raise ValueError("ridge must be finite and not negative.")
    histories = given.histories
    of_purchase = named(names, given.purchase.shape[1], "names")
    of_dropout = named(dropout_names, given.dropout.shape[1], "dropout_names")
    purchase = standardised(given.purchase, histories.weight, of_purchase)
    dropout = standardised(given.dropout, histories.weight, of_dropout)
    total = float(histories.weight.sum())
    scale = float((histories.weight * histories.T).sum() / total) or 1.0
    likelihood = Likelihood(
        family, histories, purchase.columns, dropout.columns, scale, len(histories.inverse) / total, ridge
    )
    found = _search(likelihood, np.array(plain), purchase, dropout)
    return concluded(found, likelihood, purchase, dropout, (of_purchase, of_dropout))


class Searched(Protocol[B]):
    """What is searched: value, gradient and Hessian in the logs of the model's parameters and the effects."""

    family: Family[B]
    log_units: Floats
    unit: float
    shift: float
    ridge: float

    def penalty(self, point: Floats) -> float:
        """Return what the ridge takes from the log-likelihood."""

    def __call__(self, point: Floats) -> tuple[float, Floats, Floats]:
        """Return value, gradient and Hessian."""


def _search(likelihood: Likelihood[B], plain: Floats, purchase: Standard, dropout: Standard) -> Maximum:
    """Search from the plain model's maximum, on a sketch of the profiles first when there are many."""
    sketch = likelihood.sketch(_SKETCH)
    found = searched(sketch, np.log(plain) - likelihood.log_units, purchase, dropout)
    return (
        found
        if sketch is likelihood
        else maximise(likelihood, found.point, *_box(likelihood, purchase, dropout))
    )


def searched(likelihood: Searched[B], plain: Floats, purchase: Standard, dropout: Standard) -> Maximum:
    """Search from ``plain``, the logs of parameters without effects, and from the middle of the box where that fails."""
    lower, upper = _box(likelihood, purchase, dropout)
    none = np.zeros(len(lower) - 4)
    found = maximise(likelihood, np.r_[plain, none], lower, upper)
    if not found.converged:
        again = maximise(likelihood, np.zeros(len(lower)), lower, upper)
        found = max(found, again, key=lambda one: (one.value, one.converged))
    return found


def _box(likelihood: Searched[B], purchase: Standard, dropout: Standard) -> tuple[Floats, Floats]:
    """Return the lower and upper sides of where is searched."""
    steep = _STEEPEST / np.concatenate([purchase.reach, dropout.reach])
    return np.r_[likelihood.family.lower, -steep], np.r_[likelihood.family.upper, steep]


def concluded(
    found: Maximum,
    likelihood: Searched[B],
    purchase: Standard,
    dropout: Standard,
    covariates: tuple[Sequence[str], Sequence[str]],
) -> CovariateFit[B]:
    """Turn a maximum over standardised covariates into a fit in their own units, which are named for both processes."""
    family, k = likelihood.family, len(purchase.centre)
    own: tuple[str, ...] = family.kind._fields  # type: ignore[attr-defined]
    names = (*own, *(f"purchase: {z}" for z in covariates[0]), *(f"dropout: {z}" for z in covariates[1]))
    spread = np.concatenate([purchase.spread, dropout.spread])
    # A parameter's log at z = 0 is that at the mean less ±γ' mean: in the input's units all is linear in what was searched.
    back = np.diag(np.r_[np.ones(4), 1 / spread])
    back[family.by_purchase[0], 4 : 4 + k] = -family.by_purchase[1] * purchase.centre / purchase.spread
    back[family.by_dropout[0], 4 + k :] = -family.by_dropout[1] * dropout.centre / dropout.spread
    point = back @ found.point + np.r_[likelihood.log_units, np.zeros(len(spread))]
    if np.abs(point[:4]).max() > _LARGEST:
        raise ValueError(
            "The covariates lie too far from zero for the parameters there to be numbers: subtract a typical value."
        )
    inner = inverse_information(found.hessian * likelihood.unit)
    values = np.r_[np.exp(point[:4]), np.ones(len(spread))]
    covariance = back @ inner @ back.T * np.outer(values, values)
    # How sure the data are is judged at the covariates' mean; at zero there may be nobody.
    least = np.r_[np.full(4, LOOSE), np.full(len(spread), _LOOSE_EFFECT)]
    loose = found.pressed | (np.sqrt(np.diag(inner)) > least)
    whole = found.value + likelihood.penalty(found.point)
    return CovariateFit(
        _effects(family.kind, np.r_[np.exp(point[:4]), point[4:]], k),
        _effects(family.kind, np.sqrt(np.diag(covariance)), k),
        covariance,
        names,
        whole * likelihood.unit + likelihood.shift,
        found.converged,
        found.iterations,
        tuple(name for name, unknown in zip(names, loose, strict=True) if unknown),
        likelihood.ridge * likelihood.unit,
    )


def _effects(kind: type[B], values: Floats, k: int) -> Effects[B]:
    each = values.tolist()
    return Effects(kind(*each[:4]), tuple(each[4 : 4 + k]), tuple(each[4 + k :]))


class Likelihood(Generic[B]):
    """The log-likelihood with derivatives in the parameters' logs at the covariates' mean and standardised coefficients.

    Times have mean one and weights too, as in the plain models; ``log_units``, ``unit`` and ``shift`` undo that.
    """

    def __init__(
        self,
        family: Family[B],
        histories: Histories,
        purchase: Floats,
        dropout: Floats,
        scale: float,
        per_weight: float,
        ridge: float,
    ) -> None:
        self.family = family
        self.x, self.t_x, self.T = histories.x, histories.t_x / scale, histories.T / scale
        self.weight = histories.weight * per_weight
        self.purchase, self.dropout = purchase, dropout
        self.ridge, self.unit = ridge * per_weight, 1 / per_weight
        self.log_units = np.where(family.in_time, np.log(scale), 0.0)
        self.shift = -float((histories.weight * histories.x).sum() * np.log(scale))
        self.counts, where = np.unique(self.x, return_inverse=True)
        self.per_count = np.bincount(where, self.weight)

    def sketch(self, size: int) -> Likelihood[B]:
        """Draw about so many customers, evenly from first to last profile; itself when there are few."""
        if len(self.x) < 4 * size:
            return self
        passed = np.cumsum(self.weight)
        # Jittered: profiles come in cycles of the kinds of customers, and steps of one length would meet the same kind.
        places = (np.arange(size) + np.random.default_rng(0).random(size)) * (passed[-1] / size)
        found, count = np.unique(np.searchsorted(passed, places, side="right"), return_counts=True)
        keep = np.minimum(found, len(passed) - 1)
        none = np.zeros(0, np.intp)
        kept = Histories(self.x[keep], self.t_x[keep], self.T[keep], count.astype(float), none, ())
        ridge = self.ridge * float(count.sum() / passed[-1])
        return Likelihood(self.family, kept, self.purchase[:, keep], self.dropout[:, keep], 1.0, 1.0, ridge)

    def penalty(self, point: Floats) -> float:
        """Return what the ridge takes from the log-likelihood."""
        return 0.5 * self.ridge * float((point[4:] ** 2).sum())

    def __call__(self, point: Floats) -> tuple[float, Floats, Floats]:
        """Return value, gradient and Hessian."""
        r, w, c = float(np.exp(point[0])), self.per_count, self.counts
        value = float(w @ (gammaln(r + c) - gammaln(r))) - self.penalty(point)
        g, H = np.zeros(len(point)), np.zeros((len(point), len(point)))
        g[0] = r * (w @ (digamma(r + c) - digamma(r)))
        H[0, 0] = g[0] + r * r * (w @ (polygamma(1, r + c) - polygamma(1, r)))
        for begin in range(0, len(self.x), _CHUNK):
            value += self._add(slice(begin, begin + _CHUNK), point, g, H)
        g[4:] -= self.ridge * point[4:]
        H[np.arange(4, len(point)), np.arange(4, len(point))] -= self.ridge
        return value, g, H

    def _add(self, part: slice, point: Floats, g: Floats, H: Floats) -> float:
        """Add the derivatives of some profiles' terms to ``g`` and ``H``; return the terms."""
        k, weight = len(self.purchase), self.weight[part]
        one = np.ones((1, len(weight)))
        logs: list[float | Floats] = point[:4].tolist()
        # The log of each of the four is a sum of parameters (``at``) times what stands in the rows of ``by``.
        at, by = [[i] for i in range(4)], [one, one, one, one]
        for (slot, sign), columns, begin in (
            (self.family.by_purchase, self.purchase[:, part], 4),
            (self.family.by_dropout, self.dropout[:, part], 4 + k),
        ):
            own = range(begin, begin + len(columns))
            logs[slot], moves = log_scale(point[slot], -sign * point[own], columns)
            at[slot], by[slot] = [slot, *own], np.r_[one, sign * columns] * moves
        value, slopes, curves = self.family.each(tuple(logs), self.x[part], self.t_x[part], self.T[part])  # type: ignore[arg-type]
        slopes, curves = slopes * weight, curves * weight
        for i in range(4):
            # einsum, because products of matrices wake a pool of threads that costs more than it gives
            g[at[i]] += np.einsum("in,n->i", by[i], slopes[i])
        for row, (i, j) in enumerate(PAIRS):
            block = np.einsum("in,jn->ij", by[i] * curves[row], by[j])
            H[np.ix_(at[i], at[j])] += block
            if i != j:
                H[np.ix_(at[j], at[i])] += block.T
        return float((value * weight).sum())
