"""Commands that another process of ours began end with it, however that one went."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable

import click

option = click.option("--with-parent", type=int, hidden=True, metavar="PID")
"""The number of the process that began the command."""


def follow(parent: int | None, stop: Callable[[], None]) -> None:
    """Call ``stop`` when the parent is gone; nothing where there is none to follow."""
    if parent is not None:
        threading.Thread(target=_watch, args=(parent, stop), daemon=True).start()


def end() -> None:
    """End this process as if it had been asked to."""
    os.kill(os.getpid(), signal.SIGTERM)


def _watch(parent: int, stop: Callable[[], None]) -> None:
    while os.getppid() == parent:
        time.sleep(1.0)
    stop()
