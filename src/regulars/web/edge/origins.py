"""Which pages may send and ask, and how a browser is told (CORS)."""

from __future__ import annotations

from collections.abc import Container, Mapping

from regulars.web.edge.refusals import no_origin
from regulars.web.edge.replies import Headers, Reply

_ALLOWED: Headers = (
    (b"access-control-allow-methods", b"GET, POST, OPTIONS"),
    (
        b"access-control-allow-headers",
        b"authorization, content-type, x-write-key, x-signature, x-request-id",
    ),
    (b"access-control-max-age", b"86400"),
)
_EXPOSED = (b"access-control-expose-headers", b"x-request-id, retry-after")


def allowed(origins: Container[str], headers: Mapping[bytes, bytes]) -> Headers:
    """Return what a browser is told of a page that may use this server; raises ``edge.origin`` for one that may not.

    Whoever is no page of a browser names no origin. A page of this very server may always.
    """
    told = headers.get(b"origin")
    if told is None:
        return ()
    origin = told.decode("latin-1")
    host = headers.get(b"host", b"").decode("latin-1")
    own = bool(host) and origin.partition("://")[2] == host
    if own or origin in origins:
        return ((b"access-control-allow-origin", told), (b"vary", b"Origin"), _EXPOSED)
    if "*" in origins:
        return ((b"access-control-allow-origin", b"*"), _EXPOSED)
    raise no_origin(origin[:200])


def preflight(cors: Headers) -> Reply:
    """Return the answer to a browser that asks before it sends."""
    return Reply(204, b"", (*cors, *_ALLOWED))
