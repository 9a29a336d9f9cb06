"""How much a key may ask: a bucket of requests that fills up again, one a key, in this process."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Left:
    """What a key has left after a request."""

    allowed: bool
    limit: int
    remaining: int
    reset_seconds: int
    """Until the bucket is full again."""
    retry_seconds: int
    """Until one request is allowed."""

    @property
    def headers(self) -> dict[str, str]:
        """Return what a client is told."""
        return {
            "RateLimit-Limit": str(self.limit),
            "RateLimit-Remaining": str(self.remaining),
            "RateLimit-Reset": str(self.reset_seconds),
        }


class Buckets:
    """The buckets of all keys."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._turn = threading.Lock()
        self._levels: dict[int, tuple[float, float]] = {}

    def take(self, key: int, rate: float, burst: int) -> Left:
        """Take one request out of a key's bucket, which holds ``burst`` and gets ``rate`` a second."""
        with self._turn:
            now = self._clock()
            level, at = self._levels.get(key, (float(burst), now))
            level = min(burst, level + (now - at) * rate)
            allowed = level >= 1
            level -= allowed
            self._levels[key] = (level, now)
        retry = 0 if allowed else max(1, math.ceil((1 - level) / rate))
        return Left(allowed, burst, math.floor(level), math.ceil((burst - level) / rate), retry)

    def forget(self) -> None:
        """Fill every bucket."""
        with self._turn:
            self._levels.clear()


BUCKETS = Buckets()
