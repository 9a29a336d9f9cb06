"""Value tiers: customers in order of what they are worth, cut at fixed shares, the same cut every time."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

TIERS = ("top", "high", "middle", "low")


def tier(
    worth: NDArray[np.float64], customer_key: NDArray[np.int64], shares: tuple[float, ...] = (5, 15, 30, 50)
) -> NDArray[np.int8]:
    """Return each customer's tier as an index into :data:`TIERS`.

    ``shares`` are per cents of the customers and add up to 100; each cut is rounded up, so one customer is ``top``.
    Equal worth is ordered by ``customer_key``; a worth that is not a number comes last.
    """
    count = len(worth)
    order = np.lexsort((customer_key, -np.where(np.isnan(worth), -np.inf, worth)))
    result = np.empty(count, dtype=np.int8)
    begin = 0
    for index, upto in enumerate(np.cumsum(shares)):
        last = index == len(TIERS) - 1
        end = count if last else min(count, math.ceil(round(count * float(upto) / 100, 6)))
        result[order[begin:end]] = index
        begin = max(begin, end)
    return result
