"""Something that is done again and again in a process: it waits longer each time that it fails, and goes on."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from django.db import close_old_connections, connections

from regulars.kit.errors import RegularsError

log = logging.getLogger(__name__)

LONGEST_PAUSE_SECONDS = 300.0


class Rounds:
    """Calls ``once`` until it is told to stop; where that returns true there is more to do at once."""

    def __init__(self, name: str, once: Callable[[], bool], pause_seconds: float) -> None:
        self.name, self._once, self._pause = name, once, pause_seconds
        self._failures = 0

    def step(self) -> float:
        """Do it once; return how many seconds to wait before the next time: after failures twice as long each time."""
        close_old_connections()
        try:
            more = self._once()
        except Exception as error:  # what failed is tried again, and nothing of it is lost
            self._failures += 1
            pause = min(self._pause * 2.0 ** min(self._failures, 20), LONGEST_PAUSE_SECONDS)
            log.warning("the worker's %s wait %s s: %s", self.name, round(pause), told(error))
            return pause
        self._failures = 0
        return 0.0 if more else self._pause

    def run(self, stopped: threading.Event) -> None:
        """Do it until stopped."""
        while not stopped.is_set():
            stopped.wait(self.step())

    def beside(self, stopped: threading.Event) -> threading.Thread:
        """Do it until stopped, in a thread of its own."""

        def work() -> None:
            try:
                self.run(stopped)
            finally:
                connections.close_all()

        thread = threading.Thread(target=work, name=f"regulars-{self.name}", daemon=True)
        thread.start()
        return thread


def told(error: BaseException) -> str:
    """Return what to write to a log of an error: its code, or its kind; never what a person's data might be in."""
    return error.code if isinstance(error, RegularsError) else type(error).__name__
