"""The one integral inside the Pareto/NBD likelihood, without the Gaussian hypergeometric function.

    I(a, b, A, B, span) = ∫_0^span (1 + u/A)^(-a) (1 + u/B)^(-b) du

With u = C (e^y - 1), C = (a + b) / (a/A + b/B), the integrand falls as e^(-(a+b-1) y) both at the start and in the far
tail, so a few tens of Gauss-Legendre nodes on 0 <= y <= 36/(a+b-1) give it to some 1e-13. The few histories for which that is
not so (one of A, B far below the other with a small exponent) are integrated on graded panels. Derivatives of log I are
posterior means at the same nodes.
"""

from __future__ import annotations

from functools import cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from regulars.numeric.fit import Floats

TAIL = 36.0
"""How many e-folds of the integrand count: e^-36 is below double precision."""
_CHUNK_NODES = 16_384
_TIERS = ((0.5, 1.6, 7), (2.0, 0.7, 10), (6.0, 0.32, 14), (np.inf, 0.5, 20), (np.inf, 0.12, 32))
"""Up to so many e-folds and at least so far from the singularity, so many nodes."""
_ERROR = 1e-13
"""What a singularity off the real line may add to the integral, as a share of it."""
_PANELS = 16
MOMENTS = 15
PAIRS = tuple((i, j) for i in range(4) for j in range(i, 4))


@cache
def _nodes(count: int) -> tuple[Floats, Floats]:
    """Return Gauss-Legendre nodes and weights on [0, 1], as columns."""
    z, w = np.polynomial.legendre.leggauss(count)
    return ((z + 1) / 2)[:, None], (w / 2)[:, None]


def integral(a: Floats, b: float, A: Floats, B: Floats, span: Floats) -> Floats:
    """Return I for each row; rows broadcast; b is one number; a + b > 1, A, B > 0, span >= 0."""
    return moments(a, b, A, B, span, derivatives=False)[0]


def moments(
    a: Floats, b: float, A: Floats, B: Floats, span: Floats, *, derivatives: bool = True
) -> NDArray[np.float64]:
    """Return I and, under the density that the integrand is, the means of four features and of their products.

    Row 0 of the answer is I; rows 1 to 4 the means of log(1 + u/A), 1/(1 + u/A), log(1 + u/B), 1/(1 + u/B); rows 5
    to 14 the means of their products in the order of ``PAIRS``. Without ``derivatives`` only row 0 is there.
    """
    a, A, B, span = np.broadcast_arrays(*(np.atleast_1d(np.asarray(v, float)) for v in (a, A, B, span)))
    C = (a + b) / (a / A + b / B)
    whole = np.log1p(span / C)
    k = a + b - 1
    width = np.minimum(whole, TAIL / k)
    folds = k * width
    # Distance to the singularity left of zero, in lengths of the interval: how far it is tells how many nodes are needed.
    near = -np.log1p(-1 / np.maximum(np.maximum(C / A, C / B), 1 + 1e-9))
    far = near / np.maximum(width, 1e-300)
    plain = np.ones(len(a), bool)
    cut = np.flatnonzero(whole > width)
    if len(cut):
        plain[cut] = _fallen(a[cut], b, C[cut] / A[cut], C[cut] / B[cut], width[cut]) >= TAIL - 4
    out = np.zeros((MOMENTS if derivatives else 1, len(a)))
    hard = np.ones(len(a), bool)
    weight, ellipse = _off_the_line(a, b, A / C, B / C, k, width)
    for folds_most, far_least, count in _TIERS:
        fits = plain & (folds <= folds_most) & (far >= far_least)
        fits &= weight - 2 * count * ellipse <= np.log(_ERROR)
        plain &= ~fits
        hard &= ~fits
        _gauss(out, np.flatnonzero(fits), count, b, (a, A, B, C), np.zeros_like(width), width)
    rows = np.flatnonzero(hard)
    if len(rows):
        out[:, rows] = _graded(len(out), b, (a[rows], A[rows], B[rows], C[rows]), whole[rows], near[rows])
    if derivatives:
        there = out[0] > 0
        np.divide(out[1:], out[0], out=out[1:], where=there)
        if not there.all():
            out[1:, ~there] = AT_START[:, None]
    return out


