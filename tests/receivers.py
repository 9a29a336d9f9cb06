"""Programs that get webhooks, for tests: each notes what it heard and answers as it is told to."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Heard:
    """One request."""

    path: str
    headers: Mapping[str, str]
    body: bytes


Answer = Callable[[Heard, BaseHTTPRequestHandler], None]


def well(_: Heard, handler: BaseHTTPRequestHandler) -> None:
    """Say that it arrived."""
    handler.send_response(204)
    handler.end_headers()


def status(code: int, **headers: str) -> Answer:
    """Return what answers with a status."""

    def answer(_: Heard, handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(code)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    return answer


@contextmanager
def receiver(answer: Answer = well, tls: Any = None) -> Iterator[tuple[str, list[Heard]]]:
    """Listen on a free port of the loopback; yield the address and what was heard so far."""
    heard: list[Heard] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            found = Heard(self.path, {name.lower(): value for name, value in self.headers.items()}, body)
            heard.append(found)
            answer(found, self)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield f"http{'s' if tls else ''}://127.0.0.1:{server.server_port}/hooks?a=1", heard
    finally:
        server.shutdown()
        server.server_close()
