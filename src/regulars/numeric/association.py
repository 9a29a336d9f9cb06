"""Which things go together more often than chance: support, confidence, lift, and whether to believe it.

Counts are of baskets (or customers): how many hold both, the left one, the right one, and how many there are.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import hypergeom

from regulars.numeric.fit import Floats

__all__ = ["Association", "associate", "benjamini_hochberg", "fisher_greater"]


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
    found = hypergeom.sf(rules[0] - 1, rules[3], rules[1], rules[2])
    return np.clip(found, 0.0, 1.0)[where.ravel()].reshape(shape)[()]


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
