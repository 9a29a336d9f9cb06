"""Requests share commits: one begins as soon as the last has ended, with all that came meanwhile; each is answered after its own."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from regulars.kit.errors import Kind, RegularsError
from regulars.store.inbox import Event, Inbox
from regulars.web.edge.parts import Counts, Limits
from regulars.web.edge.refusals import busy, stopping


@dataclass(frozen=True, slots=True)
class _Waiter:
    """A request whose events are not on disk yet."""

    events: Sequence[Event]
    size: int
    kept: asyncio.Future[None]

    def answer(self, error: BaseException | None) -> None:
        # Whoever hung up is not waiting any more; their events are as safe as all others.
        if self.kept.done():
            return
        if error is None:
            self.kept.set_result(None)
        else:
            self.kept.set_exception(error)


class Commits:
    """The way into the inbox, for one event loop."""

    def __init__(self, inbox: Inbox, limits: Limits, counts: Counts) -> None:
        self._inbox, self._limits, self._counts = inbox, limits, counts
        self._arrived: list[_Waiter] = []
        self._events = self._bytes = 0
        self._task: asyncio.Task[None] | None = None
        self._closed = False
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="regulars-inbox")

    @property
    def waiting(self) -> int:
        """How many events are not on disk yet."""
        return self._events

    def check(self) -> None:
        """Raise ``edge.busy`` or ``edge.stopping`` where nothing more can be taken; before it is read, to save the work."""
        if self._closed:
            raise stopping()
        if self._events >= self._limits.waiting_events or self._bytes >= self._limits.waiting_bytes:
            self._counts.busy += 1
            raise busy()

    async def keep(self, events: Sequence[Event], size: int) -> None:
        """Return when the events, ``size`` bytes of them, are on disk; raises where they are not."""
        self.check()
        loop = asyncio.get_running_loop()
        waiter = _Waiter(events, size, loop.create_future())
        self._arrived.append(waiter)
        self._events += len(events)
        self._bytes += size
        if self._task is None:
            self._task = loop.create_task(self._work())
        await waiter.kept

    async def close(self) -> None:
        """Take nothing more, and return when all that was taken is on disk and answered."""
        self._closed = True
        if self._task is not None:
            await asyncio.wait([self._task])
        self._thread.shutdown(wait=False)

    async def _work(self) -> None:
        try:
            while self._arrived:
                together, self._arrived = self._arrived, []
                await self._commit(together)
        finally:
            self._task = None
            for waiter in self._arrived:
                waiter.answer(stopping())

    async def _commit(self, together: Sequence[_Waiter]) -> None:
        """Keep what some requests brought, and answer these and no others.

        The requests are a parameter, not the list that others append to meanwhile: whoever was in a commit hears of that commit.
        """
        try:
            error = await self._append([event for waiter in together for event in waiter.events])
            if error is None or len(together) == 1 or _unavailable(error):
                for waiter in together:
                    waiter.answer(error)
                return
            # One of them brought what no table takes. The others shall not suffer for it.
            for waiter in together:
                waiter.answer(await self._append(waiter.events))
        finally:
            for waiter in together:
                self._events -= len(waiter.events)
                self._bytes -= waiter.size
                waiter.answer(stopping())  # only where the work itself was cancelled

    async def _append(self, events: Sequence[Event]) -> Exception | None:
        try:
            await asyncio.get_running_loop().run_in_executor(self._thread, self._inbox.append, events)
        except Exception as error:
            self._counts.failed += 1
            return error
        self._counts.commits += 1
        return None


def _unavailable(error: Exception) -> bool:
    return isinstance(error, RegularsError) and error.kind is Kind.UNAVAILABLE
