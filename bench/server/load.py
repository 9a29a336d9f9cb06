"""A small load generator: requests over kept connections, at a steady rate or as fast as they are answered."""

from __future__ import annotations

import asyncio
import os
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count

EVENTS = 10
CONNECTIONS = 64
_EVENT = (
    b'{"type":"track","messageId":"%b","anonymousId":"visitor-%d","event":"Product Viewed","timestamp":"2025-06-01T12:00:00.000Z",'
    b'"properties":{"product_id":"product-%d","price":19.9,"currency":"EUR"},'
    b'"context":{"page":{"url":"https://shop.example/products/%d"},"sessionId":"session-%d"}}'
)
_HEAD = (
    b"POST /v1/batch HTTP/1.1\r\nHost: edge.example\r\nX-Write-Key: bench\r\nContent-Type: application/json\r\n"
    b"User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0\r\nContent-Length: %d\r\n\r\n"
)


@dataclass
class Outcome:
    """What one run came to; seconds."""

    seconds: float = 0.0
    sent: int = 0
    delays: list[float] = field(default_factory=list)
    """From the moment a request was due, not from when it could be sent: a server that is behind does not look quick."""
    refused: int = 0
    acknowledged: int = 0

    @property
    def rate(self) -> float:
        """Events acknowledged a second."""
        return self.acknowledged / self.seconds

    def quantile(self, share: float) -> float:
        """Return the delay that a share of requests did not exceed."""
        return sorted(self.delays)[min(int(len(self.delays) * share), len(self.delays) - 1)]


class _Connection(asyncio.Protocol):
    """One kept connection with at most one request on its way."""

    def __init__(self, load: Load) -> None:
        self.load, self.held, self.due = load, b"", 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def send(self, due: float) -> None:
        self.due = due
        self.load.outcome.sent += self.load.each
        self.transport.write(self.load.request())

    def data_received(self, data: bytes) -> None:
        self.held += data
        head, _, body = self.held.partition(b"\r\n\r\n")
        lower = head.lower()
        if b"content-length: " not in lower:
            return
        if len(body) < int(lower.partition(b"content-length: ")[2].partition(b"\r\n")[0]):
            return
        self.held = b""
        self.load.answered(self, head.split(b" ", 2)[1] == b"200")

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        self.load.lost += not self.load.over


class Load:
    """One run against a port of the loopback: events in batches of ten."""

    each = EVENTS
    """What one request counts for."""

    def __init__(self, port: int) -> None:
        self.port, self.outcome, self.over, self.lost = port, Outcome(), False, 0
        self._numbers, self._run = count(), os.urandom(6).hex().encode()
        self._free: deque[_Connection] = deque()
        self._due: deque[float] = deque()
        self._closed_loop = False

    def request(self) -> bytes:
        """Return a request that no other is like."""
        events = []
        for number in (next(self._numbers) for _ in range(EVENTS)):
            name = b"%b-%x-%x" % (self._run, number * 2654435761 % 2**32, number)
            events.append(_EVENT % (name, number % 997, number % 313, number % 313, number % 97))
        body = b'{"batch":[' + b",".join(events) + b"]}"
        return _HEAD % len(body) + body

    def answered(self, connection: _Connection, kept: bool) -> None:
        """Note an answer and give the connection the next request that is due."""
        now, outcome = time.perf_counter(), self.outcome
        outcome.delays.append(now - connection.due)
        outcome.acknowledged += self.each if kept else 0
        outcome.refused += not kept
        if self._due:
            connection.send(self._due.popleft())
        elif self._closed_loop and not self.over:
            connection.send(now)
        else:
            self._free.append(connection)

    async def run(self, seconds: float, rate: float | None) -> Outcome:
        """Send ``rate`` events a second, None for as many as are answered; ends by itself."""
        loop = asyncio.get_running_loop()
        for _ in range(CONNECTIONS):
            _, connection = await loop.create_connection(lambda: _Connection(self), "127.0.0.1", self.port)
            self._free.append(connection)
        began = time.perf_counter()
        await (self._steadily(began, seconds, rate / self.each) if rate else self._flat_out(seconds))
        self.over = True
        while len(self._free) < CONNECTIONS - self.lost and time.perf_counter() < began + seconds + 10:
            await asyncio.sleep(0.005)
        self.outcome.seconds = time.perf_counter() - began
        for connection in self._free:
            connection.transport.close()
        if self.lost:
            raise RuntimeError(f"{self.lost} connections were lost")
        return self.outcome

    async def _steadily(self, began: float, seconds: float, rate: float) -> None:
        for number in range(int(seconds * rate)):
            due = began + number / rate
            wait = due - time.perf_counter()
            if wait > 0:
                await asyncio.sleep(wait)
            elif number % 20 == 0:
                await asyncio.sleep(0)
            if self._free:
                self._free.popleft().send(due)
            else:
                self._due.append(due)

    async def _flat_out(self, seconds: float) -> None:
        self._closed_loop = True
        while self._free:
            self._free.popleft().send(time.perf_counter())
        await asyncio.sleep(seconds)


class Asked(Load):
    """Questions that are made beforehand, one after another."""

    each = 1

    def __init__(self, port: int, questions: Sequence[bytes]) -> None:
        super().__init__(port)
        self._questions = questions

    def request(self) -> bytes:
        """Return the next question."""
        return self._questions[next(self._numbers) % len(self._questions)]
