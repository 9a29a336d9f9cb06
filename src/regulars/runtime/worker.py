"""What works on its own while a server runs: events go to the lake within seconds, orders follow, a refresh comes once a day."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from regulars.kit.errors import Kind, RegularsError
from regulars.runtime.compaction import compact, inbox_of
from regulars.runtime.projection import project
from regulars.runtime.refresh import refresh
from regulars.store.models import Run, Unprojected

if TYPE_CHECKING:
    from regulars.runtime.settings import Settings
    from regulars.store.inbox import Inbox

log = logging.getLogger(__name__)

LONGEST_PAUSE_SECONDS = 300.0
NIGHT = time(3, 0)
"""When the day's refresh begins, by the shop's own clock."""


@dataclass
class Backoff:
    """How long to wait after failures that follow one another: twice as long each time, up to five minutes."""

    pause_seconds: float
    failures: int = 0

    def failed(self) -> float:
        """Count a failure; return how long to wait."""
        self.failures += 1
        return min(self.pause_seconds * 2.0**self.failures, LONGEST_PAUSE_SECONDS)

    def worked(self) -> float:
        """Forget failures; return the ordinary pause."""
        self.failures = 0
        return self.pause_seconds


def due(settings: Settings, now: datetime) -> bool:
    """Tell whether a refresh should begin: nothing was ever published, or not since last night; a failed one waits an hour."""
    last = Run.objects.order_by("-id").first()
    if last is None:
        return True
    if last.state == Run.FAILED and last.ended_at is not None and now - last.ended_at < timedelta(hours=1):
        return False
    published = Run.objects.filter(state=Run.PUBLISHED).order_by("-id").first()
    return published is None or published.started_at < _last_night(settings, now)


def _last_night(settings: Settings, now: datetime) -> datetime:
    zone = ZoneInfo(settings.time_zone)
    here = now.astimezone(zone)
    night = datetime.combine(here.date(), NIGHT, zone)
    return night if night <= here else night - timedelta(days=1)


class Worker:
    """Does what is due, again and again, until it is told to stop."""

    def __init__(
        self, settings: Settings, *, pause_seconds: float = 2.0, clock: Callable[[], datetime] | None = None
    ) -> None:
        self.settings, self._clock = settings, clock or (lambda: datetime.now(UTC))
        self._stopped = threading.Event()
        self._lake, self._refresh = Backoff(pause_seconds), Backoff(60.0)
        self._inbox: Inbox | None = None
        self._not_before = 0.0

    def stop(self) -> None:
        """End after what is being done now."""
        self._stopped.set()

    def run(self) -> None:
        """Work until stopped."""
        try:
            while not self._stopped.is_set():
                self._stopped.wait(self.step())
        finally:
            if self._inbox is not None:
                self._inbox.close()

    def step(self) -> float:
        """Do what is due; return how many seconds to wait before the next step."""
        from django.db import close_old_connections

        close_old_connections()
        try:
            self.once()
        except Exception as error:
            pause = self._lake.failed()
            log.warning("the lake waits %s s: %s", round(pause), _told(error))
            return pause
        pause = self._lake.worked()
        now = self._clock()
        if now.timestamp() >= self._not_before and due(self.settings, now):
            self._refreshed(now)
        return pause

    def once(self) -> tuple[int, int]:
        """Bring events and orders to the lake; return how many of each."""
        if self._inbox is None:
            self._inbox = inbox_of(self.settings)
        events = compact(self.settings, self._inbox) if self._inbox.waiting().events else 0
        orders = project(self.settings) if Unprojected.objects.exists() else 0
        return events, orders

    def _refreshed(self, now: datetime) -> None:
        try:
            done = refresh(self.settings)
            self._refresh.worked()
            log.info("refreshed: %s customers as of %s", done.customers, done.run.as_of)
        except RegularsError as error:
            # No orders yet, or somebody else refreshes: not a failure, and nothing to be loud about.
            quiet = error.kind in (Kind.MISSING, Kind.CONFLICT)
            pause = 60.0 if quiet else self._refresh.failed()
            self._not_before = now.timestamp() + pause
            log.log(logging.INFO if quiet else logging.WARNING, "no refresh: %s", error.code)
        except Exception as error:
            self._not_before = now.timestamp() + self._refresh.failed()
            log.warning("the refresh failed: %s", _told(error))


def _told(error: BaseException) -> str:
    """What to write to a log of an error: its code, or its kind; never what a person's data might be in."""
    return error.code if isinstance(error, RegularsError) else type(error).__name__
