"""The one integral inside the Pareto/NBD likelihood, without the Gaussian hypergeometric function.

    I(a, b, A, B, span) = ∫_0^span (1 + u/A)^(-a) (1 + u/B)^(-b) du

With u = C (e^y - 1), C = (a + b) / (a/A + b/B), the integrand falls as e^(-(a+b-1) y) both at the start and in the far
tail, so twenty Gauss-Legendre nodes on 0 <= y <= 36/(a+b-1) give it to some 1e-13. The few histories for which that is
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
_TIERS = ((0.5, 7), (2.0, 10), (6.0, 14), (np.inf, 20))
"""Up to this many e-folds, so many nodes."""
_STEEP = 6.0
_PANELS = 8
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
    cut = whole > width
    steep = np.maximum(C / A, C / B) > _STEEP
    if cut.any():
        v = np.expm1(np.where(cut, width, 0.0))
        fallen = a * np.log1p(C / A * v) + b * np.log1p(C / B * v) - width
        steep |= cut & (fallen < TAIL - 4)
    out = np.zeros((MOMENTS if derivatives else 1, len(a)))
    floor = -1.0
    for limit, count in _TIERS:
        rows = np.flatnonzero(~steep & (folds > floor) & (folds <= limit))
        _gauss(out, rows, count, b, (a, A, B, C), np.zeros_like(width), width)
        floor = limit
    rows = np.flatnonzero(steep)
    if len(rows):
        _graded(out, rows, b, (a, A, B, C), whole, k)
    if derivatives:
        there = out[0] > 0
        np.divide(out[1:], out[0], out=out[1:], where=there)
        if not there.all():
            out[1:, ~there] = _AT_START[:, None]
    return out


_AT_START = np.array(
    [0.0, 1.0, 0.0, 1.0] + [[0.0, 1.0, 0.0, 1.0][i] * [0.0, 1.0, 0.0, 1.0][j] for i, j in PAIRS]
)


def _graded(
    out: Floats, rows: NDArray[np.intp], b: float, given: tuple[Floats, ...], whole: Floats, k: Floats
) -> None:
    """Integrate the difficult rows on panels that grow away from the singularity left of zero."""
    a, A, B, C = given
    end = np.minimum(whole, TAIL / k)
    for _ in range(64):
        v = np.expm1(end[rows])
        fallen = a[rows] * np.log1p(C[rows] / A[rows] * v) + b * np.log1p(C[rows] / B[rows] * v) - end[rows]
        short = (end[rows] < whole[rows]) & (fallen < TAIL)
        if not short.any():
            break
        end[rows[short]] = np.minimum(whole[rows[short]], 2 * end[rows[short]])
    steepest = np.maximum(np.maximum(C / A, C / B), 1 + 1e-6)
    near = np.minimum(
        np.minimum(-np.log1p(-1 / steepest), 2.0 / np.maximum(k, 1e-9)), np.maximum(end, 1e-300)
    )
    edges = [near * np.expm1(np.log1p(end / near) * (j / _PANELS)) for j in range(_PANELS + 1)]
    for left, right in pairwise(edges):
        _gauss(out, rows, 20, b, given, left, right)


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
