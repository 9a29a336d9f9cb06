"""Follows an index as it is switched, and always has an answer: the newest whole version, else the last one, else what was popular.

What it is told of (orders, views) counts at once, and goes over to every later version that does not know of it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path

from regulars.kit.errors import RegularsError
from regulars.recommend.index import popular
from regulars.recommend.index.mapped import Index
from regulars.recommend.index.reader import open_index, pointer
from regulars.recommend.index.updates import Live
from regulars.recommend.slots import Slots


class Served:
    """A folder's index, whatever happens to the folder.

    ``slots`` answers; ``error`` says what is wrong with the newest version while older answers stand in for it.
    """

    def __init__(
        self,
        folder: Path | str,
        *,
        every_seconds: float = 1.0,
        checked: bool = True,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.folder = Path(folder)
        self.error: RegularsError | None = None
        self._every, self._checked, self._clock = every_seconds, checked, clock
        self._alone, self._telling = threading.Lock(), threading.Lock()
        self._seen: bytes | None = None
        self._failed: bytes | None = None
        self._index: Index | None = None
        self._live: Live | None = None
        self._slots: Slots = popular.read(self.folder)
        self._due = -float("inf")
        self.refresh()

    @property
    def slots(self) -> Slots:
        """What to ask now; looks for a newer version when ``every_seconds`` have passed."""
        if self._clock() >= self._due:
            # A damaged version is as damaged a second later, and reading all of it to see so takes its time.
            self.refresh(again=False)
        return self._slots

    @property
    def current(self) -> Slots:
        """What was to be asked when somebody last looked for a newer version: for whoever must not wait, where another thread asks ``slots``."""
        return self._slots

    @property
    def index(self) -> Index | None:
        """The version that answers, None while only what was popular can be shown."""
        return self._index

    @property
    def live(self) -> Live | None:
        """The version that answers with what happened since, to renew its trend or solve a product again; None without one.

        Who renews what is being switched at that moment renews it again: only orders and views go over to a later version.
        """
        return self._live

    def purchased(self, customer_id: str, product_ids: Sequence[str], day: date) -> bool:
        """Count an order at once; False for one that the index knows of, of products unknown to it, or without an index."""
        with self._telling:
            return self._live is not None and self._live.purchased(customer_id, tuple(product_ids), day)

    def viewed(self, customer_id: str, product_id: str) -> bool:
        """Count a look at a product at once; False for one that the index does not know, or without an index."""
        with self._telling:
            return self._live is not None and self._live.viewed(customer_id, product_id)

    def refresh(self, *, again: bool = True) -> None:
        """Look for a newer version now, and ``again`` at one that could not be read; never waits for another thread that looks."""
        if not self._alone.acquire(blocking=False):
            return
        try:
            self._due = self._clock() + self._every
            self._follow(again=again)
        finally:
            self._alone.release()

    def _follow(self, *, again: bool) -> None:
        told = None
        try:
            told = pointer(self.folder)
            if told == self._seen or (told == self._failed and not again):
                return
            index = open_index(self.folder, checked=self._checked)
        except RegularsError as error:
            self.error, self._failed = error, told
            if self._index is None:
                self._slots = popular.read(self.folder)
            return
        _warmed(index)
        # Whoever tells something waits for the switch, so that nothing is told to a version that has just been left.
        with self._telling:
            self._live = Live(index) if self._live is None else self._live.onto(index)
        self._index, self._slots = index, self._live
        self._seen, self._failed, self.error = told, None, None


def _warmed(index: Index) -> None:
    """Let what answers need of a whole catalogue be worked out before anybody waits for one."""
    index.for_customer("", k=1)
    index.cross_sell(index.catalogue.product_ids[:1], k=1)


def serve(folder: Path | str, *, every_seconds: float = 1.0, checked: bool = True) -> Served:
    """Serve a folder's index from now on; never raises for what is or is not in the folder."""
    return Served(folder, every_seconds=every_seconds, checked=checked)
