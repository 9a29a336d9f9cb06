"""Futures of customers who are still active, on points shared by all: purchases and what they bring.

The draws are a scrambled Sobol set pushed through inverse distribution functions, tabulated where customers share a
shape. Evenly spread points need several times fewer draws than random ones for a quantile of the same quality, and a
customer's future does not depend on who else is asked about.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammainccinv, gammaincinv, ndtri, pdtrik
from scipy.stats import qmc

from regulars.numeric.fit import Floats

_TABLE = 257
"""Sums of up to this many purchases (less one) come from a table; larger ones by Wilson and Hilferty."""
_LARGE_MEAN = 24.0
_TINY = np.finfo(float).tiny


class Futures:
    """Discounted sums of the purchases within a horizon, given that a customer is active at its start."""

    def __init__(
        self,
        pareto: tuple[float, float, float, float],
        spend: tuple[float, float],
        paying: tuple[float, float],
        draws: int,
        seed: int,
    ) -> None:
        """Take (r, α, s, β), (p, q), (horizon, continuous rate), how many points, rounded up to 2^k, and a seed."""
        self.r, self.alpha, s, self.beta = pareto
        self.p, self.q = spend
        self.horizon, self.rate = paying
        power = max(1, int(np.ceil(np.log2(draws))))
        self.draws = 1 << power
        points = qmc.Sobol(6, rng=np.random.default_rng(seed)).random_base2(power)
        points = np.clip(points, 1e-10, 1 - 1e-10).T
        self.u_rate, u_dropout, u_life, self.u_count, self.u_sum, self.u_spend = points
        # The time active is Exponential(1) / μ with μ = Gamma(s) / (β + T).
        with np.errstate(over="ignore"):
            self.life = -np.log1p(-u_life) / np.maximum(gammaincinv(s, u_dropout), _TINY)
        self.thresholds = gammainccinv(np.arange(1.0, 64.0)[:, None], self.u_count)
        counts = np.arange(1, _TABLE)[:, None]
        self.sum_table = np.vstack([np.zeros(self.draws), gammaincinv(self.p * counts, self.u_sum)])
        self.z_sum = ndtri(self.u_sum)

    def sums(self, x: Floats, T: Floats, seen: Floats) -> Floats:
        """Return draws of the discounted sum for γ + m z = 1, shape (customers, draws)."""
        rates, which = np.unique(x, return_inverse=True)
        rate = gammaincinv(self.r + rates[:, None], self.u_rate)[which]
        rate /= (self.alpha + T)[:, None]
        with np.errstate(over="ignore"):
            time = np.minimum(self.life * (self.beta + T)[:, None], self.horizon)
        rate *= time
        total = self._spent(self._counts(rate))
        m, which = np.unique(seen, return_inverse=True)
        total /= np.maximum(gammaincinv(self.q + self.p * m[:, None], self.u_spend), 1e-300)[which]
        if self.rate > 0:
            time *= self.rate
            total *= -np.expm1(-time) / np.maximum(time, _TINY)
        return total

    def _counts(self, mean: Floats) -> NDArray[np.intp]:
        """Invert the Poisson distribution function at the shared points.

        More than n purchases are drawn at a point u where the mean exceeds the one that gives P(at most n) = u.
        """
        small = np.zeros(mean.shape, np.uint8)
        for threshold in self.thresholds:
            beyond = mean > threshold
            if not beyond.any():
                break
            small += beyond.view(np.uint8)
        out = small.astype(np.intp)
        large = mean > _LARGE_MEAN
        if large.any():
            means = mean[large]
            found = np.ceil(pdtrik(np.broadcast_to(self.u_count, mean.shape)[large], means) - 1e-9)
            out[large] = np.where(np.isfinite(found), np.maximum(found, 0), np.rint(means)).astype(np.intp)
        return out

    def _spent(self, counts: NDArray[np.intp]) -> Floats:
        """Return Gamma(p·counts) at the shared points; nothing where nothing was bought."""
        total = self.sum_table[np.minimum(counts, _TABLE - 1), np.arange(self.draws)]
        many = counts >= _TABLE
        if many.any():
            shape = self.p * counts[many].astype(float)
            z = np.broadcast_to(self.z_sum, counts.shape)[many]
            total[many] = shape * np.maximum(1 - 1 / (9 * shape) + z / (3 * np.sqrt(shape)), 0.0) ** 3
        return total
