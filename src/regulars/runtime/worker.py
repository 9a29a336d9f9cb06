"""What works on its own while a server runs: events go to the lake within seconds, orders follow, a refresh comes once a day."""

from __future__ import annotations

import logging
import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from django.db import close_old_connections

from regulars.kit.errors import RegularsError
from regulars.runtime.compaction import compact, inbox_of
from regulars.runtime.projection import project
from regulars.store.models import Order, Run, Unprojected

if TYPE_CHECKING:
    from regulars.runtime.settings import Settings
    from regulars.store.inbox import Inbox

log = logging.getLogger(__name__)

LONGEST_PAUSE_SECONDS = 300.0
LONGEST_WAIT = timedelta(hours=1)
"""After refreshes that failed one after another."""
AGAIN_SECONDS = 60.0
"""A refresh that could not even begin is tried again so soon."""
NIGHT = time(3, 0)
"""When the day's refresh begins, by the shop's own clock."""


def due(settings: Settings, now: datetime) -> bool:
    """Tell whether a refresh should begin: there are orders, and nothing was published since last night.

    After failures it waits a minute, twice as long each time, up to an hour.
    """
    if not Order.objects.exists():
        return False
    published = Run.objects.filter(state=Run.PUBLISHED).order_by("-id").first()
    if published is not None and published.started_at >= _last_night(settings, now):
        return False
    failed = Run.objects.filter(state=Run.FAILED, id__gt=published.id if published else 0).order_by("-id")
    last = failed.first()
    if last is None or last.ended_at is None:
        return True
    waited = timedelta(minutes=2.0 ** min(failed.count() - 1, 10))
    return now - last.ended_at >= min(waited, LONGEST_WAIT)


def _last_night(settings: Settings, now: datetime) -> datetime:
    zone = ZoneInfo(settings.time_zone)
    here = now.astimezone(zone)
    night = datetime.combine(here.date(), NIGHT, zone)
    return night if night <= here else datetime.combine(here.date() - timedelta(days=1), NIGHT, zone)


def refreshing(settings: Settings) -> subprocess.Popen[bytes]:
    """Begin a refresh in a process of its own: its memory goes with it, and events go on to the lake meanwhile."""
    words = [sys.executable, "-m", "regulars", "refresh", "--home", str(settings.home), "--json"]
    return subprocess.Popen(words, stdout=subprocess.DEVNULL)  # noqa: S603 - ourselves


class Worker:
    """Does what is due, again and again, until it is told to stop."""

    def __init__(
        self,
        settings: Settings,
        *,
        pause_seconds: float = 2.0,
        clock: Callable[[], datetime] | None = None,
        refresh: Callable[[Settings], subprocess.Popen[bytes]] = refreshing,
    ) -> None:
        self.settings, self._pause = settings, pause_seconds
        self._clock, self._begin = clock or (lambda: datetime.now(UTC)), refresh
        self._stopped = threading.Event()
        self._failures = 0
        self._inbox: Inbox | None = None
        self._refresh: subprocess.Popen[bytes] | None = None
        self._begun: datetime | None = None

    def stop(self) -> None:
        """End after what is being done now; a refresh is ended, and leaves what was published before."""
        self._stopped.set()

    def run(self) -> None:
        """Work until stopped."""
        try:
            while not self._stopped.is_set():
                self._stopped.wait(self.step())
        finally:
            if self._refresh is not None and self._refresh.poll() is None:
                self._refresh.terminate()
                self._refresh.wait()
            if self._inbox is not None:
                self._inbox.close()

    def step(self) -> float:
        """Do what is due; return how many seconds to wait before the next step: after failures twice as long each time."""
        close_old_connections()
        try:
            self.once()
            self._refreshed()
        except Exception as error:  # what failed is tried again, and nothing of it is lost
            self._failures += 1
            pause = min(self._pause * 2.0 ** min(self._failures, 20), LONGEST_PAUSE_SECONDS)
            log.warning("the worker waits %s s: %s", round(pause), _told(error))
            return pause
        self._failures = 0
        return self._pause

    def once(self) -> tuple[int, int]:
        """Bring events and orders to the lake; return how many of each."""
        if self._inbox is None:
            self._inbox = inbox_of(self.settings)
        events = compact(self.settings, self._inbox) if self._inbox.waiting().events else 0
        orders = project(self.settings) if Unprojected.objects.exists() else 0
        return events, orders

    def _refreshed(self) -> None:
        """Begin a refresh where one is due and none runs."""
        if self._refresh is not None:
            code = self._refresh.poll()
            if code is None:
                return
            if code:
                log.warning("a refresh ended with exit code %s", code)
            self._refresh = None
        now = self._clock()
        rested = self._begun is None or (now - self._begun).total_seconds() >= AGAIN_SECONDS
        if rested and due(self.settings, now):
            self._refresh, self._begun = self._begin(self.settings), now


def _told(error: BaseException) -> str:
    """What to write to a log of an error: its code, or its kind; never what a person's data might be in."""
    return error.code if isinstance(error, RegularsError) else type(error).__name__
