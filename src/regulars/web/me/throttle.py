"""How much one address may ask of this door in one process: enough for any person, too little to search."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable

RATE, BURST = 2.0, 60
"""Requests a second that go on, and requests at once: a page is three of them."""
MOST = 10_000
"""Addresses that are remembered."""


class Throttle:
    """A bucket for each address; the address that was quiet for longest is forgotten first."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock, self._alone = clock, threading.Lock()
        self._levels: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, address: str) -> bool:
        """Take one request out of an address's bucket; return whether there was one."""
        with self._alone:
            now = self._clock()
            level, at = self._levels.pop(address, (float(BURST), now))
            level = min(float(BURST), level + (now - at) * RATE)
            allowed = level >= 1
            self._levels[address] = (level - allowed, now)
            if len(self._levels) > MOST:
                self._levels.popitem(last=False)
            return allowed

    def forget(self) -> None:
        """Fill every bucket."""
        with self._alone:
            self._levels.clear()


THROTTLE = Throttle()
