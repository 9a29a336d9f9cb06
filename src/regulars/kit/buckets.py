"""How much somebody may ask: a bucket of requests that fills up again, one for whoever asks, in this process."""

from __future__ import annotations

import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

Who = TypeVar("Who", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Left:
    """What somebody has left after a request."""

    allowed: bool
    limit: int
    remaining: int
    reset_seconds: int
    """Until the bucket is full again."""
    retry_seconds: int
    """Until one request is allowed."""


class Buckets(Generic[Who]):
    """The buckets of all who ask; beyond ``most`` of them the one that was quiet for longest is forgotten, which fills it."""

    def __init__(self, most: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._most, self._clock = most, clock
        self._turn = threading.Lock()
        self._levels: OrderedDict[Who, tuple[float, float]] = OrderedDict()

    def take(self, who: Who, rate: float, burst: int) -> Left:
        """Take one request out of a bucket, which holds ``burst`` and gets ``rate`` a second."""
        with self._turn:
            now = self._clock()
            level, at = self._levels.pop(who, (float(burst), now))
            level = min(burst, level + (now - at) * rate)
            allowed = level >= 1
            level -= allowed
            self._levels[who] = (level, now)
            if len(self._levels) > self._most:
                self._levels.popitem(last=False)
        retry = 0 if allowed else max(1, math.ceil((1 - level) / rate))
        return Left(allowed, burst, math.floor(level), math.ceil((burst - level) / rate), retry)

    def forget(self) -> None:
        """Fill every bucket."""
        with self._turn:
            self._levels.clear()
