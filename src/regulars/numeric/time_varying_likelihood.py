"""Log-likelihood, gradient and Hessian of the Pareto/NBD with covariates that change with time.

What is mixed over is whether and when a customer stopped. Given that, the log-likelihood is a sum of logs of the two clocks' readings, whose
derivatives are linear in the features of ``lifetime_integral``: log(1 + u/a) and 1/(1 + u/a) of both clocks. Their means, and those of
their products, come with the integral, and (Louis 1982, "Finding the Observed Information Matrix") the Hessian of a mixture is the
mean of its parts' products of derivatives and second derivatives, less the product of the mean derivatives.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import digamma, gammaln, polygamma

from regulars.numeric.clock_derivatives import Bearing, bearing, curvature, summed
from regulars.numeric.covariate_fit import Family
from regulars.numeric.covariate_paths import Calendar
from regulars.numeric.fit import Floats
from regulars.numeric.lifetime_integral import PAIRS
from regulars.numeric.pareto_nbd import ParetoNBD
from regulars.numeric.two_clocks import Clock, Mixture, Observed, Part, Speeds, mixture, since_last, speeds


class Process(NamedTuple):
    """Buying or stopping, of some customers: a factor reading^-exponent, and the shape and the rate itself where it happens."""

    shape: float
    """r or s."""
    at: int
    """Where among the parameters the shape's log stands,"""
    own: NDArray[np.intp]
    """and where the log size of the clock and the effects on it."""
    exponent: Floats
    event: Floats
    """One where stopping is what happened, else zero; purchases are told apart from what is mixed over."""
    feature: int
    """Where the two features of this clock stand."""
    speeds: Speeds
    clock: Clock
    by: Bearing


