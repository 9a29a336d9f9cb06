"""Work that is done in threads, so that the event loop goes on taking events; only so much of it may wait."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from regulars.web.edge.parts import Counts, Limits
from regulars.web.edge.refusals import busy, stopping

Told = TypeVar("Told")


class Asking:
    """A few threads with a line before them that does not grow without end."""

    def __init__(self, limits: Limits, counts: Counts) -> None:
        self._limits, self._counts = limits, counts
        self._waiting, self._closed = 0, False
        self._threads = ThreadPoolExecutor(limits.threads, thread_name_prefix="regulars-edge")

    async def work(self, work: Callable[[], Told]) -> Told:
        """Return what a function returns; raises what it raises, ``edge.busy`` or ``edge.stopping``."""
        if self._closed:
            raise stopping()
        if self._waiting >= self._limits.questions:
            self._counts.busy += 1
            raise busy()
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        finally:
            self._waiting -= 1

    def soon(self, work: Callable[[], object]) -> None:
        """Do something that nobody waits for; left out where many wait, as answers matter more."""
        if not self._closed and self._waiting < self._limits.questions // 2:
            self._threads.submit(work)

    async def close(self) -> None:
        """Take nothing more and return when all are answered."""
        self._closed = True
        while self._waiting:
            await asyncio.sleep(0.01)
        self._threads.shutdown(wait=False)
