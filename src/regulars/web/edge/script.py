"""The storefront script, as the front-end's build made it: read once, kept packed, known by its content."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Mapping
from functools import cache
from importlib import resources

from regulars.web.edge.refusals import no_path
from regulars.web.edge.replies import Reply

PATH = "/regulars.js"
_NAME = "regulars.js"
# An hour, then asked for again by its tag: an upgrade of the server reaches every page within that.
_CACHED = b"public, max-age=3600, stale-while-revalidate=86400"


@cache
def script() -> bytes:
    """Return the script; empty where the front end was not built."""
    try:
        return (resources.files("regulars.web.edge") / "assets" / _NAME).read_bytes()
    except FileNotFoundError:
        return b""


@cache
def packed() -> bytes:
    """Return the script as it travels, in gzip."""
    return gzip.compress(script(), 9, mtime=0)


@cache
def tag() -> bytes:
    """Return the entity tag: another script has another one."""
    return b'"%s"' % hashlib.sha256(script()).hexdigest()[:20].encode()


def answer(headers: Mapping[bytes, bytes]) -> Reply:
    """Return the script, or that the browser has it already; raises ``edge.path`` where it was never built."""
    if not script():
        raise no_path(PATH)
    zipped = b"gzip" in headers.get(b"accept-encoding", b"")
    named = (
        (b"etag", tag()),
        (b"cache-control", _CACHED),
        (b"vary", b"Accept-Encoding"),
        # Pages of other origins load it; what it does there is for the door of events to judge.
        (b"cross-origin-resource-policy", b"cross-origin"),
        (b"access-control-allow-origin", b"*"),
    )
    if tag() in headers.get(b"if-none-match", b""):
        return Reply(304, b"", named)
    kind = ((b"content-type", b"text/javascript; charset=utf-8"), (b"x-content-type-options", b"nosniff"))
    if zipped:
        return Reply(200, packed(), (*kind, *named, (b"content-encoding", b"gzip")))
    return Reply(200, script(), (*kind, *named))
