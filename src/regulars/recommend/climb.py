"""One parameter after the other, a few values each: a value stays only where it is better beyond chance."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regulars.recommend.parameters import Parameters
from regulars.recommend.windows import gain

Grid = tuple[tuple[str, tuple[float, ...]], ...]
Judge = Callable[[Parameters], NDArray[np.float64]]
"""Returns one figure a person or session, the same ones every time; higher is better."""


def climb(at: Parameters, grid: Grid, judge: Judge) -> Parameters:
    """Return the best value of each parameter in turn, those that are better beyond chance only."""
    if not grid:
        return at
    best = judge(at)
    for name, values in grid:
        standard, highest = best, 0.0
        for other in [_changed(at, name, value) for value in values]:
            told = judge(other)
            better = gain(told, standard)
            if better is not None and better > highest:
                at, best, highest = other, told, better
    return at


def _changed(at: Parameters, name: str, value: float) -> Parameters:
    """Return the parameters with another value, of the type the field has."""
    new: dict[str, Any] = {name: type(getattr(at, name))(value)}
    return replace(at, **new)
