"""Events as Segment's libraries send them become rows of the inbox; what is wrong is named by what and where."""

from __future__ import annotations

import base64
import gzip
import json

import pytest
from tests.web.asking import NOW, edge, kept, once

from regulars.web.edge import Limits, signature
from regulars.web.edge.events import TYPES

VIEW = {"anonymousId": "a1", "event": "Product Viewed", "properties": {"product_id": "p1"}}


def test_a_whole_event_arrives():
    event = kept(
        {
            "messageId": "m1",
            "anonymousId": "a1",
            "userId": "ada",
            "event": "Order Completed",
            "timestamp": "2025-06-15T17:00:00+02:00",
            "properties": {
                "order_id": 1001,
                "revenue": "25.50",
                "products": [{"product_id": "p1"}, {"product_id": "p2"}],
            },
            "context": {
                "page": {"url": "https://shop.example/thanks", "referrer": "https://search.example/"},
                "sessionId": "s1",
                "campaign": {"source": "mail", "name": "june", "odd": 1},
                "signature": signature(b"secret", "ada"),
                "ip": "10.0.0.1",
            },
        }
    )
    assert event[:12] == (
        "m1", "web", "a1", "ada", "s1", "purchase", NOW - 400_000_000, NOW, None, "1001", 25.5,
        "https://shop.example/thanks",
    )  # fmt: skip
    told = json.loads(event.properties)
    assert told["products"] == [{"product_id": "p1"}, {"product_id": "p2"}]
    assert told["context"] == {
        "campaign": {"source": "mail", "name": "june"},
        "referrer": "https://search.example/",
    }


@pytest.mark.parametrize(("name", "kind"), [*TYPES.items(), ("ORDER_COMPLETED", "purchase")])
def test_shop_events_get_our_names(name, kind):
    assert kept({"anonymousId": "a", "event": name.title()}).type == kind


def test_other_events_keep_their_names():
    assert kept({"anonymousId": "a", "event": " Video Watched "}).type == "Video Watched"


@pytest.mark.parametrize(
    ("path", "body", "kind", "properties"),
    [
        ("/v1/page", {"name": "Home", "properties": {"a": 1}}, "page", {"name": "Home", "a": 1}),
        ("/v1/identify", {"traits": {"plan": "gold"}}, "identify", {"plan": "gold"}),
        ("/v1/alias", {"userId": "ada", "previousId": "a"}, "alias", {"previousId": "a"}),
    ],
)
def test_each_address_has_its_kind(path, body, kind, properties):
    event = kept({"anonymousId": "a", **body}, path)
    assert (event.type, json.loads(event.properties)) == (kind, properties)


@pytest.mark.parametrize(
    ("timestamp", "sent_at", "behind"),
    [
        (None, None, 0),
        ("2025-06-15T15:06:39Z", None, 1_000_000),
        ("2025-06-15T15:06:39", None, 1_000_000),
        (1_749_999_999_000, None, 1_000_000),
        (1_749_999_999, None, 1_000_000),
        # The sender's clock is an hour slow, or fast: what counts is how long before sending it was.
        ("2025-06-15T14:06:30Z", "2025-06-15T14:06:40Z", 10_000_000),
        ("2025-06-15T16:06:30Z", "2025-06-15T16:06:40Z", 10_000_000),
        ("1970-01-01T00:00:01.25Z", "1970-01-01T00:00:02.5Z", 1_250_000),
        # A moment that cannot be: the receipt's.
        ("2031-01-01T00:00:00Z", None, 0),
        ("1989-12-31T23:59:59Z", None, 0),
        ("2025-06-15T15:06:41Z", "2025-06-15T15:06:40Z", 0),
        (1e300, None, 0),
    ],
)
def test_clocks_are_corrected(timestamp, sent_at, behind):
    assert kept({**VIEW, "timestamp": timestamp, "sentAt": sent_at}).occurred_at == NOW - behind


def test_an_event_without_an_id_gets_one():
    first, second = kept(VIEW).event_id, kept(VIEW).event_id
    assert first != second
    assert len(first) == 32


@pytest.mark.parametrize(
    "headers",
    [
        {"authorization": "Basic " + base64.b64encode(b"page:").decode()},
        {"authorization": "basic " + base64.b64encode(b"page:whatever").decode()},
        {"x_write_key": "page"},
    ],
)
def test_the_key_comes_in_a_header(headers):
    assert kept(VIEW, key=None, **headers).source == "web"


def test_the_key_comes_in_the_body():
    assert kept({**VIEW, "writeKey": "page"}, key=None).source == "web"


@pytest.mark.parametrize(
    "headers",
    [{}, {"x_write_key": "guessed"}, {"authorization": "Basic *"}, {"authorization": "Bearer page"}],
)
def test_nobody_collects_without_a_key(headers):
    settings = edge()
    told = once(settings, "POST", "/v1/track", VIEW, key=None, **headers)
    assert (told.status, told.json["code"]) == (401, "edge.key")
    assert not told.headers["www-authenticate"].startswith("Basic"), "no browser asks for a password"
    assert not settings.inbox.events


def batch(*events, **more):
    return {"batch": list(events), **more}


