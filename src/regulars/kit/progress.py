"""Say what is going on once it takes longer than two seconds, on standard error and only to a terminal."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from regulars.kit.i18n import fill, spoken

PATIENCE_SECONDS = 2.0


@contextmanager
def stage(title: str, *, share: Callable[[], float | None] | None = None, **values: object) -> Iterator[None]:
    """Show ``title``, a marked message, with the elapsed time (and ``share()`` done, 0..1, if known) while the block runs."""
    if not sys.stderr.isatty():
        yield
        return
    title = fill(title, values, spoken())
    done = threading.Event()
    started = time.monotonic()

    def speak() -> None:
        if done.wait(PATIENCE_SECONDS):
            return
        while not done.wait(0.25):
            part = share() if share else None
            percent = f" {part:.0%}" if part is not None and 0 <= part <= 1 else ""
            sys.stderr.write(f"\r\x1b[2K{title}{percent} · {time.monotonic() - started:.0f} s")
            sys.stderr.flush()
        sys.stderr.write("\r\x1b[2K")
        sys.stderr.flush()

    speaker = threading.Thread(target=speak, daemon=True)
    speaker.start()
    try:
        yield
    finally:
        done.set()
        speaker.join()
