"""One message over HTTP: to the address that was looked up and checked, within a time, reading no more than a little."""

from __future__ import annotations

import http.client
import io
import socket
import ssl
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from regulars.webhooks import rules

TIMEOUT_SECONDS = 15.0
"""For all of it: connecting, sending and reading, however slowly the other side dribbles."""
READ_BYTES = 64 << 10
"""Of an answer, headers included; nothing in it is kept."""
DRAIN_SECONDS = 2.0
"""For the words of an answer whose status is known."""
TRIED = 3
"""Addresses of one name."""
Resolve = Callable[[str, int], list[str]]


@dataclass(frozen=True, slots=True)
class Sent:
    """What came back: a status, or in one word why there is none."""

    status: int | None = None
    error: str = ""
    """``address``, ``unreachable``, ``tls``, ``timeout``, ``answer`` or ``secret``; ``status`` for an answer that is no success."""
    retry_after: timedelta | None = None

    @property
    def delivered(self) -> bool:
        """Whether the message arrived."""
        return not self.error


class RefusedAddressError(OSError):
    """A name leads to an address that may not be asked."""


class _Wire(io.RawIOBase):
    """A connection that ends at a moment and after so many bytes; http.client takes it for a socket."""

    def __init__(self, sock: socket.socket, ends: float) -> None:
        self._sock, self.ends, self._left = sock, ends, READ_BYTES

    def sendall(self, data: bytes) -> None:
        """Send everything, or time out."""
        self._sock.settimeout(self._remaining())
        self._sock.sendall(data)

    def makefile(self, *_: Any, **__: Any) -> io.BufferedReader:
        """Return what reads the answer."""
        return io.BufferedReader(self)

    def readable(self) -> bool:
        """Tell that this can be read."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read what has come; nothing more once it is enough."""
        self._sock.settimeout(self._remaining())
        count = self._sock.recv_into(buffer, min(len(buffer), self._left)) if self._left else 0
        self._left -= count
        return count

    def close(self) -> None:
        """Do nothing: http.client closes what it may still read. Whoever opened the connection ends it."""

    def _remaining(self) -> float:
        left = self.ends - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left


class _Pinned(http.client.HTTPConnection):
    """A connection to an address that was looked up before; the name is only told to the other side."""

    def __init__(
        self, host: str, port: int, addresses: list[str], tls: ssl.SSLContext | None, ends: float
    ) -> None:
        super().__init__(host, port)
        self._addresses, self._tls, self._ends = addresses, tls, ends
        self._open: socket.socket | None = None

    def connect(self) -> None:
        """Connect to the first address that answers."""
        for number, address in enumerate(self._addresses, 1):
            try:
                sock = socket.create_connection(
                    (address, self.port), max(self._ends - time.monotonic(), 0.01)
                )
                break
            except OSError:
                if number == len(self._addresses):
                    raise
        if self._tls is not None:
            try:
                sock = self._tls.wrap_socket(sock, server_hostname=self.host)
            except BaseException:
                sock.close()
                raise
        self._open = sock
        self.wire = _Wire(sock, self._ends)
        self.sock: Any = self.wire

    def end(self) -> None:
        """End the connection."""
        if self._open is not None:
            self._open.close()


def addresses(host: str, port: int) -> list[str]:
    """Look a name up."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(each[4][0]) for each in found))


def post(
    url: str,
    headers: Mapping[str, str],
    body: bytes,
    *,
    private: bool = False,
    timeout_seconds: float = TIMEOUT_SECONDS,
    resolve: Resolve = addresses,
    tls: ssl.SSLContext | None = None,
) -> Sent:
    """Send a message; follows nobody elsewhere and keeps nothing of the answer but its status.

    ``private`` allows addresses of this machine and its network. Never raises for what the other side does.
    """
    ends = time.monotonic() + timeout_seconds
    try:
        return _answer(_asked(url, headers, body, private, ends, resolve, tls))
    except RefusedAddressError:
        return Sent(error="address")
    except TimeoutError:
        return Sent(error="timeout")
    except ssl.SSLError:
        return Sent(error="tls")
    except OSError:
        return Sent(error="unreachable")
    except (http.client.HTTPException, ValueError):
        return Sent(error="answer")


def _asked(
    url: str,
    headers: Mapping[str, str],
    body: bytes,
    private: bool,
    ends: float,
    resolve: Resolve,
    tls: ssl.SSLContext | None,
) -> http.client.HTTPResponse:
    told = urlsplit(url)
    host, secure = told.hostname or "", told.scheme == "https"
    port = told.port or (443 if secure else 80)
    found = resolve(host, port)[:TRIED]
    if not private:
        _checked(found)
    context = (tls or ssl.create_default_context()) if secure else None
    connection = _Pinned(host, port, found, context, ends)
    try:
        path = (told.path or "/") + (f"?{told.query}" if told.query else "")
        given = {"Content-Type": "application/json", "User-Agent": "Regulars", "Connection": "close"}
        connection.request("POST", path, body, given | dict(headers))
        answer = connection.getresponse()
        # Its words are read, so that nobody sees a broken connection, and forgotten. The status is what counts, whatever follows it.
        connection.wire.ends = min(ends, time.monotonic() + DRAIN_SECONDS)
        with suppress(OSError, http.client.HTTPException):
            answer.read()
        return answer
    finally:
        connection.end()


def _checked(found: list[str]) -> None:
    """Raise where one of a name's addresses is not public: whoever names both may mean the other one."""
    for each in found:
        literal = rules.address(each)
        if literal is None or not rules.public(literal):
            raise RefusedAddressError


def _answer(answer: http.client.HTTPResponse) -> Sent:
    told = answer.headers.get("Retry-After", "")
    after = timedelta(seconds=int(told)) if told.isascii() and told.isdigit() and len(told) < 8 else None
    error = "" if 200 <= answer.status < 300 else "status"
    return Sent(answer.status, error, after)
