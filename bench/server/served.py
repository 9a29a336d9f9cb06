"""The server that is measured: the edge as it is, over the inbox at ``BENCH_INBOX``; granian builds it in its worker."""

from __future__ import annotations

import os

from regulars.store.inbox import open_inbox
from regulars.web.edge import Application, Edge, WriteKey, application
from regulars.web.edge.application import Receive, Scope, Send

KEY = "bench"


def make() -> Application:
    """Build the application with one write key."""
    keys = {KEY: WriteKey("bench", b"secret")}
    return application(Edge(inbox=open_inbox(os.environ["BENCH_INBOX"]), key_of=keys.get))


async def nothing(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer without having looked: what the way through the server costs on this machine, now."""
    if scope["type"] == "lifespan":
        for _ in range(2):
            await send({"type": f"{(await receive())['type']}.complete"})
        return
    await receive()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"ok"})
