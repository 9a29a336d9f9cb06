"""A real server in a process of its own, and a crowd of trackers that note what was acknowledged."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def make() -> object:
    """Build the application in the worker process; granian calls this."""
    from tests.web.asking import KEYS

    from regulars.store.inbox import open_inbox
    from regulars.web.edge import Edge, application

    return application(Edge(inbox=open_inbox(os.environ["EDGE_INBOX"]), key_of=KEYS.get))


@dataclass
class Server:
    """A server that runs."""

    process: subprocess.Popen[bytes]
    port: int

    def kill(self) -> None:
        """End it and its workers at once, as a power cut would."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(10)

    def stop(self) -> int:
        """Ask it to end and return its exit code."""
        self.process.terminate()
        return self.process.wait(20)


@contextmanager
def server(inbox: str, workers: int = 1) -> Iterator[Server]:
    """Run a server on a free port of the loopback until the block ends."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [
        sys.executable, "-m", "granian", "--interface", "asgi", "--factory", "tests.web.serving:make",
        "--host", "127.0.0.1", "--port", str(port), "--workers", str(workers), "--no-ws", "--log-level", "error",
    ]  # fmt: skip
    environment = os.environ | {"EDGE_INBOX": inbox, "PYTHONPATH": f"{ROOT}:{ROOT / 'src'}"}
    process = subprocess.Popen(command, cwd=ROOT, env=environment, start_new_session=True)
    try:
        _wait(port, process)
        yield Server(process, port)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(10)


def _wait(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        assert process.poll() is None, "the server ended"
        try:
            told = HTTPConnection("127.0.0.1", port, timeout=5)
            told.request("GET", "/healthz")
            assert told.getresponse().status == 200
            return
        except OSError:
            time.sleep(0.05)
    raise TimeoutError("the server does not answer")


@dataclass
class Crowd:
    """Trackers that each send one batch after the other, and again what was not acknowledged."""

    port: int
    acknowledged: set[str] = field(default_factory=set)
    sent: set[str] = field(default_factory=set)
    again: list[list[str]] = field(default_factory=list)
    """Batches sent of which no answer came: nobody knows whether they are kept."""
    statuses: set[int] = field(default_factory=set)
    stop: bool = False

    async def run(self, trackers: int, prefix: str) -> None:
        """Send until ``stop``, or until the server is gone."""
        await asyncio.gather(*[self._tracker(f"{prefix}-{number}") for number in range(trackers)])

    async def _tracker(self, name: str) -> None:
        turn, ids = 0, []
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
            while not self.stop:
                ids = self.again.pop() if self.again else [f"{name}-{turn}-{event}" for event in range(10)]
                turn += 1
                self.sent.update(ids)
                status = await _post(reader, writer, ids)
                self.statuses.add(status)
                if status == 200:
                    self.acknowledged.update(ids)
                else:
                    self.again.append(ids)
                ids = []
                if status == 503:
                    break
            writer.close()
        except (OSError, asyncio.IncompleteReadError):
            if ids:
                self.again.append(ids)


async def _post(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, ids: list[str]) -> int:
    events = [
        {
            "type": "track",
            "messageId": one,
            "anonymousId": "a",
            "event": "Product Viewed",
            "properties": {"product_id": "p1"},
        }
        for one in ids
    ]
    body = json.dumps({"batch": events}).encode()
    head = f"POST /v1/batch HTTP/1.1\r\nHost: x\r\nX-Write-Key: page\r\nContent-Length: {len(body)}\r\n\r\n"
    writer.write(head.encode() + body)
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
    length = int(head.partition("content-length: ")[2].partition("\r\n")[0])
    await reader.readexactly(length)
    return int(head.split(" ", 2)[1])
