"""Columns of one table of customers in the order of another."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray


class Beside:
    """Columns of an unordered table of customers, in the order of other keys."""

    def __init__(self, table: pa.Table, key: NDArray[np.int64]) -> None:
        own = table["customer_key"].to_numpy()
        self._table, self._order = table, np.argsort(own)
        ordered = own[self._order]
        place = np.minimum(np.searchsorted(ordered, key), max(len(ordered) - 1, 0))
        self._place = place
        self._found = ordered[place] == key if len(ordered) else np.zeros(len(key), dtype=bool)

    def __call__(self, column: str, otherwise: float) -> NDArray[Any]:
        """Return a column as float64, ``otherwise`` where a key has no row."""
        result = np.full(len(self._found), otherwise, dtype=np.float64)
        values = self._table[column].cast(pa.float64()).to_numpy()
        result[self._found] = values[self._order[self._place[self._found]]]
        return result
