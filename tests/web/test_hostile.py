"""Whatever is sent, the answer is a refusal that names itself or an acknowledgement that holds, never a mistake of ours."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.web.asking import NOW, Kept, Told, ask, edge

from regulars.store.inbox import Event, open_inbox
from regulars.web.edge import application

PATHS = ["/v1/track", "/v1/identify", "/v1/page", "/v1/alias", "/v1/batch", "/v1/recommend", "/v1/decide"]
FIELDS = [
    "type", "messageId", "anonymousId", "userId", "previousId", "sessionId", "timestamp", "sentAt", "event", "name",
    "properties", "traits", "context", "writeKey", "batch", "slot", "customer", "product", "products", "cart", "k", "signature",
    "page", "url", "consent", "analytics", "categoryPreferences", "campaign", "userAgent", "product_id", "order_id", "value",
]  # fmt: skip
leaves = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
    | st.sampled_from(
        ["track", "page", "a", "\0", "2025-06-01", "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59",
         "Order Completed", "for_you", "similar", "x" * 300, 1e308, -1e308, 10**400, -(10**19), 2**63, 2**64]
    )
)  # fmt: skip
values = st.recursive(
    leaves,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(FIELDS) | st.text(max_size=5), inner, max_size=6)
    ),
    max_leaves=12,
)
objects = st.dictionaries(st.sampled_from(FIELDS), values, max_size=10)
likely = st.fixed_dictionaries(
    {"anonymousId": st.just("a"), "event": leaves},
    optional={
        "messageId": leaves,
        "userId": leaves,
        "timestamp": leaves,
        "sentAt": leaves,
        "properties": objects,
        "traits": objects,
        "context": st.fixed_dictionaries({}, optional={"page": objects, "campaign": objects}),
    },
)
bodies = (
    objects
    | likely
    | likely.map(lambda one: {"batch": [{**one, "type": "track"}, {**one, "type": "page"}]})
    | st.lists(values, max_size=3).map(lambda all_: {"batch": all_})
    | values
)


def sent(path: str, body: bytes, **headers: str) -> tuple[Told, list[Event]]:
    async def work() -> Told:
        app = application(edge(inbox=inbox))
        try:
            return await ask(app, "POST", path, body, **headers)
        finally:
            await app.stop()

    inbox = Kept()
    return asyncio.run(work()), inbox.events


def check(told: Told, events: list[Event]) -> None:
    assert told.status in {200, 400, 413}, told.body
    if told.status != 200:
        assert told.json["code"] != "internal"
        assert not events
    for event in events:
        for cell in event:
            assert not isinstance(cell, str) or "\0" not in cell
            assert not isinstance(cell, str) or cell.encode()
        assert all(len(cell) <= 200 for cell in event[:6] if cell is not None)
        assert event.event_id
        assert 631_152_000_000_000 <= event.occurred_at <= event.received_at == NOW
        assert isinstance(json.loads(event.properties), dict)
        assert event.value is None or abs(event.value) < float("inf")


@settings(max_examples=120)
@given(st.sampled_from(PATHS), bodies)
@example("/v1/track", {"anonymousId": "a", "event": "x", "properties": {"product_id": 10**400}})
@example("/v1/track", {"anonymousId": 10**5000, "event": "x"})
@example("/v1/track", {"anonymousId": "a", "event": "x", "timestamp": 10**400})
@example("/v1/recommend", {"slot": "trending", "k": 10**30})
def test_any_json_is_answered(path, body):
    sys.set_int_max_str_digits(0)
    try:
        raw = json.dumps(body).encode()
    finally:
        sys.set_int_max_str_digits(4300)
    check(*sent(path, raw))


@settings(max_examples=40)
@given(st.sampled_from(PATHS), st.binary(max_size=200))
@example("/v1/track", b'{"anonymousId":"a","event":"\\ud800"}')
@example("/v1/track", b'{"anonymousId":"a","event":"x","properties":' + b'{"a":' * 4000 + b"1" + b"}" * 4001)
@example("/v1/batch", b'{"batch":[' + b"[" * 100_000)
@example("/v1/batch", b'{"batch":[{"type":"page","anonymousId":"a","name":"\xff"}]}')
@example("/v1/track", b'{"anonymousId":"a","event":"x","properties":{"a":1e999}}')
def test_any_bytes_are_answered(path, body):
    check(*sent(path, body))


@settings(max_examples=40)
@given(
    st.dictionaries(
        st.sampled_from(
            ["authorization", "x_signature", "x_request_id", "user_agent", "content_encoding", "host"]
        ),
        st.text(st.characters(max_codepoint=255, exclude_characters="\r\n"), max_size=30)
        | st.sampled_from(["gzip", "Basic", "Basic Og==", "Basic /w=="]),
    )
)
def test_any_headers_are_answered(headers):
    body = json.dumps({"anonymousId": "a", "userId": "u", "event": "x"}).encode()
    told, events = sent("/v1/track", body, **headers)
    check(told, events)


@settings(max_examples=50)
@given(st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=60))
@example("slot=similar&product=%ff%00&k=5")
@example("k=" + "9" * 5000)
@example("slot=trending&cart=" + ",".join("a" * 101))
def test_any_query_is_answered(query):
    async def work() -> Told:
        app = application(edge())
        try:
            return await ask(app, "GET", f"/v1/recommend?{query}")
        finally:
            await app.stop()

    check(asyncio.run(work()), [])


@settings(max_examples=40)
@given(st.lists(likely, min_size=1, max_size=5))
def test_the_inbox_takes_whatever_was_acknowledged(told):
    """A real file: no event that passes the door may fail in the table."""

    async def work() -> int:
        app = application(edge(inbox=inbox))
        body = {"batch": [{**one, "type": "track"} for one in told]}
        answer = await ask(app, "POST", "/v1/batch", body)
        await app.stop()
        return answer.json["accepted"] if answer.status == 200 else 0

    inbox = open_inbox(":memory:")
    accepted = asyncio.run(work())
    claim = inbox.claim()
    assert bool(claim) == bool(accepted)
    inbox.close()


def test_the_edge_loads_neither_a_framework_nor_an_engine():
    code = "import sys, regulars.web.edge; print([m for m in ('django', 'duckdb', 'ibis', 'pandas') if m in sys.modules])"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"


@pytest.mark.parametrize("path", PATHS)
def test_every_address_says_no_to_strangers(path):
    async def work() -> Told:
        app = application(edge())
        try:
            return await ask(app, "POST", path, {"batch": [], "anonymousId": "a", "event": "x"}, key=None)
        finally:
            await app.stop()

    assert asyncio.run(work()).status == 401
