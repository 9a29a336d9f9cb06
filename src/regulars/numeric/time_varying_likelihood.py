"""Log-likelihood, gradient and Hessian of the Pareto/NBD with covariates that change with time.

What is mixed over is whether and when a customer stopped. Given that, the log-likelihood is -(r+x) log(α + A) - (s or s+1) log(β +
D) and so on, whose derivatives are linear in four features: log(1 + u/a), 1/(1 + u/a) of both clocks, u being the time since the stretch
began and a the clock's reading then over its speed. Their means, and those of their products, come with the integral, and by Louis
(1982) the Hessian of the mixture is the mean of the derivatives' products and of the second derivatives, less the product of the means.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.special import digamma, gammaln, polygamma

from regulars.numeric.covariate_fit import Family
from regulars.numeric.covariate_paths import Calendar, Stretches
from regulars.numeric.fit import Floats
from regulars.numeric.lifetime_integral import PAIRS
from regulars.numeric.pareto_nbd import ParetoNBD
from regulars.numeric.two_clocks import Clock, Observed, Part, Speeds, mixture, since_last, speeds


_SQUARES = 4 + PAIRS.index((1, 1)), 4 + PAIRS.index((3, 3))
"""Where the mean squares of 1/(1 + u/a) of both clocks stand."""


class Bearing(NamedTuple):
    """How the log of a clock's reading moves with its log size and its effects, where each stretch begins and at the end.

    Inside a stretch the derivative goes from ``start`` to ``speed`` as 1/(1 + u/a) goes from 1 to 0. Shape (1 + k, n, stretches + 1).
    """

    start: Floats
    speed: Floats
    bend: Floats
    """``start`` less ``speed``."""


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
        la, f1, lb, f3 = found.features[:4]
        q = found.share
        stopped = np.ones(q.shape)
        stopped[:, -1] = 0.0
        exponents = np.broadcast_to(a[:, None], q.shape), s + stopped
        by = bearing(purchase, buying, part.before, part.after)
        on = bearing(dropout, staying, part.before, part.after)
        # Of each possibility's log-likelihood: the mean derivative, and its slope in the feature that it is linear in.
        mean, slope = np.empty((2, len(g), *q.shape))
        mean[0], slope[0] = -r * (np.log(buying.reading) + la), -r
        mean[2], slope[2] = stopped - s * (np.log(staying.reading) + lb), -s
        slope[self.of_purchase], slope[self.of_dropout] = -exponents[0] * by.bend, -exponents[1] * on.bend
        mean[self.of_purchase] = slope[self.of_purchase] * f1 - a[:, None] * by.speed
        mean[self.of_dropout] = slope[self.of_dropout] * f3 - s * on.speed
        scores = (q * mean).sum(axis=2)
        g += scores.sum(axis=1)
        H += _product(q * mean, mean) - np.einsum("in,jn->ij", scores, scores)
        blocks = np.array([0]), self.of_purchase, np.array([2]), self.of_dropout
        for row, (i, j) in enumerate(PAIRS):
            spread = q * (found.features[4 + row] - found.features[i] * found.features[j])
            block = _product(slope[blocks[i]] * spread, slope[blocks[j]])
            H[np.ix_(blocks[i], blocks[j])] += block
            if i != j:
                H[np.ix_(blocks[j], blocks[i])] += block.T
        # Second derivatives: log r and log s multiply the logs of the clocks' readings, which are no straight lines themselves.
        towards = (q * (on.speed + on.bend * f3)).sum(axis=(1, 2))
        for shape, own, alone, cross in (
            (0, self.of_purchase, scores[0].sum(), (scores[self.of_purchase] * (r / a)).sum(axis=1)),
            (2, self.of_dropout, scores[2].sum() - (q * stopped).sum(), -s * towards),
        ):
            H[shape, shape] += alone
            H[shape, own] += cross
            H[own, shape] += cross
        H[np.ix_(self.of_purchase, self.of_purchase)] += curvature(
            q * exponents[0], by, f1, found.features[_SQUARES[0]], purchase, buying, part
        )
        H[np.ix_(self.of_dropout, self.of_dropout)] += curvature(
            q * exponents[1], on, f3, found.features[_SQUARES[1]], dropout, staying, part
        )
        return float(found.log_joint.sum())


def bearing(given: Speeds, read: Clock, before: Stretches, after: Stretches) -> Bearing:
    """Return the derivatives of the log of a clock's reading."""
    n, stretches = after.length.shape
    start = np.zeros((1 + len(given.slopes), n, stretches + 1))
    start[0] = given.size
    start[1:, :, 0] = (given.slopes[:, before.row] * (given.per_time[before.row] * before.length)).sum(axis=2)
    slopes = given.slopes[:, after.row]
    start[1:, :, 1:] = slopes * (read.speed * after.length)
    np.cumsum(start[1:], axis=2, out=start[1:])
    speed = np.zeros_like(start)
    speed[1:, :, :-1] = slopes
    start /= read.reading
    return Bearing(start, speed, start - speed)


def curvature(
    weight: Floats, by: Bearing, first: Floats, second: Floats, given: Speeds, read: Clock, part: Part
) -> Floats:
    """Return the sum of weight · E[G G' - N]: G is the derivative of the log reading, N the second one of the reading over it.

    ``first`` and ``second`` are the means of f = 1/(1 + u/a) and f². With b and e the derivatives at the start and of the speed, G = e + (b -
    e) f, and N goes likewise from what has passed before the stretch to ee'. The former is a sum over earlier stretches,
    which is taken the other way round: for each stretch, all the weight after it.
    """
    whole = _product(weight * first * by.start, by.start)
    whole += _product(weight * (second - first) * by.bend, by.bend)
    later = weight * first / read.reading
    beyond = np.cumsum(later[:, ::-1], axis=1)[:, ::-1]
    whole[0, 0] -= given.size * later.sum()
    for stretches, times in ((part.before, beyond[:, :1]), (part.after, beyond[:, 1:])):
        slopes = given.slopes[:, stretches.row]
        whole[1:, 1:] -= _product(slopes * (given.per_time[stretches.row] * stretches.length * times), slopes)
    return whole


def _product(left: Floats, right: Floats) -> Floats:
    """Return the products of all rows, summed over customers and stretches; a matrix product would wake a pool of threads."""
    return np.einsum("ink,jnk->ij", left, right)
