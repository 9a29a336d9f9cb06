"""What the hot path knows of the store without asking it: kept in memory, read again every few seconds in a thread of its own."""

from __future__ import annotations

import logging
import threading
from abc import ABC, abstractmethod
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from django.db import close_old_connections

from regulars.access import queries, rules
from regulars.privacy import queries as privacy
from regulars.privacy.actions import refused_on
from regulars.privacy.rules import ANALYTICS, PROFILING
from regulars.recommend.index import Served
from regulars.recommend.rules import Rules
from regulars.runtime import preferences, steering
from regulars.web.edge import WriteKey

if TYPE_CHECKING:
    from regulars.runtime.settings import Settings

log = logging.getLogger(__name__)

EVERY_SECONDS = 3.0
"""How soon the hot path knows of a key that was made or revoked, and of what somebody refused."""

INDEX_SECONDS = 1.0
"""How soon the hot path answers from a new index."""
ANYWAY = 10
"""Refusals are read again at every tenth look, whatever was said."""

MOST_MET = 100_000
"""As many new devices of who refuses may wait to be written down."""


class Following(ABC):
    """Something of the store that is read again and again; what is known stays while the store does not answer."""

    def __init__(self, every_seconds: float = EVERY_SECONDS) -> None:
        self._every, self._stopped = every_seconds, threading.Event()
        self.read()
        threading.Thread(target=self._follow, name=f"regulars-{type(self).__name__}", daemon=True).start()

    @abstractmethod
    def read(self) -> None:
        """Read what there is now."""

    def stop(self) -> None:
        """Read no more."""
        self._stopped.set()

    def _follow(self) -> None:
        while not self._stopped.wait(self._every):
            try:
                close_old_connections()
                self.read()
            except Exception as error:
                log.warning("%s cannot be read: %s", type(self).__name__, type(error).__name__)


class WriteKeys(Following):
    """Which keys may collect."""

    def __init__(self, home: Path, every_seconds: float = EVERY_SECONDS) -> None:
        self._home = home
        super().__init__(every_seconds)

    def read(self) -> None:
        """Read all write keys that hold."""
        self._known = queries.write_keys(self._home)

    def key_of(self, text: str) -> WriteKey | None:
        """Return what a key may do, None for a text that is no key, or no longer."""
        written = rules.read(text)
        found = self._known.get(written.prefix) if written is not None else None
        if written is None or found is None or not rules.matches(written.secret, found[1]):
            return None
        return WriteKey(found[0], found[2].encode())


class Refusals(Following):
    """Who wants not to be measured, or not to be shown what fits them."""

    def __init__(self, every_seconds: float = EVERY_SECONDS) -> None:
        self._latest: tuple[int, ...] = ()
        self._rounds = 0
        self._met: dict[str, str] = {}
        super().__init__(every_seconds)

    def read(self) -> None:
        """Write down devices that were met, and read what is refused, if anybody said anything since the last time."""
        latest = privacy.latest()
        self._rounds += 1
        met = dict(self._met)
        # What customers are known by may change without a word of theirs.
        if not met and latest == self._latest and self._rounds % ANYWAY:
            return
        refused_on(met, datetime.now(UTC))
        refusing = privacy.refusing(ANALYTICS)
        self._unmeasured = frozenset(privacy.store_ids(refusing))
        self._devices = frozenset(privacy.visitors(refusing))
        self._objecting = frozenset(privacy.store_ids(privacy.refusing(PROFILING)))
        self._latest = latest
        for device in met:
            self._met.pop(device, None)

    def refuses(self, customer_id: str | None, visitor_id: str | None) -> bool:
        """Tell whether events of a customer or a device are not wanted. The device that a refusing customer uses is theirs from now on."""
        if customer_id is not None and customer_id in self._unmeasured:
            if visitor_id is not None and visitor_id not in self._devices and len(self._met) < MOST_MET:
                self._met[visitor_id] = customer_id
            return True
        return visitor_id in self._devices or visitor_id in self._met

    def objects(self, customer_id: str) -> bool:
        """Tell whether a customer objects to profiling."""
        return customer_id in self._objecting


class Rulebooks(Following):
    """What the shop wants of each slot: read anew only where somebody changed it."""

    def __init__(self, every_seconds: float = EVERY_SECONDS) -> None:
        self._kept = steering.NOTHING
        super().__init__(every_seconds)

    def read(self) -> None:
        """Take up rules that are newer than those we have."""
        if steering.version() != self._kept.version:
            self._kept = steering.read()

    def rules_of(self, slot: str) -> Rules:
        """Return what holds for a slot."""
        return self._kept.book.of(slot)


class Preferences(Following):
    """What people chose for the whole server: this process goes by it from then on."""

    def __init__(self, settings: Settings, every_seconds: float = EVERY_SECONDS) -> None:
        self._settings, self._known = settings, -1
        super().__init__(every_seconds)

    def read(self) -> None:
        """Take up what was changed since the last look."""
        latest = preferences.kept().version
        if latest != self._known:
            preferences.apply(self._settings)
            self._known = latest


class Indexes(Following):
    """The index that recommendations are answered from: a new version is read beside the answers, not between two of them."""

    def __init__(self, served: Served, every_seconds: float = INDEX_SECONDS) -> None:
        self._served = served
        super().__init__(every_seconds)

    def read(self) -> None:
        """Take up a newer version, where there is one."""
        self._served.refresh(again=False)
