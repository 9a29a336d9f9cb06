"""When work that failed is tried again, and when it is given up."""

from __future__ import annotations

import random
from datetime import timedelta

from regulars.kit.errors import Kind

FIRST_WAIT = timedelta(minutes=1)
LONGEST_WAIT = timedelta(hours=1)
JITTER = 0.2
"""Share by which a wait is longer or shorter, so that what failed together does not come again together."""
MOST_ATTEMPTS = 10
LEASE = timedelta(minutes=1)
"""How long nobody else takes work whose holder has gone silent."""
KEPT = timedelta(days=30)
"""How long work that has ended is remembered."""
_HOPELESS = {Kind.INVALID.value, Kind.MISSING.value, Kind.FORBIDDEN.value}


def wait(attempts: int, chance: float | None = None) -> timedelta:
    """Return how long to wait after so many attempts: a minute, then twice as long each time up to an hour, more or less.

    ``chance`` from 0 to 1 is drawn where it is not given.
    """
    drawn = random.random() if chance is None else chance  # noqa: S311 - spreads load, guards nothing
    whole = min(FIRST_WAIT * 2 ** min(max(attempts, 1) - 1, 20), LONGEST_WAIT)
    return whole * (1 + JITTER * (2 * drawn - 1))


def again(kind: str) -> bool:
    """Tell whether an error of this kind may be gone another time; what is told wrongly stays wrong."""
    return kind not in _HOPELESS
