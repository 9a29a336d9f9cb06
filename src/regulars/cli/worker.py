"""``regulars worker``: the background work of a server."""

from __future__ import annotations

import os
import signal
import threading
import time
from pathlib import Path
from typing import Any

import click

from regulars.cli import options
from regulars.kit import logs


@options.verb()
@options.home
@click.option("--with-parent", is_flag=True, hidden=True)
@options.language
def worker(home: Path | None, with_parent: bool, language: str) -> None:  # noqa: ARG001 - errors are told in it
    """Bring events and orders to the lake within seconds, refresh once a night, do jobs and send webhooks, until stopped.

    Several workers may share the work of one server: each thing is done by one of them.
    """
    from regulars.runtime.home import open_home

    settings = open_home(home)
    logs.configure(settings.log)
    from regulars.runtime.worker import Worker

    busy = Worker(settings)

    def stop(*_: Any) -> None:
        busy.stop()

    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, stop)
    if with_parent:
        threading.Thread(target=_follow, args=(os.getppid(), stop), daemon=True).start()
    busy.run()


def _follow(parent: int, stop: Any) -> None:
    """Stop when the process that began this one is gone, however it went."""
    while os.getppid() == parent:
        time.sleep(1.0)
    stop()
