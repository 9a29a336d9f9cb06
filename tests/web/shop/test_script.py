"""The storefront script as it is built and served."""

from __future__ import annotations

import asyncio
import gzip
from typing import Any

import pytest

from regulars.web.edge import script
from regulars.web.edge.application import PATHS

"""One home for all of them."""

MOST_BYTES = 5_000


def test_what_the_build_makes_stays_small_and_needs_nothing() -> None:
    built = script.script()
    assert built, "run `make setup`: the front end is not built"
    assert len(gzip.compress(built, 9)) <= MOST_BYTES
    for forbidden in (
        b"innerHTML",
        b"eval(",
        b"new Function",
        b"document.write",
        b"document.cookie",
        b"insertAdjacentHTML",
    ):
        assert forbidden not in built, forbidden


def test_it_is_kept_by_browsers_until_it_changes() -> None:
    assert script.PATH in PATHS
    first = script.answer({})
    headers = dict(first.headers)
    assert first.status == 200
    assert first.body == script.script()
    packed = script.answer({b"accept-encoding": b"br, gzip"})
    assert dict(packed.headers)[b"content-encoding"] == b"gzip"
    assert gzip.decompress(packed.body) == first.body
    again = script.answer({b"if-none-match": headers[b"etag"]})
    assert (again.status, again.body) == (304, b"")
    assert script.answer({b"if-none-match": b'"another"'}).status == 200


@pytest.mark.parametrize(("method", "status"), [("GET", 200), ("HEAD", 200), ("POST", 405)])
def test_the_hot_path_serves_it_to_pages_of_any_origin(method: str, status: int) -> None:
    from regulars.web.edge.application import Application

    sent: list[dict[str, Any]] = []
    app = Application.__new__(Application)
    app.edge = type("Edge", (), {"origins": frozenset()})()  # type: ignore[assignment]
    scope = {
        "type": "http",
        "path": script.PATH,
        "method": method,
        "headers": [(b"origin", b"https://elsewhere.example"), (b"host", b"regulars.example")],
    }

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b""}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    asyncio.run(app(scope, receive, send))
    assert sent[0]["status"] == status
    assert (len(sent[1]["body"]) > 0) == (method != "HEAD")
