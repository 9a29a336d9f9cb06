"""Speaks ASGI to the edge without a server: one call a request, and an inbox in memory that can be held up."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from regulars.store.inbox import Claim, Event, Waiting
from regulars.web.edge import Application, Edge, WriteKey, application

NOW = 1_750_000_000_000_000
"""2025-06-15T15:06:40Z."""
KEYS = {
    "page": WriteKey("web", b"secret"),
    "server": WriteKey("backend", b"other", trusted=True),
}
BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"


class Kept:
    """An inbox in memory; ``before`` is called with the events of every commit and may wait or raise."""

    def __init__(self, before: Callable[[Sequence[Event]], None] = lambda events: None) -> None:
        self.events: list[Event] = []
        self.commits: list[int] = []
        self.before = before
        self.begun = threading.Event()

    def append(self, events: Sequence[Event]) -> int | None:
        self.begun.set()
        self.before(events)
        self.events += events
        self.commits.append(len(events))
        return len(events)

    def claim(self, limit: int = 0) -> Claim | None:
        raise NotImplementedError

    def done(self, number: int) -> None:
        raise NotImplementedError

    def waiting(self) -> Waiting:
        return Waiting(len(self.events), None)

    def close(self) -> None:
        pass


@dataclass
class Told:
    """An answer."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def edge(**more: Any) -> Edge:
    """Return an edge with an inbox in memory and a clock that stands still."""
    settings: dict[str, Any] = {"inbox": Kept(), "key_of": KEYS.get, "clock": lambda: NOW}
    return Edge(**(settings | more))


async def ask(
    app: Application,
    method: str,
    path: str,
    body: Any = b"",
    *,
    key: str | None = "page",
    parts: int = 1,
    **headers: str,
) -> Told:
    """Send one request; ``body`` is bytes or becomes JSON, in as many parts as asked for."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    named = {"host": "edge.example", "user-agent": BROWSER, **({"x-write-key": key} if key else {})}
    named |= {name.replace("_", "-"): value for name, value in headers.items()}
    path, _, query = path.partition("?")
    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "query_string": query.encode(),
        "headers": [(name.encode(), value.encode("latin-1")) for name, value in named.items()],
    }
    step = max(-(-len(raw) // parts), 1)
    pieces = [raw[start : start + step] for start in range(0, len(raw), step)] or [b""]
    told = Told()

    async def receive() -> dict[str, Any]:
        if not pieces:
            return {"type": "http.disconnect"}
        piece = pieces.pop(0)
        return {"type": "http.request", "body": piece, "more_body": bool(pieces)}

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            told.status = message["status"]
            told.headers = {name.decode(): value.decode("latin-1") for name, value in message["headers"]}
        else:
            told.body += message["body"]

    await app(scope, receive, send)
    if told.body or method != "HEAD":
        assert int(told.headers["content-length"]) == len(told.body)
    return told


def once(settings: Edge, *request: Any, **more: Any) -> Told:
    """Send one request to a new edge and stop it."""

    async def work() -> Told:
        app = application(settings)
        try:
            return await ask(app, *request, **more)
        finally:
            await app.stop()

    return asyncio.run(work())


def kept(body: Any, path: str = "/v1/track", **more: Any) -> Event:
    """Return the one event that a body becomes."""
    settings = edge()
    told = once(settings, "POST", path, body, **more)
    assert told.status == 200, told.body
    (event,) = settings.inbox.events  # type: ignore[attr-defined]
    return event  # type: ignore[no-any-return]
