"""Which things go together more often than chance: support, confidence, lift, and whether to believe it.

Counts are of baskets (or customers): how many hold both, the left one, the right one, and how many there are.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import gammaln

from regulars.numeric.fit import Floats

__all__ = ["Association", "associate", "benjamini_hochberg", "fisher_greater"]

_NEGLIGIBLE = 1e-17


@dataclass(frozen=True, slots=True)
class Association:
    """Figures of rules left → right, one entry a rule."""

    support: Floats
    """Share of all baskets that hold both."""
    confidence: Floats
    """Share of the baskets with the left one that also hold the right one."""
    lift: Floats
    """Confidence over the share of all baskets that hold the right one: 1 is chance."""
    p_value: Floats
    """One-sided Fisher: how often chance alone gives this many or more together."""


def associate(both: ArrayLike, left: ArrayLike, right: ArrayLike, total: ArrayLike) -> Association:
    """Return the figures of rules from counts, which broadcast.

    Raises ``ValueError`` unless counts are whole, max(0, left + right - total) <= both <= min(left, right), no count
    exceeds ``total``, and left and right are at least one.
    """
    k, a, b, n = _checked(both, left, right, total)
    return Association(k / n, k / a, k * n / (a * b), fisher_greater(k, a, b, n))


def fisher_greater(both: ArrayLike, left: ArrayLike, right: ArrayLike, total: ArrayLike) -> Floats:
    """Return P(at least ``both`` together | the other counts) under independence, for each rule."""
    k, a, b, n = _checked(both, left, right, total)
    shape = k.shape
    # The test does not change when sides are swapped, and many rules share their counts.
    table = np.stack([k.ravel(), np.minimum(a, b).ravel(), np.maximum(a, b).ravel(), n.ravel()])
    rules, where = np.unique(table, axis=1, return_inverse=True)
    found = _upper_tail(*rules)
    return np.clip(found, 0.0, 1.0)[where.ravel()].reshape(shape)[()]


def _upper_tail(k: Floats, a: Floats, b: Floats, n: Floats) -> Floats:
    """Return P(X >= k) of the hypergeometric distribution: its terms are summed away from the mean until none counts."""
    above = k * n > a * b
    first = np.where(above, k, k - 1)
    possible = first >= np.maximum(0, a + b - n)
    first = np.where(possible, first, np.maximum(0, a + b - n))
    logs = _log_choose(a, first) + _log_choose(n - a, b - first) - _log_choose(n, b)
    term = np.where(possible, np.exp(logs), 0.0)
    total = np.zeros_like(term)
    left = np.flatnonzero(term > 0)
    i, term, up = first[left], term[left], above[left]
    while len(left):
        total[left] += term
        out, in_, others = a[left] - i, b[left] - i, n[left] - a[left] - b[left] + i
        with np.errstate(divide="ignore", invalid="ignore"):
            term = term * np.where(
                up, out * in_ / ((i + 1) * (others + 1)), i * others / ((out + 1) * (in_ + 1))
            )
        i = np.where(up, i + 1, i - 1)
        stay = term > _NEGLIGIBLE * total[left]
        left, i, term, up = left[stay], i[stay], term[stay], up[stay]
    return np.where(above, total, 1 - total)


def _log_choose(n: Floats, k: Floats) -> Floats:
    """Return the logarithm of the binomial coefficient."""
    found: Floats = gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1)
    return found


def benjamini_hochberg(p_values: ArrayLike) -> Floats:
    """Return adjusted p-values: keeping those up to 0.05 keeps false discoveries among them to 5% on average.

    Benjamini & Hochberg (1995). Raises ``ValueError`` outside [0, 1].
    """
    p = np.asarray(p_values, float)
    if p.ndim != 1 or np.any(~((p >= 0) & (p <= 1))):
        raise ValueError("p-values must be a list of numbers in [0, 1].")
    order = np.argsort(p, kind="stable")
    stretched = p[order] * len(p) / np.arange(1, len(p) + 1)
    adjusted = np.minimum(np.minimum.accumulate(stretched[::-1])[::-1], 1.0) if len(p) else stretched
    out = np.empty_like(p)
    out[order] = adjusted
    return out


def _checked(
    both: ArrayLike, left: ArrayLike, right: ArrayLike, total: ArrayLike
) -> tuple[Floats, Floats, Floats, Floats]:
    """Return the counts as arrays of one shape, or raise ``ValueError``."""
    k, a, b, n = np.broadcast_arrays(*(np.asarray(count, float) for count in (both, left, right, total)))
    for count in (k, a, b, n):
        if not np.isfinite(count).all() or np.any(count != np.floor(count)):
            raise ValueError("Counts must be whole numbers.")
    if np.any(a < 1) or np.any(b < 1) or np.any(a > n) or np.any(b > n):
        raise ValueError("Both sides must occur, and no more often than there are baskets.")
    if np.any(k > np.minimum(a, b)) or np.any(k < np.maximum(0, a + b - n)):
        raise ValueError("The count of both contradicts the other counts.")
    return k, a, b, n
