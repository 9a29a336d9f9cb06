"""Log-likelihood, gradient and Hessian of the Pareto/NBD with covariates that change with time.

What is mixed over is whether and when a customer stopped. Given that, the log-likelihood is -(r+x) log(α + A) - (s or s+1) log(β +
D) and so on, whose derivatives are linear in four features: log(1 + u/a), 1/(1 + u/a) of both clocks, u being the time since the stretch
began and a the clock's reading then over its speed. Their means, and those of their products, come with the integral, and by Louis
(1982) the Hessian of the mixture is the mean of the derivatives' products and of the second derivatives, less the product of the means.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import digamma, gammaln, polygamma

from regulars.numeric.covariate_fit import Family
from regulars.numeric.covariate_paths import Calendar, Stretches
from regulars.numeric.fit import Floats
from regulars.numeric.lifetime_integral import PAIRS
from regulars.numeric.pareto_nbd import ParetoNBD
from regulars.numeric.two_clocks import Clock, Mixture, Observed, Part, Speeds, mixture, since_last, speeds


class Bearing(NamedTuple):
    """How the log of a clock's reading moves with its log size and its effects, where each stretch begins and at the end.

    Inside a stretch the derivative goes from ``start`` to ``speed`` as 1/(1 + u/a) goes from 1 to 0. Shape (n, stretches + 1, 1 + k).
    """

    start: Floats
    speed: Floats


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
        g[self.of_purchase[1:]] += self.bought @ purchase.slopes
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
        exponent = np.broadcast_to(a[:, None], q.shape)
        stopped = np.ones(q.shape)
        stopped[:, -1] = 0.0
        by = bearing(purchase, buying, part.before, part.after)
        on = bearing(dropout, staying, part.before, part.after)
        # Derivatives of each possibility: fields, one a parameter, times (1, and the four features).
        fields = np.zeros((*q.shape, len(g), 5))
        fields[..., 0, 0], fields[..., 0, 1] = -r * np.log(buying.reading), -r
        fields[..., 2, 0], fields[..., 2, 3] = stopped - s * np.log(staying.reading), -s
        fields[..., self.of_purchase, 0] = -exponent[..., None] * by.speed
        fields[..., self.of_purchase, 2] = -exponent[..., None] * (by.start - by.speed)
        fields[..., self.of_dropout, 0] = -s * on.speed
        fields[..., self.of_dropout, 4] = -(s + stopped)[..., None] * (on.start - on.speed)
        means = np.stack([np.ones_like(q), la, f1, lb, f3], axis=-1)
        scores = np.einsum("nk,nkif,nkf->ni", q, fields, means)
        g += scores.sum(axis=0)
        weighted = np.einsum("nkif,nkfg->nkig", fields, _products(found) * q[..., None, None])
        H += np.einsum("nkig,nkjg->ij", weighted, fields) - np.einsum("ni,nj->ij", scores, scores)
        # Second derivatives: log r and log s multiply the logs of the clocks, which are themselves no straight lines.
        towards = np.einsum("nk,nkc->nc", q * (1 - f3), on.speed) + np.einsum("nk,nkc->nc", q * f3, on.start)
        for shape, own, cross, alone in (
            (0, self.of_purchase, ((r / a)[:, None] * scores[:, self.of_purchase]).sum(axis=0), scores[:, 0].sum()),
            (2, self.of_dropout, -s * towards.sum(axis=0), scores[:, 2].sum() - (q * stopped).sum()),
        ):
            H[shape, shape] += alone
            H[shape, own] += cross
            H[own, shape] += cross
        squared = (found.features[4 + PAIRS.index((1, 1))], found.features[4 + PAIRS.index((3, 3))])
        H[np.ix_(self.of_purchase, self.of_purchase)] += curvature(
            q * exponent, by, f1, squared[0], purchase, buying, part
        )
        H[np.ix_(self.of_dropout, self.of_dropout)] += curvature(
            q * (s + stopped), on, f3, squared[1], dropout, staying, part
        )
        return float(found.log_joint.sum())


def bearing(given: Speeds, read: Clock, before: Stretches, after: Stretches) -> Bearing:
    """Return the derivatives of the log of a clock's reading."""
    n, stretches = after.length.shape
    start = np.zeros((n, stretches + 1, 1 + given.slopes.shape[1]))
    start[..., 0] = given.size
    start[:, 0, 1:] = np.einsum("nk,nkc->nc", given.per_time[before.row] * before.length, given.slopes[before.row])
    slopes = given.slopes[after.row]
    start[:, 1:, 1:] = (read.speed * after.length)[..., None] * slopes
    np.cumsum(start[:, :, 1:], axis=1, out=start[:, :, 1:])
    speed = np.zeros_like(start)
    speed[:, :-1, 1:] = slopes
    return Bearing(start / read.reading[..., None], speed)


def curvature(
    weight: Floats, by: Bearing, first: Floats, second: Floats, given: Speeds, read: Clock, part: Part
) -> Floats:
    """Return the sum of weight · E[G G' - N]: G is the derivative of the log reading, N the reading's second one over the reading.

    ``first`` and ``second`` are the means of f = 1/(1 + u/a) and f². With b and e the derivatives at the start and of the speed G = e + (b -
    e) f, and N goes like it from what has passed before the stretch to ee'. The first of these is a sum over earlier stretches,
    which is taken the other way round: for each stretch, all the weight after it.
    """
    bend = by.start - by.speed
    whole = np.einsum("nk,nki,nkj->ij", weight * first, by.start, by.start)
    whole += np.einsum("nk,nki,nkj->ij", weight * (second - first), bend, bend)
    later = weight * first / read.reading
    beyond = np.cumsum(later[:, ::-1], axis=1)[:, ::-1]
    whole[0, 0] -= given.size * later.sum()
    for stretches, times in ((part.before, beyond[:, :1]), (part.after, beyond[:, 1:])):
        slopes = given.slopes[stretches.row]
        passed = given.per_time[stretches.row] * stretches.length * times
        whole[1:, 1:] -= np.einsum("nk,nki,nkj->ij", passed, slopes, slopes)
    return whole


def _products(found: Mixture) -> NDArray[np.float64]:
    """Return the means of the products of (1, and the four features), shape (n, stretches + 1, 5, 5)."""
    products = np.empty((*found.share.shape, 5, 5))
    products[..., 0, 0] = 1.0
    for i in range(4):
        products[..., 0, 1 + i] = products[..., 1 + i, 0] = found.features[i]
    for row, (i, j) in enumerate(PAIRS):
        products[..., 1 + i, 1 + j] = products[..., 1 + j, 1 + i] = found.features[4 + row]
    return products
