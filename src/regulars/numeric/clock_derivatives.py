"""How the log of a clock's reading moves with its size and with the effects that set its speeds.

With u the time since a stretch began and a = reading / speed then, log(reading + speed · u) has the derivative e + (b - e) f in the log size and the
effects: b at the start of the stretch, e that of the log speed, and f = 1/(1 + u/a) falling from 1 towards 0. So whatever is mixed
over u, its mean needs no more than the mean of f, and the second derivatives that of f² too.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from regulars.numeric.fit import Floats
from regulars.numeric.two_clocks import Clock, Part, Speeds


class Bearing(NamedTuple):
    """Derivatives in the log size and k effects, of each stretch and (last) of the end: shape (1 + k, n, stretches + 1)."""

    start: Floats
    speed: Floats
    bend: Floats
    """``start`` less ``speed``: b - e above."""


def bearing(given: Speeds, read: Clock, part: Part) -> Bearing:
    """Return the derivatives of the log of a clock's reading."""
    before, after = part.before, part.after
    n, stretches = after.length.shape
    start = np.zeros((1 + len(given.slopes), n, stretches + 1))
    start[0] = given.size
    start[1:, :, 0] = (given.slopes[:, before.row] * (given.per_time[before.row] * before.length)).sum(axis=2)
    slopes = given.slopes[:, after.row]
    start[1:, :, 1:] = slopes * (read.speed * after.length)
    np.cumsum(start[1:], axis=2, out=start[1:])
    speed = np.zeros_like(start)
    speed[1:, :, :-1] = slopes
    start /= read.reading
    return Bearing(start, speed, start - speed)


def curvature(
    weight: Floats, by: Bearing, first: Floats, second: Floats, given: Speeds, read: Clock, part: Part
) -> Floats:
    """Return the sum of weight · E[G G' - N]: G is the derivative of the log reading, N the second one of the reading over it.

    ``first`` and ``second`` are the means of f and f². N goes, as G does, from what has passed before the stretch to ee'. The former
    is a sum over earlier stretches, which is taken the other way round: for each stretch, all the weight after it.
    """
    whole = summed(weight * first * by.start, by.start)
    whole += summed(weight * (second - first) * by.bend, by.bend)
    later = weight * first / read.reading
    beyond = np.cumsum(later[:, ::-1], axis=1)[:, ::-1]
    whole[0, 0] -= given.size * later.sum()
    for stretches, times in ((part.before, beyond[:, :1]), (part.after, beyond[:, 1:])):
        slopes = given.slopes[:, stretches.row]
        whole[1:, 1:] -= summed(slopes * (given.per_time[stretches.row] * stretches.length * times), slopes)
    return whole


def summed(left: Floats, right: Floats) -> Floats:
    """Return the products of all rows, summed over customers and stretches; a matrix product would wake a pool of threads."""
    return np.einsum("ink,jnk->ij", left, right)
