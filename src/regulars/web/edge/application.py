"""The hot path as one small ASGI application: collect, recommend, decide; no framework stands between socket and inbox."""

from __future__ import annotations

import gc
import logging
import os
import re
import sys
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from regulars.kit.errors import RegularsError
from regulars.web.edge import origins, refusals, script
from regulars.web.edge.asking import Asking
from regulars.web.edge.collecting import Collecting
from regulars.web.edge.commits import Commits
from regulars.web.edge.parts import Counts, Edge
from regulars.web.edge.reading import inflated
from regulars.web.edge.recommending import Recommending, deciding_of, question_of
from regulars.web.edge.replies import Headers, Reply, problem, reply

Scope = Mapping[str, Any]
Receive = Callable[[], Awaitable[Mapping[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

log = logging.getLogger(__name__)

_COLLECT = {f"/v1/{kind}": kind for kind in ("track", "identify", "page", "alias")}
_METHODS: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys([*_COLLECT, "/v1/batch", "/v1/decide"], ("POST",)),
    "/v1/recommend": ("GET", "POST"),
    "/healthz": ("GET", "HEAD"),
    script.PATH: ("GET", "HEAD"),
}
PATHS = frozenset(_METHODS)
"""The addresses that are answered here; others are somebody else's where several share a server."""
_OWN_ID = re.compile(rb"[\w.:/+=-]{1,128}", re.ASCII)
_READ_ON = 4
"""A body that is too long is read to at most so many times the limit, so that the refusal arrives before the connection ends."""

_SWITCH_SECONDS = 0.001
"""How long a thread may keep Python's lock from another that wants it: at five times as long, which is the habit, each step of a commit waits that
long while requests are read, and the requests for the commit."""


class HungUp(Exception):  # noqa: N818
    """Whoever asked is not there any more."""


class Application:
    """Answers requests; see :func:`application`."""

    def __init__(self, edge: Edge) -> None:
        self.edge, self.counts = edge, Counts()
        self._commits = Commits(edge.inbox, edge.limits, self.counts)
        self._asking = Asking(edge.limits, self.counts)
        self._collecting = Collecting(edge, self._commits, self._asking, self.counts)
        self._recommending = Recommending(edge, self._asking)
        self._stopping = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Speak ASGI 3."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http":
            await self._serve(scope, receive, send)
        else:
            await send({"type": "websocket.close", "code": 1000})

    async def stop(self) -> None:
        """Take nothing more; return when all that was taken is on disk and answered."""
        self._stopping = True
        await self._commits.close()
        await self._asking.close()

    async def _live(self, receive: Receive, send: Send) -> None:
        while True:
            kind = (await receive())["type"]
            if kind == "lifespan.startup":
                # What was loaded until here stays: looking through it for garbage again and again costs a fifth of the speed.
                gc.collect()
                gc.freeze()
                sys.setswitchinterval(_SWITCH_SECONDS)
            if kind == "lifespan.shutdown":
                await self.stop()
            await send({"type": f"{kind}.complete"})
            if kind == "lifespan.shutdown":
                return

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = dict(scope["headers"])
        request_id = _request_id(headers)
        named = (b"x-request-id", request_id.encode())
        cors: Headers = ()
        try:
            if scope["path"] != script.PATH:
                cors = origins.allowed(self.edge.origins, headers)
            found = await self._reply(scope, receive, headers, request_id, cors)
        except HungUp:
            return
        except RegularsError as error:
            found = problem(error, request_id, *_allow(error))
        except Exception:
            log.exception("request %s failed", request_id)
            found = problem(refusals.internal(), request_id)
        length = (b"content-length", str(len(found.body)).encode())
        start = [
            *found.headers,
            *(() if found.status == 204 else cors),
            *(() if found.status == 304 else (length,)),
            named,
        ]
        await send({"type": "http.response.start", "status": found.status, "headers": start})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else found.body})

    async def _reply(
        self, scope: Scope, receive: Receive, headers: Mapping[bytes, bytes], request_id: str, cors: Headers
    ) -> Reply:
        path, method = scope["path"], scope["method"]
        methods = _METHODS.get(path)
        if methods is None:
            raise refusals.no_path(path[:200])
        if method == "OPTIONS":
            return origins.preflight(cors)
        if method not in methods:
            raise refusals.no_method(method[:20], ", ".join(methods))
        if path == "/healthz":
            return self._health()
        if path == script.PATH:
            return script.answer(headers)
        # A question in the address has no body; asking for one would be a way to the socket's thread and back.
        body = b"" if method == "GET" else await self._body(headers, receive)
        kind = _COLLECT.get(path)
        if kind is not None:
            return await self._collecting.one(kind, body, headers, request_id)
        if path == "/v1/batch":
            return await self._collecting.batch(body, headers, request_id)
        if path == "/v1/decide":
            return await self._recommending.decide(deciding_of(body), headers)
        question = question_of(body, scope.get("query_string", b""), in_query=method == "GET")
        return await self._recommending.recommend(question, headers)

    async def _body(self, headers: Mapping[bytes, bytes], receive: Receive) -> bytes:
        """Return the whole body, unpacked; raises ``edge.too_large``."""
        limit = self.edge.limits.body_bytes
        parts: list[bytes] = []
        size, more = 0, True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise HungUp
            part, more = message.get("body", b""), message.get("more_body", False)
            size += len(part)
            if size <= limit:
                parts.append(part)
            elif size > _READ_ON * limit:
                break
        if size > limit:
            raise refusals.too_large(limit)
        body = parts[0] if len(parts) == 1 else b"".join(parts)
        return inflated(body, limit) if headers.get(b"content-encoding") == b"gzip" else body

    def _health(self) -> Reply:
        if self._stopping:
            raise refusals.stopping()
        return reply({"status": "ok", "waiting": self._commits.waiting})


def application(edge: Edge) -> Application:
    """Build the hot path from its parts; one for each process and event loop, built after the process was forked.

    ``POST /v1/track``, ``/v1/identify``, ``/v1/page``, ``/v1/alias`` and ``/v1/batch`` take events; ``GET`` or
    ``POST /v1/recommend`` answers slots, ``POST /v1/decide`` segments, ``GET /healthz`` whether it works; ``GET
    /regulars.js`` is the script for storefronts. On the lifespan's
    shutdown it waits for all commits; the inbox stays open, it belongs to whoever opened it.
    """
    return Application(edge)


def _request_id(headers: Mapping[bytes, bytes]) -> str:
    told = headers.get(b"x-request-id")
    return told.decode() if told is not None and _OWN_ID.fullmatch(told) else os.urandom(8).hex()


def _allow(error: RegularsError) -> Headers:
    return ((b"allow", str(error.values["allowed"]).encode()),) if error.code == "edge.method" else ()
