"""Feasts that shops feel and that fall on other days each year, worked out for any year without a table."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["days_of", "easter"]

Days: TypeAlias = NDArray[np.int64]
"""Whole days since 1970-01-01."""

BEFORE_EASTER = "before_easter"
EASTER = "easter"
BLACK_FRIDAY = "black_friday"
MOTHERS_DAY = "mothers_day"


def easter(year: ArrayLike) -> Days:
    """Return Easter Sunday of each year in the Gregorian calendar (Meeus, Jones & Butcher)."""
    y = np.asarray(year, np.int64)
    a, b, c = y % 19, y // 100, y % 100
    h = (19 * a + b - b // 4 - (b - (b + 8) // 25 + 1) // 3 + 15) % 30
    rest = (32 + 2 * (b % 4) + 2 * (c // 4) - h - c % 4) % 7
    m = (a + 11 * h + 22 * rest) // 451
    count = h + rest - 7 * m + 114
    return day(y, count // 31, count % 31 + 1)


def weekday_of_month(year: ArrayLike, month: int, weekday: int, number: int) -> Days:
    """Return the ``number``-th ``weekday`` (0: Monday) of a month of each year."""
    first = day(np.asarray(year, np.int64), month, 1)
    return first + (weekday - weekday_of(first)) % 7 + 7 * (number - 1)


def weekday_of(days: ArrayLike) -> Days:
    """Return 0 (Monday) to 6 for each day."""
    return (np.asarray(days, np.int64) + 3) % 7


def day(year: Days, month: ArrayLike, on: ArrayLike) -> Days:
    """Return days since 1970-01-01 of dates."""
    months = ((year - 1970) * 12 + np.asarray(month, np.int64) - 1).astype("datetime64[M]")
    return months.astype("datetime64[D]").astype(np.int64) + np.asarray(on, np.int64) - 1


FEASTS: dict[str, tuple[Callable[[Days], Days], int, int]] = {
    # The fortnight in which people buy for Easter, which ends where parcels no longer arrive; then the closed days.
    BEFORE_EASTER: (easter, -14, -3),
    EASTER: (easter, -2, 1),
    # From Black Friday, the day after the fourth Thursday of November, to Cyber Monday.
    BLACK_FRIDAY: (lambda year: weekday_of_month(year, 11, 3, 4), 1, 4),
    # The week before the second Sunday of May.
    MOTHERS_DAY: (lambda year: weekday_of_month(year, 5, 6, 2), -7, -1),
}
"""What a feast's days are counted from in a year, and from which to which day around it they reach (inclusive)."""


def days_of(feast: str, first_year: int, last_year: int) -> Days:
    """Return the days of a feast of :data:`FEASTS` in all years from the first to the last (inclusive), in order."""
    centre, begin, end = FEASTS[feast]
    return (centre(np.arange(first_year, last_year + 1))[:, None] + np.arange(begin, end + 1)).ravel()
