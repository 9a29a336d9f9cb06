"""Sobol's evenly spread points, scrambled: what simulations here draw instead of random numbers.

Any 2^k of them from the start put the same number into each of many boxes of equal volume (Sobol 1967), with the initial
numbers of Joe & Kuo (2008). Random linear scrambling with a shift (Matoušek 1998) makes each point uniform, so that
means are unbiased, and keeps that property.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from regulars.numeric.fit import Floats

_BITS = 32
_INITIAL = ((0, (1,)), (1, (1, 3)), (1, (1, 3, 1)), (2, (1, 1, 1)), (1, (1, 1, 3, 3)), (4, (1, 3, 5, 13)))
"""Of the second dimension and further ones: the inner coefficients of the primitive polynomial, and where it starts."""
MOST_DIMENSIONS = len(_INITIAL) + 1


def scrambled(dimensions: int, power: int, rng: np.random.Generator) -> Floats:
    """Return 2^power points inside the unit cube, shape (dimensions, 2^power).

    Raises ``ValueError`` for more dimensions than ``MOST_DIMENSIONS`` or a power beyond 0 to 31.
    """
    if not 1 <= dimensions <= MOST_DIMENSIONS or not 0 <= power < _BITS:
        raise ValueError(f"There are 1 to {MOST_DIMENSIONS} dimensions and at most 2^{_BITS - 1} points.")
    out = np.empty((dimensions, 1 << power))
    number = np.arange(1 << power, dtype=np.uint64)
    for dimension in range(dimensions):
        directions = _scramble(_directions(dimension), rng)
        point = np.full(len(number), rng.integers(0, 1 << _BITS, dtype=np.uint64))
        for bit in range(power):
            point ^= ((number >> np.uint64(bit)) & np.uint64(1)) * directions[bit]
        out[dimension] = (point + 0.5) / 2.0**_BITS
    return out


def _directions(dimension: int) -> NDArray[np.uint64]:
    """Return the direction numbers of a dimension, the first with its highest bit set: column by column of its matrix."""
    if dimension == 0:
        return np.array([1 << (_BITS - 1 - bit) for bit in range(_BITS)], np.uint64)
    inner, start = _INITIAL[dimension - 1]
    degree = len(start)
    numbers = [value << (_BITS - 1 - bit) for bit, value in enumerate(start)]
    for bit in range(degree, _BITS):
        new = numbers[bit - degree] ^ (numbers[bit - degree] >> degree)
        for k in range(1, degree):
            if inner >> (degree - 1 - k) & 1:
                new ^= numbers[bit - k]
        numbers.append(new)
    return np.array(numbers, np.uint64)


def _scramble(directions: NDArray[np.uint64], rng: np.random.Generator) -> NDArray[np.uint64]:
    """Multiply by a random lower triangular matrix of bits with ones on the diagonal: bit by bit from the highest."""
    out = np.zeros_like(directions)
    for row in range(_BITS):
        # Which of the bits above this one, and the bit itself, are added up.
        mask = (
            int(rng.integers(0, 1 << row)) << (_BITS - row) | 1 << (_BITS - 1 - row)
            if row
            else 1 << (_BITS - 1)
        )
        parity = np.bitwise_count(directions & np.uint64(mask)).astype(np.uint64) & np.uint64(1)
        out |= parity << np.uint64(_BITS - 1 - row)
    return out
