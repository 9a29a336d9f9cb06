"""The server that is measured: the edge as it is, over the inbox at ``BENCH_INBOX``; granian builds it in its worker."""

from __future__ import annotations

import os

from regulars.store.inbox import open_inbox
from regulars.web.edge import Application, Edge, WriteKey, application

KEY = "bench"


def make() -> Application:
    """Build the application with one write key."""
    keys = {KEY: WriteKey("bench", b"secret")}
    return application(Edge(inbox=open_inbox(os.environ["BENCH_INBOX"]), key_of=keys.get))