AT_START = np.array(
    [0.0, 1.0, 0.0, 1.0] + [[0.0, 1.0, 0.0, 1.0][i] * [0.0, 1.0, 0.0, 1.0][j] for i, j in PAIRS]
)
"""The features and their products at u = 0."""


def _fallen(a: Floats, b: float, c_A: Floats, c_B: Floats, y: Floats) -> Floats:
    """Return by how many e-folds the integrand in y has fallen."""
    v = np.expm1(y)
    return a * np.log1p(c_A * v) + b * np.log1p(c_B * v) - y


def _off_the_line(
    a: Floats, b: float, A_C: Floats, B_C: Floats, k: Floats, width: Floats
) -> tuple[Floats, Floats]:
    """Return how much of the integrand stands at its singularity off the real line, and how near that is, as logs.

    The larger of A and B makes 1 + (C/A)(e^y - 1) vanish at y = log(A/C - 1) ± iπ. An n-node rule errs by some ρ^(-2n),
    ρ being the Bernstein ellipse through that point (Trefethen, Approximation Theory and Practice, theorem 19.3).
    """
    ratio, power = np.maximum(A_C, B_C), np.where(A_C >= B_C, a, b)
    at = np.log(np.maximum(ratio - 1, 1e-300))
    z = 2 * (at + 1j * np.pi) / np.maximum(width, 1e-300) - 1
    ellipse = np.log(np.abs(z + np.sqrt(z - 1) * np.sqrt(z + 1)))
    return np.log(np.minimum(power, 1.0)) - k * np.clip(at, 0.0, width), ellipse


def _graded(depth: int, b: float, given: tuple[Floats, ...], whole: Floats, near: Floats) -> Floats:
    """Integrate difficult rows on panels that grow away from the singularity left of zero."""
    a, A, B, C = given
    k = a + b - 1
    end = np.minimum(whole, TAIL / k)
    while (short := (end < whole) & (_fallen(a, b, C / A, C / B, end) < TAIL)).any():
        end[short] = np.minimum(whole[short], 2 * end[short])
    near = np.maximum(np.minimum(np.minimum(near, 2.0 / k), end), 1e-300)
    edges = [near * np.expm1(np.log1p(end / near) * (j / _PANELS)) for j in range(_PANELS + 1)]
    out = np.zeros((depth, len(a)))
    for left, right in pairwise(edges):
        _gauss(out, np.arange(len(a)), 20, b, given, left, right)
    return out


def _gauss(
    out: Floats,
    rows: NDArray[np.intp],
    count: int,
    b: float,
    given: tuple[Floats, ...],
    left: Floats,
    right: Floats,
) -> None:
    """Add the integrals of some rows between two limits in y to ``out``, in chunks that stay in the cache."""
    z, w = _nodes(count)
    size = _CHUNK_NODES // count
    for begin in range(0, len(rows), size):
        at = rows[begin : begin + size]
        if len(at) == 1:
            # numpy adds a lone column in another order than one among others: the last bit must not tell who else is there.
            at = np.repeat(at, 2)
        a, A, B, C = (v[at] for v in given)
        length = right[at] - left[at]
        e = np.exp(left[at] + z * length)
        v = e - 1
        za, zb = 1 + (C / A) * v, 1 + (C / B) * v
        la, lb = np.log(za), np.log(zb)
        g = w * (C * length) * e * np.exp(-a * la - b * lb)
        out[0, at] += g.sum(axis=0)
        if len(out) == 1:
            continue
        features = (la, 1 / za, lb, 1 / zb)
        row = 5
        for i, feature in enumerate(features):
            weighted = g * feature
            out[1 + i, at] += weighted.sum(axis=0)
            for other in features[i:]:
                out[row, at] += np.einsum("jn,jn->n", weighted, other)
                row += 1
