"""Futures of customers who are still active, on points shared by all: purchases and what they bring.

The draws are a scrambled Sobol set pushed through inverse distribution functions, tabulated where customers share a
shape. Evenly spread points need several times fewer draws than random ones for a quantile of the same quality, and a
customer's future does not depend on who else is asked about.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaincinv, gammainccinv, gammaincinv, ndtri, pdtrik

from regulars.numeric import beta_geometric, pareto_nbd, sobol
from regulars.numeric.fit import Floats, Parameters
from regulars.numeric.histories import Histories

_TABLE = 257
"""Sums of up to this many purchases (less one) come from a table; larger ones by Wilson and Hilferty."""
_LARGE_MEAN = 24.0
_TINY = np.finfo(float).tiny
_MOST = 1e15
"""Nobody buys more often than this before stopping."""


class Futures(ABC):
    """Discounted sums of the purchases within a horizon, given that a customer is active at its start.

    How somebody stops is told by :class:`ParetoFutures` and :class:`CoinFutures`; what is spent is the same for both.
    """

    recency_matters: bool = False
    """Whether t_x tells more of an active customer's future than (x, T) do."""
    _dimensions: ClassVar[int] = 6

    def __init__(
        self, spend: tuple[float, float], paying: tuple[float, float], draws: int, seed: int
    ) -> None:
        """Take (p, q) of the spend, (horizon, continuous rate), how many points, rounded up to 2^k, and a seed."""
        self.p, self.q = spend
        self.horizon, self.rate = paying
        power = max(1, int(np.ceil(np.log2(draws))))
        self.draws = 1 << power
        points = sobol.scrambled(self._dimensions, power, np.random.default_rng(seed))
        self.u_rate, self.u_dropout, self.u_life, self.u_count, self.u_sum, self.u_spend = points[:6]
        self.u_more = points[6:]
        self.thresholds = gammainccinv(np.arange(1.0, 64.0)[:, None], self.u_count)
        self.sum_table = np.zeros((1, self.draws))
        self.z_sum = ndtri(self.u_sum)

    @abstractmethod
    def alive(self, histories: Histories) -> Floats:
        """Return P(active at T) of each distinct history."""

    @abstractmethod
    def none(self, histories: Histories) -> Floats:
        """Return P(no purchase within the horizon) of each distinct history."""

    @abstractmethod
    def _bought(self, x: Floats, t_x: Floats, T: Floats) -> tuple[NDArray[np.intp], Floats]:
        """Return draws of the purchases and of the time they spread over, shape (customers, draws)."""

    def sums(self, x: Floats, t_x: Floats, T: Floats, seen: Floats) -> Floats:
        """Return draws of the discounted sum for γ + m z = 1, shape (customers, draws)."""
        counts, time = self._bought(x, t_x, T)
        total = self._spent(counts)
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

    def _tabulate(self, most: int) -> None:
        """Have the sums of up to so many purchases in the table: it grows as it is needed, for it is dear."""
        known = len(self.sum_table)
        if known <= most:
            counts = np.arange(known, min(max(2 * known, most + 1), _TABLE))[:, None]
            self.sum_table = np.vstack([self.sum_table, gammaincinv(self.p * counts, self.u_sum)])

    def _spent(self, counts: NDArray[np.intp]) -> Floats:
        """Return Gamma(p·counts) at the shared points; nothing where nothing was bought."""
        self._tabulate(min(int(counts.max(initial=0)), _TABLE - 1))
        total = self.sum_table[np.minimum(counts, _TABLE - 1), np.arange(self.draws)]
        many = counts >= _TABLE
        if many.any():
            shape = self.p * counts[many].astype(float)
            z = np.broadcast_to(self.z_sum, counts.shape)[many]
            total[many] = shape * np.maximum(1 - 1 / (9 * shape) + z / (3 * np.sqrt(shape)), 0.0) ** 3
        return total


