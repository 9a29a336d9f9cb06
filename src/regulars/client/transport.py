"""Asks the server, and asks again where waiting helps; a change keeps its key, so that it is made once however often it is sent."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import quote, urlencode, urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener
from uuid import uuid4

from regulars.client.errors import ApiError

AGAIN = frozenset([429, 503])
IN_PROGRESS = "api.in_progress"
LONGEST_WAIT_SECONDS = 30.0


@dataclass(frozen=True)
class Reply:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    body: bytes


Send = Callable[[Request, float], Reply]


class _Stay(HTTPRedirectHandler):
    """Follows nobody elsewhere: a key is for one server."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        """Refuse."""


def send(request: Request, timeout_seconds: float) -> Reply:
    """Send a request; raises ``OSError`` where no server answers."""
    try:
        with build_opener(_Stay).open(request, timeout=timeout_seconds) as answer:
            return Reply(answer.status, {k.lower(): v for k, v in answer.headers.items()}, answer.read())
    except HTTPError as error:
        with error:
            return Reply(error.code, {k.lower(): v for k, v in error.headers.items()}, error.read())
    except URLError as error:
        raise OSError(str(error.reason)) from error


class Transport:
    """One server, one key."""

    def __init__(
        self,
        base_url: str,
        key: str,
        *,
        tries: int = 5,
        timeout_seconds: float = 30.0,
        sending: Send = send,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        if urlsplit(base_url).scheme not in ("http", "https"):
            msg = f"A server's address begins with http:// or https://, unlike {base_url!r}."
            raise ValueError(msg)
        self._base, self._key = base_url.rstrip("/"), key
        self._tries, self._timeout = max(tries, 1), timeout_seconds
        self._send, self._sleep = sending, sleep

    def ask(
        self,
        method: str,
        *path: str,
        query: Mapping[str, Any] | None = None,
        body: Any = None,
        once: str | None = None,
    ) -> Any:
        """Return what the server answers; raises :class:`ApiError` for a problem, ``OSError`` where no server answers.

        ``path`` are its parts, each quoted; ``once`` is the key of a change, by default a new one.
        """
        request = self._request(method, path, query, body, once)
        for turn in range(1, self._tries + 1):
            last = turn == self._tries
            try:
                reply = self._send(request, self._timeout)
            except OSError:
                if last:
                    raise
                self._sleep(_backoff(turn))
                continue
            if reply.status < 400:
                return json.loads(reply.body) if reply.body else None
            error = ApiError(reply.status, _problem(reply))
            if last or not (reply.status in AGAIN or error.code == IN_PROGRESS):
                raise error
            self._sleep(_wait(reply, turn))
        raise AssertionError  # the last turn returns or raises

    def _request(
        self,
        method: str,
        path: tuple[str, ...],
        query: Mapping[str, Any] | None,
        body: Any,
        once: str | None,
    ) -> Request:
        told = {name: value for name, value in (query or {}).items() if value is not None}
        address = "/".join([self._base, "v1", *(quote(part, safe="") for part in path)])
        headers = {"Authorization": f"Bearer {self._key}", "Accept": "application/json"}
        data = None
        if method != "GET":
            headers["Idempotency-Key"] = once or uuid4().hex
        if body is not None:
            data = json.dumps(body, allow_nan=False).encode()
            headers["Content-Type"] = "application/json"
        return Request(  # noqa: S310 (its scheme was checked)
            f"{address}?{urlencode(told)}" if told else address, data, headers, method=method
        )


def _problem(reply: Reply) -> dict[str, Any]:
    try:
        told = json.loads(reply.body)
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


def _wait(reply: Reply, turn: int) -> float:
    told = reply.headers.get("retry-after", "")
    return min(float(told), LONGEST_WAIT_SECONDS) if told.isdigit() else _backoff(turn)


def _backoff(turn: int) -> float:
    """Wait longer each time, and not all at the same moment."""
    return min(0.2 * 2**turn, LONGEST_WAIT_SECONDS) * random.uniform(0.5, 1.0)  # noqa: S311