def test_a_batch_keeps_what_is_right_and_names_the_rest():
    settings = edge()
    told = once(
        settings,
        "POST",
        "/v1/batch",
        batch(
            {**VIEW, "type": "track", "messageId": "m0"},
            {**VIEW, "type": "track", "timestamp": "yesterday"},
            {"type": "group", "anonymousId": "a"},
            {"type": "track", "event": "x"},
            "no object",
            {**VIEW, "type": "track", "properties": {"long": "x" * 40_000}},
            {"type": "page", "anonymousId": "a", "messageId": "m6"},
        ),
    )
    assert told.status == 200
    assert [event.event_id for event in settings.inbox.events] == ["m0", "m6"]
    assert told.json["accepted"] == 2
    assert [(one["index"], one["code"], one.get("field")) for one in told.json["rejected"]] == [
        (1, "edge.field", "timestamp"),
        (2, "edge.field", "type"),
        (3, "edge.field", "anonymousId"),
        (4, "edge.json", None),
        (5, "edge.event_too_large", None),
    ]
    assert told.json["rejected"][0]["detail"] == "timestamp is no moment."


def test_a_batch_of_which_nothing_is_right_is_refused():
    told = once(edge(), "POST", "/v1/batch", batch({"type": "track"}, {"type": "x"}))
    assert told.status == 400
    assert [one["index"] for one in told.json["errors"]] == [0, 1]


def test_what_is_said_of_a_batch_holds_for_its_events():
    settings = edge()
    once(
        settings,
        "POST",
        "/v1/batch",
        batch(
            {**VIEW, "type": "track", "timestamp": "2025-06-15T14:00:00Z", "userId": "ada"},
            sentAt="2025-06-15T14:00:10Z",
            context={"signature": signature(b"secret", "ada"), "page": {"url": "https://shop.example/"}},
        ),
    )
    (event,) = settings.inbox.events
    assert (event.occurred_at, event.customer_id, event.url) == (
        NOW - 10_000_000,
        "ada",
        "https://shop.example/",
    )


def test_an_empty_batch_is_none():
    told = once(edge(), "POST", "/v1/batch", batch())
    assert told.json == {"success": True, "accepted": 0}


def test_a_batch_has_an_end():
    told = once(edge(), "POST", "/v1/batch", batch(*[{**VIEW, "type": "track"}] * 501))
    assert (told.status, told.json["code"]) == (400, "edge.too_many")
    assert "501" in told.json["detail"]


@pytest.mark.parametrize("parts", [1, 7])
def test_a_body_has_an_end(parts):
    told = once(edge(), "POST", "/v1/batch", b"[" * 500_001, parts=parts)
    assert (told.status, told.json["code"]) == (413, "edge.too_large")


def test_an_event_has_an_end():
    told = once(edge(), "POST", "/v1/track", {**VIEW, "properties": {"long": "x" * 32_000}})
    assert (told.status, told.json["code"]) == (413, "edge.event_too_large")


def test_a_body_in_parts_is_one():
    assert kept(VIEW, parts=9).product_id == "p1"


def test_a_body_may_be_compressed():
    packed = gzip.compress(json.dumps(VIEW).encode())
    assert kept(packed, content_encoding="gzip").product_id == "p1"
    told = once(edge(), "POST", "/v1/track", packed[:-9], content_encoding="gzip")
    assert (told.status, told.json["code"]) == (400, "edge.json")


def test_a_small_body_does_not_become_a_huge_one():
    bomb = gzip.compress(b" " * 50_000_000)
    assert len(bomb) < 100_000
    told = once(edge(), "POST", "/v1/batch", bomb, content_encoding="gzip")
    assert (told.status, told.json["code"]) == (413, "edge.too_large")


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "truncated"),
        (b"{", "truncated"),
        (b"[]", "Expected `object`"),
        (b'{"anonymousId": true}', "$.anonymousId"),
        (b'{"event": 3, "anonymousId": "a"}', "$.event"),
        (b'{"anonymousId": "a", "context": {"page": []}}', "$.context.page"),
        (b'{"anonymousId": "\xff"}', "utf-8"),
    ],
)
def test_what_is_no_event_is_named(body, said):
    told = once(edge(), "POST", "/v1/track", body, x_request_id="r-1")
    assert told.status == 400
    assert told.headers["content-type"] == "application/problem+json"
    assert told.json["code"] == "edge.json"
    assert told.json["request_id"] == "r-1"
    assert said in told.json["detail"]


@pytest.mark.parametrize("name", ["messageId", "anonymousId", "sessionId"])
@pytest.mark.parametrize("value", ["x" * 201, "a\0b"])
def test_ids_fit_their_columns(name, value):
    told = once(edge(), "POST", "/v1/track", {**VIEW, name: value})
    assert (told.status, told.json["code"], told.json["field"]) == (400, "edge.field", name)


def test_other_addresses_and_methods():
    assert once(edge(), "GET", "/v1/tracks").json["code"] == "edge.path"
    told = once(edge(), "GET", "/v1/track")
    assert (told.status, told.headers["allow"]) == (405, "POST")
    assert once(edge(), "GET", "/healthz", key=None).json == {"status": "ok", "waiting": 0}
    assert once(edge(), "HEAD", "/healthz", key=None).body == b""


def test_a_request_keeps_its_id():
    assert once(edge(), "GET", "/healthz", x_request_id="a-1").headers["x-request-id"] == "a-1"
    made = once(edge(), "GET", "/healthz", x_request_id="a\r\nset-cookie: x").headers["x-request-id"]
    assert len(made) == 16


def test_limits_are_settings():
    told = once(edge(limits=Limits(batch_events=1)), "POST", "/v1/batch", batch(VIEW, VIEW))
    assert told.json["code"] == "edge.too_many"
