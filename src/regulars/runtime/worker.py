"""What works on its own while a server runs: events and orders go to the lake within seconds, jobs are done, webhooks are sent.

Several workers may serve one store, on one machine or, with PostgreSQL and a shared home folder, on several: jobs and
messages are taken by leases, the lake is written under a lock.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from regulars.access import actions as access
from regulars.jobs import actions as jobs
from regulars.runtime import tasks
from regulars.runtime.compaction import compact, inbox_of
from regulars.runtime.posting import Posting, Send
from regulars.runtime.projection import project
from regulars.runtime.rounds import Rounds
from regulars.runtime.supervision import Supervision
from regulars.store import leases
from regulars.store.models import Unprojected
from regulars.webhooks import delivering, sending

if TYPE_CHECKING:
    from regulars.runtime.settings import Settings
    from regulars.runtime.tasks import Begin
    from regulars.store.inbox import Inbox

TIDIED = timedelta(hours=1)
"""How often old jobs and messages are forgotten."""


class Worker:
    """Does what is due, again and again, until it is told to stop; neither part of it waits for another."""

    def __init__(
        self,
        settings: Settings,
        *,
        pause_seconds: float = 2.0,
        clock: Callable[[], datetime] | None = None,
        begin: Begin = tasks.begin,
        send: Send = sending.post,
    ) -> None:
        self.settings, self._clock = settings, clock or (lambda: datetime.now(UTC))
        owner = leases.new_owner()
        self._supervision = Supervision(settings, owner, self._clock, begin)
        self._posting = Posting(settings, owner, self._clock, send)
        self.lake = Rounds("lake", self._lake, pause_seconds)
        self.jobs = Rounds("jobs", self._supervision.once, pause_seconds)
        self.webhooks = Rounds("webhooks", self._posting.once, pause_seconds)
        self._stopped = threading.Event()
        self._inbox: Inbox | None = None
        self._tidied: datetime | None = None

    def stop(self) -> None:
        """End soon; a job is ended and given back, and a refresh leaves what was published before."""
        self._stopped.set()

    def run(self) -> None:
        """Work until stopped."""
        beside = [each.beside(self._stopped) for each in (self.jobs, self.webhooks)]
        try:
            self.lake.run(self._stopped)
        finally:
            self._stopped.set()
            for thread in beside:
                thread.join()
            self.close()

    def step(self) -> float:
        """Do each part once, one after another; return how many seconds to wait before the next step."""
        return max(each.step() for each in (self.lake, self.jobs, self.webhooks))

    def close(self) -> None:
        """End what is being done, and let go of everything."""
        self._supervision.stop()
        self._posting.stop()
        if self._inbox is not None:
            self._inbox.close()

    def once(self) -> tuple[int, int]:
        """Bring events and orders to the lake; return how many of each."""
        if self._inbox is None:
            self._inbox = inbox_of(self.settings)
        events = compact(self.settings, self._inbox) if self._inbox.waiting().events else 0
        orders = project(self.settings) if Unprojected.objects.exists() else 0
        return events, orders

    def _lake(self) -> bool:
        self.once()
        self._tidy()
        return False

    def _tidy(self) -> None:
        """Forget what nobody asks for any more."""
        now = self._clock()
        if self._tidied is None or now - self._tidied >= TIDIED:
            access.forget(now)
            jobs.forget(now)
            delivering.forget(now)
            self._tidied = now
