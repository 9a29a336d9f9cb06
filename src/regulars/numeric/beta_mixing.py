"""Means over a Beta distribution: what remains of a drop-out probability that differs between customers.

Gauss-Jacobi quadrature takes the place of hypergeometric functions, whose series and limits need care exactly where data
are thin (a near 1, a + b below 1).
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from scipy.linalg import eigh_tridiagonal
from scipy.special import betaln

from regulars.numeric.fit import Floats

_TIERS = ((30.0, 48), (200.0, 160), (np.inf, 640))
"""Up to so steep a function of the probability (it bends at one over this), so many nodes."""
_ROOTED = 100.0
"""Beyond this, a root of the probability is the better variable."""
_WIDE = 30.0
"""Up to this shape a Beta distribution is wide compared with what is steep."""

_LEGENDRE = np.polynomial.legendre.leggauss(12)
"""Nodes and weights for a panel."""
_ADDED = 1_024
"""Up to so many terms are added one by one."""


def nodes(a: float, b: float, steepness: float) -> tuple[Floats, Floats]:
    """Return quadrature nodes in (0, 1) and probabilities for Beta(a, b).

    They suit smooth functions that bend at p = 1 / ``steepness``, like (1 + p z)^-n with nz of that size.
    """
    # Nodes gather where the mass is, so what is steep for a wide distribution is not for one close to zero.
    relative = steepness * min(1.0, (a + 1) / (a + b))
    if b > _WIDE and a <= _WIDE and relative > 2:
        return _graded(a, b, float(np.exp2(np.ceil(np.log2(min(steepness, 1e30))))))
    if b <= _WIDE and relative > _ROOTED:
        return _rooted(a, b, 3 if relative < 1e5 else 6)
    return _jacobi(a, b, next(count for most, count in _TIERS if relative <= most))


@lru_cache(maxsize=2_048)
def _jacobi(a: float, b: float, count: int) -> tuple[Floats, Floats]:
    """Return Gauss-Jacobi nodes and probabilities.

    Golub & Welsch (1969): eigenvalues of the Jacobi matrix, and squares of the first entries of its eigenvectors, which
    are probabilities already, however large a and b are.
    """
    n = np.arange(1.0, count)
    twice = 2 * n + a + b - 2
    middle = np.concatenate([[(a - b) / (a + b)], (a - b) * (a + b - 2) / (twice * (twice + 2))])
    beside = 4 * n * (n + a - 1) * (n + b - 1) / (twice**2 * (twice + 1))
    beside[1:] *= (n[1:] + a + b - 2) / (twice[1:] - 1)
    z, vectors = eigh_tridiagonal(middle, np.sqrt(beside), lapack_driver="stevd")
    return np.clip((1 + z) / 2, 1e-30, 1.0), vectors[0] ** 2


@lru_cache(maxsize=512)
def _rooted(a: float, b: float, power: int) -> tuple[Floats, Floats]:
    """Return nodes in p = v^power, which moves a singularity at -ε off to a distance of about ε^(1/power)."""
    v, share = _jacobi(power * a, b, 160)
    share = share * sum(v**i for i in range(power)) ** (b - 1)
    return np.maximum(v**power, 1e-90), share / share.sum()


@lru_cache(maxsize=256)
def _graded(a: float, b: float, steepness: float) -> tuple[Floats, Floats]:
    """Return nodes on panels of log p, down to where everything is constant; for b so large that p = 1 has no mass."""
    z, w = _LEGENDRE
    low = np.log(0.25 / max(steepness, b))
    edges = np.linspace(low, np.log(0.9), int(np.ceil((np.log(0.9) - low) / 0.4)) + 1)
    width = np.diff(edges)[:, None]
    y = (edges[:-1, None] + width * (z + 1) / 2).ravel()
    first, part = _jacobi(a, 1.0, 16)
    log_first = np.log(first) + low
    log_mass = a * low - np.log(a) - betaln(a, b)
    share = np.concatenate(
        [
            part * np.exp(log_mass + (b - 1) * np.log1p(-np.exp(log_first))),
            (width * w / 2).ravel() * np.exp(a * y + (b - 1) * np.log1p(-np.exp(y)) - betaln(a, b)),
        ]
    )
    p = np.exp(np.concatenate([log_first, y]))
    keep = share > 1e-40
    return p[keep], share[keep] / share[keep].sum()


def geometric_sum(a: float, b: float, factor: float, terms: float) -> float:
    """Return Σ factor^i B(a, b + i) / B(a, b) over i = 0 .. terms - 1, the mean of a geometric sum over Beta(a, b).

    ``factor`` lies in (0, 1]; endless ``terms`` need factor < 1 or a > 1, else ``ValueError`` says so. Up to some thousand
    terms are added; what is beyond is the mean of the sum's closed form, by quadrature.
    """
    if terms <= _ADDED:
        steps = np.arange(max(int(terms) - 1, 0))
        return float(min(terms, 1.0) + np.cumprod(factor * (b + steps) / (a + b + steps)).sum())
    if factor == 1 and np.isinf(terms):
        if a <= 1:
            raise ValueError(
                "Without discounting and with so many who stay, an endless horizon has no finite value."
            )
        return (a + b - 1) / (a - 1)
    steps = np.arange(_ADDED)
    reached = float(np.exp(np.log(factor * (b + steps) / (a + b + steps)).sum()))
    left = terms - _ADDED
    bend = min(left, 1 / (1 - factor)) if factor < 1 else left
    p, share = nodes(a, b + _ADDED, bend)
    log_kept = np.log(factor) + np.log1p(-np.minimum(p, 1 - 1e-16))
    tail = float((share * np.expm1(left * log_kept) / np.expm1(log_kept)).sum())
    return geometric_sum(a, b, factor, _ADDED) + reached * tail