class Likelihood:
    """The log-likelihood in the logs of r, α, s, β and the effects of standardised covariates, in the order of ``Effects``.

    Times have mean one, as in the plain models; ``log_units``, ``unit`` and ``shift`` undo that.
    """

    unit = 1.0

    def __init__(self, family: Family[ParetoNBD], observed: Observed, ridge: float) -> None:
        self.family, self.observed, self.ridge = family, observed, ridge
        self.calendar: Calendar = observed.calendar
        self.x = observed.times.x
        self.log_units = np.where(family.in_time, np.log(observed.scale), 0.0)
        self.shift = -float(self.x.sum() * np.log(observed.scale))
        self.counts, self.per_count = np.unique(self.x, return_counts=True)
        rows = self.calendar.at(observed.times.customer, observed.times.time)
        self.bought = np.bincount(rows, minlength=len(self.calendar.begin)).astype(float)
        k = self.calendar.purchase.shape[1]
        self.of_purchase = np.r_[1, 4 : 4 + k]
        self.of_dropout = np.r_[3, 4 + k : 4 + k + self.calendar.dropout.shape[1]]
        self.parts = observed.parts()

    def penalty(self, point: Floats) -> float:
        """Return what the ridge takes from the log-likelihood."""
        return 0.5 * self.ridge * float((point[4:] ** 2).sum())

    def speeds(self, point: Floats) -> tuple[Speeds, Speeds]:
        """Return the speeds of both clocks in each row of the calendar."""
        alpha, beta = np.exp(point[[1, 3]]).tolist()
        return (
            speeds(alpha, point[self.of_purchase[1:]], self.calendar.purchase),
            speeds(beta, point[self.of_dropout[1:]], self.calendar.dropout),
        )

    def __call__(self, point: Floats) -> tuple[float, Floats, Floats]:
        """Return value, gradient and Hessian."""
        n, w, c = len(self.x), self.per_count, self.counts
        r, s = np.exp(point[[0, 2]]).tolist()
        purchase, dropout = self.speeds(point)
        value = float(w @ (gammaln(r + c) - gammaln(r))) + n * (r * point[1] + s * point[3])
        value += float(self.bought @ purchase.log) - self.penalty(point)
        g, H = np.zeros(len(point)), np.zeros((len(point), len(point)))
        g[:4] = [r * (w @ (digamma(r + c) - digamma(r)) + n * point[1]), n * r, n * s * point[3], n * s]
        H[0, 0] = g[0] + r * r * (w @ (polygamma(1, r + c) - polygamma(1, r)))
        H[2, 2], H[0, 1], H[1, 0], H[2, 3], H[3, 2] = g[2], n * r, n * r, n * s, n * s
        g[self.of_purchase[1:]] += purchase.slopes @ self.bought
        for who in self.parts:
            value += self._add(self.observed.part(who), r, s, purchase, dropout, g, H)
        g[4:] -= self.ridge * point[4:]
        H[np.arange(4, len(point)), np.arange(4, len(point))] -= self.ridge
        return value, g, H

    def _add(
        self, part: Part, r: float, s: float, purchase: Speeds, dropout: Speeds, g: Floats, H: Floats
    ) -> float:
        """Add the derivatives of some customers' terms to ``g`` and ``H``; return the terms."""
        a = r + self.x[part.who]
        buying, staying = since_last(purchase, part), since_last(dropout, part)
        found = mixture(a, s, buying, staying, part.after.length, derivatives=True)
        q = found.share
        often, stopped = np.broadcast_to(a[:, None], q.shape), np.ones(q.shape)
        stopped[:, -1] = 0.0
        on, off = bearing(purchase, buying, part), bearing(dropout, staying, part)
        both = (
            Process(r, 0, self.of_purchase, often, np.zeros(q.shape), 0, purchase, buying, on),
            Process(s, 2, self.of_dropout, s + stopped, stopped, 2, dropout, staying, off),
        )
        # Of each possibility's log-likelihood: the mean derivative, and its slope in the feature that it is linear in.
        mean, slope = np.empty((2, len(g), *q.shape))
        for one in both:
            passed, f = found.features[one.feature : one.feature + 2]
            mean[one.at] = one.event - one.shape * (np.log(one.clock.reading) + passed)
            slope[one.at] = -one.shape
            slope[one.own] = -one.exponent * one.by.bend
            mean[one.own] = slope[one.own] * f - (one.exponent - one.event) * one.by.speed
        scores = (q * mean).sum(axis=2)
        g += scores.sum(axis=1)
        H += summed(q * mean, mean) - np.einsum("in,jn->ij", scores, scores)
        _add_spread(H, found, slope, [np.array([0]), self.of_purchase, np.array([2]), self.of_dropout])
        for one in both:
            _add_bend(H, found, one, part)
            H[one.at, one.at] += scores[one.at].sum() - (q * one.event).sum()
        return float(found.log_joint.sum())


def _add_spread(H: Floats, found: Mixture, slope: Floats, blocks: list[NDArray[np.intp]]) -> None:
    """Add to ``H`` how the derivatives spread about their means inside each stretch; each block is linear in one feature."""
    for row, (i, j) in enumerate(PAIRS):
        spread = found.share * (found.features[4 + row] - found.features[i] * found.features[j])
        block = summed(slope[blocks[i]] * spread, slope[blocks[j]])
        H[np.ix_(blocks[i], blocks[j])] += block
        if i != j:
            H[np.ix_(blocks[j], blocks[i])] += block.T


def _add_bend(H: Floats, found: Mixture, one: Process, part: Part) -> None:
    """Add to ``H`` the mean second derivatives of a process in its clock, and in that and the log of its shape."""
    q, f = found.share, found.features[one.feature + 1]
    squared = found.features[4 + PAIRS.index((one.feature + 1, one.feature + 1))]
    H[np.ix_(one.own, one.own)] += curvature(
        q * one.exponent, one.by, f, squared, one.speeds, one.clock, part
    )
    cross = -one.shape * (q * (one.by.speed + one.by.bend * f)).sum(axis=(1, 2))
    H[one.at, one.own] += cross
    H[one.own, one.at] += cross
