"""Who may send, who is believed to be a customer, who is not measured: pages of the shop, signatures, consent, bots."""

from __future__ import annotations

import pytest
from tests.web.asking import KEYS, edge, kept, once

from regulars.web.edge import WriteKey, signature

SAID = {"anonymousId": "a1", "userId": "ada", "event": "x"}
PAGES = frozenset({"https://shop.example"})
GOOD = signature(b"secret", "ada")


def test_a_signature_is_the_hmac_of_the_id():
    # printf ada | openssl dgst -sha256 -hmac secret
    assert GOOD == "3c30486140e27f6f8b09ea69da2a6ca718bcf875c8249a1e23d7e401c1cfb3ab"


@pytest.mark.parametrize("path", ["/v1/track", "/v1/identify", "/v1/page", "/v1/alias"])
def test_a_page_says_who_it_is_by_a_signature(path):
    assert kept({**SAID, "context": {"signature": GOOD}}, path).customer_id == "ada"
    assert kept(SAID, path, x_signature=GOOD.upper()).customer_id == "ada"


@pytest.mark.parametrize(
    "wrong",
    ["", "0" * 64, signature(b"secret", "ben"), signature(b"other", "ada"), GOOD[:-1], "żółw", GOOD + "0"],
)
def test_without_a_signature_the_event_is_the_visitors(wrong):
    settings = edge()
    told = once(settings, "POST", "/v1/identify", {**SAID, "context": {"signature": wrong}})
    (event,) = settings.inbox.events
    assert (event.visitor_id, event.customer_id) == ("a1", None)
    assert told.json == {"success": True, "accepted": 1, "unproven": 1}


def test_a_key_without_a_secret_proves_nothing():
    empty = edge(key_of={"page": WriteKey("web", b"")}.get)
    once(empty, "POST", "/v1/track", {**SAID, "context": {"signature": signature(b"", "ada")}})
    assert empty.inbox.events[0].customer_id is None


def test_a_server_is_believed():
    assert kept(SAID, key="server").customer_id == "ada"
    assert kept({"userId": 17850, "event": "x"}, key="server").customer_id == "17850"


@pytest.mark.parametrize(
    "consent",
    [
        {"analytics": False},
        {"categoryPreferences": {"Advertising": True, "Analytics": False}},
        {"categoryPreferences": {"analytics": False}},
    ],
)
def test_who_does_not_agree_is_not_measured(consent):
    for body, path in (
        ({**SAID, "context": {"consent": consent}}, "/v1/track"),
        ({"batch": [{**SAID, "type": "track"}], "context": {"consent": consent}}, "/v1/batch"),
    ):
        settings = edge()
        told = once(settings, "POST", path, body)
        assert (told.status, told.json) == (200, {"success": True, "accepted": 0, "withheld": 1})
        assert not settings.inbox.events


@pytest.mark.parametrize("consent", [None, {}, {"analytics": True}, {"categoryPreferences": {"Ads": False}}])
def test_who_agrees_or_was_not_asked_is_measured(consent):
    assert kept({**SAID, "context": {"consent": consent}}).visitor_id == "a1"


def test_an_unreadable_consent_is_no_consent():
    settings = edge()
    told = once(settings, "POST", "/v1/track", {**SAID, "context": {"consent": {"analytics": "no"}}})
    assert told.status == 400
    assert not settings.inbox.events


BOTS = [
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    "Mozilla/5.0 (compatible; bingbot/2.0)",
    "Mozilla/5.0 HeadlessChrome/120.0",
    "facebookexternalhit/1.1",
    "Mozilla/5.0 (compatible; YandexBot/3.0)",
]


@pytest.mark.parametrize("agent", BOTS)
def test_bots_are_answered_and_not_counted_as_visitors(agent):
    settings = edge()
    told = once(settings, "POST", "/v1/track", SAID, user_agent=agent)
    assert (told.status, told.json) == (200, {"success": True, "accepted": 0, "bots": 1})
    assert not settings.inbox.events


@pytest.mark.parametrize(
    "agent", ["Mozilla/5.0 (Linux; Android 13; Cubot X70)", "Mozilla/5.0 Firefox/128.0", "", "Abbott/1"]
)
def test_people_are_no_bots(agent):
    assert kept(SAID, user_agent=agent).visitor_id == "a1"


def test_a_server_tells_of_the_visitors_program():
    assert kept(SAID, key="server", user_agent="monitor-bot/1").source == "backend"
    told = once(
        edge(), "POST", "/v1/track", {**SAID, "context": {"userAgent": BOTS[0]}}, key="server", user_agent="x"
    )
    assert told.json["bots"] == 1


def test_pages_of_the_shop_may_send():
    told = once(edge(origins=PAGES), "POST", "/v1/track", SAID, origin="https://shop.example")
    assert told.status == 200
    assert told.headers["access-control-allow-origin"] == "https://shop.example"
    assert told.headers["vary"] == "Origin"


def test_pages_of_others_may_not():
    settings = edge(origins=PAGES)
    told = once(settings, "POST", "/v1/track", SAID, origin="https://evil.example")
    assert (told.status, told.json["code"]) == (403, "edge.origin")
    assert "access-control-allow-origin" not in told.headers
    assert not settings.inbox.events


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        ("https://shop.example", 204),
        ("https://edge.example", 204),
        ("https://shop.example.evil.example", 403),
        ("null", 403),
        ("https://SHOP.example.", 403),
    ],
)
def test_a_browser_asks_before_it_sends(origin, status):
    told = once(edge(origins=PAGES), "OPTIONS", "/v1/batch", key=None, origin=origin)
    assert told.status == status
    if status == 204:
        assert told.headers["access-control-allow-origin"] == origin
        assert "x-write-key" in told.headers["access-control-allow-headers"]
        assert "POST" in told.headers["access-control-allow-methods"]


def test_everybody_may_where_the_shop_says_so():
    told = once(edge(origins={"*"}), "POST", "/v1/track", SAID, origin="https://any.example")
    assert told.headers["access-control-allow-origin"] == "*"


def test_an_error_can_be_read_by_the_page_too():
    told = once(edge(origins=PAGES), "POST", "/v1/track", b"{", origin="https://shop.example")
    assert told.status == 400
    assert told.headers["access-control-allow-origin"] == "https://shop.example"


def test_secrets_are_never_told():
    for body in (b"{", SAID, {**SAID, "timestamp": "x"}):
        told = once(edge(), "POST", "/v1/track", body)
        assert KEYS["page"].secret not in told.body
