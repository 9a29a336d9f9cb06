"""``regulars worker``: the background work of a server."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Any

from regulars.cli import options, parent
from regulars.kit import logs


@options.verb()
@options.home
@parent.option
@options.language
def worker(home: Path | None, with_parent: int | None, language: str) -> None:  # noqa: ARG001 - errors are told in it
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
    parent.follow(with_parent, stop)
    busy.run()
