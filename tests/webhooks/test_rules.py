"""Signatures as the specification publishes them, addresses that lead inside, and waits that grow to days."""

from __future__ import annotations

import base64
import hashlib
import hmac
import ipaddress
import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from regulars.webhooks import rules

NOW = datetime(2021, 2, 25, 15, 2, 10, tzinfo=UTC)
PUBLISHED = (
    "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    "msg_p5jXN8AQM9LWM0D4loKWxJek",
    1614265330,
    b'{"test": 2432232314}',
)
"""The example of the Standard Webhooks libraries, https://github.com/standard-webhooks/standard-webhooks."""


def test_the_published_signature() -> None:
    assert rules.signature(*PUBLISHED) == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_every_secret_that_holds_signs() -> None:
    secret, message, timestamp, body = PUBLISHED
    other = rules.new_secret()
    told = rules.headers([secret, other], message, datetime.fromtimestamp(timestamp, UTC), body)
    first, second = told["webhook-signature"].split(" ")
    assert first == rules.signature(*PUBLISHED)
    assert second == rules.signature(other, message, timestamp, body) != first
    assert (told["webhook-id"], told["webhook-timestamp"]) == (message, str(timestamp))


@given(st.binary(min_size=24, max_size=64), st.text("abc_", min_size=1), st.integers(0, 2**40), st.binary())
def test_signatures_are_what_anybody_works_out(key: bytes, message: str, timestamp: int, body: bytes) -> None:
    secret = "whsec_" + base64.b64encode(key).decode()
    signed = f"{message}.{timestamp}.".encode() + body
    wanted = base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
    assert rules.signature(secret, message, timestamp, body) == f"v1,{wanted}"


def test_new_secrets_are_long_and_differ() -> None:
    drawn = {rules.new_secret() for _ in range(100)}
    assert len(drawn) == 100
    assert all(24 <= len(base64.b64decode(each.removeprefix("whsec_"))) <= 64 for each in drawn)


def test_a_body_is_the_same_each_time() -> None:
    told = rules.body("order.created", NOW, {"order_id": "FV/1 ż", "version": 1})
    assert told == rules.body("order.created", NOW, {"order_id": "FV/1 ż", "version": 1})
    assert json.loads(told) == {
        "type": "order.created", "timestamp": "2021-02-25T15:02:10Z", "data": {"order_id": "FV/1 ż", "version": 1},
    }  # fmt: skip


def test_ten_attempts_over_three_days() -> None:
    waits = [rules.next_delay(n, chance=0.0) for n in range(1, 10)]
    assert [wait.total_seconds() for wait in waits if wait] == [
        5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400,
    ]  # fmt: skip
    assert sum((wait for wait in waits if wait), timedelta()) == timedelta(hours=75, minutes=35, seconds=5)
    assert rules.next_delay(10) is None
    assert rules.next_delay(1, chance=1.0) == timedelta(seconds=5.5)
    assert rules.next_delay(1, timedelta(minutes=2), 0.0) == timedelta(minutes=2), (
        "the other side may ask for more"
    )
    assert rules.next_delay(9, timedelta(minutes=2), 0.0) == timedelta(days=1), "never for less"
    assert rules.next_delay(1, timedelta(days=400), 0.0) == timedelta(days=1)


INSIDE = (
    "127.0.0.1", "127.255.0.9", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0",
    "255.255.255.255", "224.0.0.1", "240.0.0.1", "192.0.0.1", "198.18.0.1", "192.0.2.1", "::", "::1", "fe80::1", "fc00::1", "fd12::1", "ff02::1",
    "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "2002:7f00:1::", "2002:a00:1::1", "2001::1", "2001:db8::1",
    "fe80::1%eth0",
)  # fmt: skip
OUTSIDE = (
    "1.1.1.1",
    "8.8.8.8",
    "93.184.215.14",
    "172.32.0.1",
    "2606:4700:4700::1111",
    "2a00:1450:4016::1",
    "::ffff:8.8.8.8",
)


@pytest.mark.parametrize("text", INSIDE)
def test_addresses_that_lead_inside(text: str) -> None:
    assert not rules.public(ipaddress.ip_address(text))


@pytest.mark.parametrize("text", OUTSIDE)
def test_addresses_of_the_open_internet(text: str) -> None:
    assert rules.public(ipaddress.ip_address(text))


def test_an_intranet_may_be_allowed() -> None:
    for url in ("http://127.0.0.1:8080/x", "http://crm.internal/", "https://10.0.0.1/"):
        assert rules.check_url(url, private=True) == url


def test_rests_grow_to_minutes() -> None:
    assert [rules.rest(n).total_seconds() for n in (1, 2, 3, 7, 8, 10**6)] == [5, 10, 20, 300, 300, 300]
