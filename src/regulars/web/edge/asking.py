"""Questions are answered one after another on the event loop, or in threads where that may take long; only so many may wait."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

from regulars.web.edge.parts import Counts, Limits
from regulars.web.edge.refusals import busy, stopping

Told = TypeVar("Told")


class Asking:
    """A few threads with a line before them that does not grow without end."""

    def __init__(self, limits: Limits, counts: Counts) -> None:
        self._limits, self._counts = limits, counts
        self._waiting, self._closed = 0, False
        self._turn = asyncio.Lock()
        self._threads = ThreadPoolExecutor(limits.threads, thread_name_prefix="regulars-edge")

    async def work(self, work: Callable[[], Told]) -> Told:
        """Return what a function returns that may wait for something; raises what it raises, ``edge.busy`` or ``edge.stopping``."""
        with self._counted():
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)

    async def turn(self, work: Callable[[], Told]) -> Told:
        """Return what a function returns that computes for less than a millisecond; raises as :meth:`work`.

        A thread would have to be given Python's lock and to give it back, which takes longer than such an answer. Between two answers the loop
        reads and writes what else there is, so that events are taken on.
        """
        with self._counted():
            async with self._turn:
                await asyncio.sleep(0)
                return work()

    @contextmanager
    def _counted(self) -> Iterator[None]:
        if self._closed:
            raise stopping()
        if self._waiting >= self._limits.questions:
            self._counts.busy += 1
            raise busy()
        self._waiting += 1
        try:
            yield
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
