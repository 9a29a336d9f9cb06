"""CDNOW as the literature uses it, and the extremes that break other implementations."""

from __future__ import annotations

import csv
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest


class Cdnow(NamedTuple):
    """2,357 customers in weeks; ``m`` and ``z`` are repeat purchases and their mean spend."""

    x: np.ndarray
    t_x: np.ndarray
    T: np.ndarray
    m: np.ndarray
    z: np.ndarray


def _columns(name: str, *columns: str) -> list[np.ndarray]:
    # found without importing the package, which takes longer than the tests that need its tables
    package = find_spec("lifetimes")
    assert package is not None
    assert package.origin is not None
    with (Path(package.origin).parent / "datasets" / name).open(newline="") as handle:
        rows = list(csv.DictReader(handle))
    return [np.array([float(row[column]) for row in rows]) for column in columns]


@pytest.fixture(scope="session")
def cdnow() -> Cdnow:
    return Cdnow(
        *_columns("cdnow_customers_summary.csv", "frequency", "recency", "T"),
        *_columns("cdnow_customers_summary_with_transactions.csv", "x", "zbar"),
    )


@pytest.fixture(scope="session")
def donations() -> tuple[np.ndarray, ...]:
    """11,104 donors: x, t_x, n and how many share them."""
    return tuple(_columns("donations.csv", "frequency", "recency", "periods", "weights"))


EXTREMES: dict[str, tuple[list[float], list[float], list[float]]] = {
    "one-timers only": ([0] * 50, [0] * 50, list(range(1, 51))),
    "one customer, once": ([0], [0], [10]),
    "one customer, often": ([12], [40], [52]),
    "one customer, first day": ([0], [0], [0]),
    "nobody watched": ([0] * 5, [0] * 5, [0] * 5),
    "all alive to the end": ([3, 5, 8, 2], [30, 30, 30, 30], [30, 30, 30, 30]),
    "hundreds of purchases": ([350, 900, 0, 2], [360, 365, 0, 5], [365, 365, 300, 100]),
    "bought within a moment": ([4, 0, 7], [0, 0, 1e-9], [100, 100, 100]),
    "everybody the same": ([2] * 100, [10] * 100, [20] * 100),
    "all stop at once": ([1] * 60 + [0] * 60, [0.1] * 60 + [0] * 60, [400] * 120),
    "clockwork": ([26] * 40, [364] * 40, [365] * 40),
    "seconds": ([0, 3, 9], [0, 2e7, 6e7], [7e7, 7e7, 7e7]),
    "centuries": ([0, 3, 9], [0, 0.002, 0.006], [0.007, 0.007, 0.007]),
    "one giant among the silent": ([100_000] + [0] * 30, [365] + [0] * 30, [365] * 31),
}


@pytest.fixture(params=EXTREMES.values(), ids=EXTREMES.keys())
def extreme(request: pytest.FixtureRequest) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return tuple(np.array(column, float) for column in request.param)  # type: ignore[return-value]
