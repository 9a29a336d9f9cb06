"""Random streams that depend on the seed, the purpose and the block alone, so that work may be cut anywhere."""

from __future__ import annotations

import zlib

import numpy as np
from numpy.typing import NDArray

TABLE = 4096
"""Entries of an inverse table: probabilities are kept to 1/4096."""


def stream(seed: int, purpose: str, block: int = 0) -> np.random.Generator:
    """Return the generator of one purpose in one block; adding a purpose never moves another's numbers."""
    key = (zlib.crc32(purpose.encode()), block)
    return np.random.Generator(np.random.SFC64(np.random.SeedSequence(seed, spawn_key=key)))


def choose(rng: np.random.Generator, weights: NDArray[np.float64], size: int) -> NDArray[np.int64]:
    """Draw ``size`` indices in proportion to ``weights``."""
    edges = np.cumsum(weights) / np.sum(weights)
    return np.minimum(np.searchsorted(edges, rng.random(size), side="right"), len(weights) - 1)


def inverse_table(weights: NDArray[np.float64], size: int = TABLE) -> NDArray[np.int64]:
    """Return a table in which each index stands about in proportion to its weight: a draw is one look-up."""
    edges = np.cumsum(weights) / np.sum(weights)
    middles = (np.arange(size) + 0.5) / size
    return np.minimum(np.searchsorted(edges, middles, side="right"), len(weights) - 1)


def bits(word: NDArray[np.uint64], first: int, count: int) -> NDArray[np.int64]:
    """Cut ``count`` bits out of random words: several independent small draws for the price of one."""
    mask = np.uint64((1 << count) - 1)
    return ((word >> np.uint64(first)) & mask).astype(np.int64)