class ParetoFutures(Futures):
    """Futures where customers stop at any moment: Pareto/NBD."""

    def __init__(
        self,
        params: Parameters,
        spend: tuple[float, float],
        paying: tuple[float, float],
        draws: int,
        seed: int,
    ) -> None:
        """Take (r, α, s, β) and what :class:`Futures` takes."""
        super().__init__(spend, paying, draws, seed)
        self.params = pareto_nbd.checked(params)
        # The time active is Exponential(1) / μ with μ = Gamma(s) / (β + T).
        with np.errstate(over="ignore"):
            slowest = np.maximum(gammaincinv(self.params[2], self.u_dropout), _TINY)
            self.life = -np.log1p(-self.u_life) / slowest

    def alive(self, histories: Histories) -> Floats:
        """Return P(active at T) of each distinct history."""
        return pareto_nbd.alive_share(self.params, histories)

    def none(self, histories: Histories) -> Floats:
        """Return P(no purchase within the horizon) of each distinct history."""
        return pareto_nbd.none_share(self.params, histories, self.horizon)

    def _bought(self, x: Floats, t_x: Floats, T: Floats) -> tuple[NDArray[np.intp], Floats]:  # noqa: ARG002
        r, alpha, _, beta = self.params
        counts, which = np.unique(x, return_inverse=True)
        rate = gammaincinv(r + counts[:, None], self.u_rate)[which]
        rate /= (alpha + T)[:, None]
        with np.errstate(over="ignore"):
            time = np.minimum(self.life * (beta + T)[:, None], self.horizon)
        rate *= time
        return self._counts(rate), time


class CoinFutures(Futures):
    """Futures where customers stop right after a purchase: BG/NBD, MBG/NBD and (M)BG/CNBD-k."""

    _dimensions = 7

    def __init__(
        self,
        form: beta_geometric.Form,
        params: Parameters,
        spend: tuple[float, float],
        paying: tuple[float, float],
        draws: int,
        seed: int,
    ) -> None:
        """Take the form, its (r, α, a, b), and what :class:`Futures` takes."""
        super().__init__(spend, paying, draws, seed)
        self.form, self.params = form, beta_geometric.checked(form, params)
        self.recency_matters = form.k > 1

    def alive(self, histories: Histories) -> Floats:
        """Return P(active at T) of each distinct history."""
        return beta_geometric.standing(self.form, self.params, histories)[0]

    def none(self, histories: Histories) -> Floats:
        """Return P(no purchase within the horizon) of each distinct history."""
        return beta_geometric.none_share(self.form, self.params, histories, self.horizon)

    def _bought(self, x: Floats, t_x: Floats, T: Floats) -> tuple[NDArray[np.intp], Floats]:
        r, alpha, a, b = self.params
        k, first = self.form.k, self.form.first
        counts, which = np.unique(x, return_inverse=True)
        passed = self._passed(x, t_x, T)
        shapes = r + k * counts[:, None] + np.arange(k)
        rates = gammaincinv(shapes[:, :, None], self.u_rate)
        rate = rates[which[:, None], passed, np.arange(self.draws)]
        rate *= self.horizon / (alpha + T)[:, None]
        possible = (self._counts(rate) + passed) // k
        with np.errstate(divide="ignore", over="ignore"):
            p = betaincinv(a, b + counts[:, None] + first, self.u_dropout)
            allowed = np.floor(np.log(self.u_life) / np.log1p(-np.minimum(p, 1 - 1e-16))) + 1
        bought = np.minimum(possible, np.minimum(allowed, _MOST).astype(np.intp)[which])
        # The last of N purchases among M moments spread evenly over the horizon lies at (N + 1/2 ± 1/2) / (M + 1) of it.
        return bought, self.horizon * (bought + 1.0) / (possible + 1.0)

    def _passed(self, x: Floats, t_x: Floats, T: Floats) -> NDArray[np.intp]:
        """Return draws of the beats since the last purchase: none where each beat is a purchase."""
        if self.form.k == 1:
            return np.zeros((len(x), 1), np.intp)
        _, shares = beta_geometric.standing(
            self.form, self.params, Histories(x, t_x, T, np.ones_like(x), np.arange(len(x)), x.shape)
        )
        levels = np.cumsum(shares, axis=0)[:-1, :, None]
        return (self.u_more[0] > levels).sum(axis=0).astype(np.intp)
