"""Alike histories become one, whatever their numbers are: by a table where these are small and whole, else by sorting."""

from __future__ import annotations

import numpy as np
import pytest

from regulars.numeric import bg_nbd
from regulars.numeric.histories import distinct


def drawn(kind: str, n: int = 5_000):
    rng = np.random.default_rng(3)
    x = rng.geometric(0.5, n) - 1
    T = rng.integers(1, 700, n).astype(float)
    if kind == "some buy very often":
        x[::50] = rng.integers(300, 100_000, len(x[::50]))
    elif kind == "all buy very often":
        x = rng.integers(10**5, 10**9, n)
    elif kind == "no whole times":
        T = rng.choice(rng.random(60) * 100, n)
    elif kind == "weeks, and one that is not whole":
        T = T / 7
        T[n // 2] = np.pi
    elif kind == "one day":
        x, T = np.zeros(n, int), np.ones(n)
    return x, np.where(x > 0, np.floor(T / 3), 0.0), T


KINDS = ("days", "some buy very often", "all buy very often", "no whole times", "weeks, and one that is not whole", "one day")  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_alike_histories_become_one(kind):
    x, t_x, T = drawn(kind)
    weights = np.arange(len(x)) % 7 + 0.5
    found = distinct(x, t_x, T, weights)
    rows, where = np.unique(np.stack([x, t_x, T], axis=1), axis=0, return_inverse=True)
    assert np.array_equal(np.stack([found.x, found.t_x, found.T], axis=1), rows)
    assert np.array_equal(found.inverse, where.ravel())
    assert np.allclose(found.weight, np.bincount(where.ravel(), weights))


def test_nobody_at_all():
    found = distinct([], [], [])
    assert len(found.x) == len(found.inverse) == 0


def test_a_search_that_begins_on_a_sketch_ends_at_the_same_maximum():
    rng = np.random.default_rng(5)
    T = rng.random(60_000) * 100
    drawn = bg_nbd.simulate((0.4, 6.0, 0.8, 2.5), T, rng)
    histories = (drawn.frequency, drawn.recency, T)
    sketched = bg_nbd.fit(*histories)
    begun = bg_nbd.fit(*histories, start=(0.4, 6.0, 0.8, 2.5))
    assert sketched.converged
    assert sketched.params == pytest.approx(begun.params, rel=1e-7)
    assert sketched.log_likelihood == pytest.approx(begun.log_likelihood, abs=1e-6)
