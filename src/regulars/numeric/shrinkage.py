"""Shares from few trials, drawn towards the share of all: by as much as the shares themselves say."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from regulars.numeric.fit import Floats

__all__ = ["prior_strength", "shrunk_share"]

_LEAST, _MOST = 1.0, 1e6


def prior_strength(successes: ArrayLike, trials: ArrayLike) -> float:
    """Return how many trials the common share should count for: the a + b of a beta-binomial, by the method of moments.

    ``successes`` and ``trials`` are counts, one entry a group. Where shares differ between groups by no more than chance, it is a
    million: all of them are one share. Never below one. From the Pearson statistic's mean under a beta-binomial, m + ρ Σ (n - 1) with
    ρ = 1 / (a + b + 1) (Kleinman 1973, with weights 1 / n). Raises ``ValueError`` for counts that cannot be.
    """
    k, n = _checked(successes, trials)
    seen = n > 0
    k, n = k[seen], n[seen]
    share = k.sum() / n.sum() if len(n) else 0.0
    more = float((n - 1).sum())
    if not 0 < share < 1 or more <= 0:
        return _MOST
    pearson = float(((k - n * share) ** 2 / (n * share * (1 - share))).sum())
    alike = (pearson - len(n)) / more
    return float(np.clip(1 / alike - 1, _LEAST, _MOST)) if alike > 0 else _MOST


def shrunk_share(successes: ArrayLike, trials: ArrayLike, strength: float | None = None) -> Floats:
    """Return each group's share of successes, drawn towards that of all as if that had been seen in ``strength`` more trials.

    Without a ``strength`` it is :func:`prior_strength`. Raises ``ValueError`` for counts that cannot be, or a strength that is not above zero.
    """
    k, n = _checked(successes, trials)
    if strength is not None and not strength > 0:
        raise ValueError("strength must be above zero.")
    held = prior_strength(k, n) if strength is None else strength
    overall = k.sum() / max(n.sum(), 1.0)
    return (k + held * overall) / (n + held)


def _checked(successes: ArrayLike, trials: ArrayLike) -> tuple[Floats, Floats]:
    k, n = np.asarray(successes, float), np.asarray(trials, float)
    if k.shape != n.shape or np.any(~((k >= 0) & (k <= n) & np.isfinite(n))):
        raise ValueError("There must be as many counts of each, and no more successes than trials.")
    return k, n
