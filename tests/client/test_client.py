"""The client says what the API says, waits where waiting helps, and makes a change once however often it sends it."""

from __future__ import annotations

from typing import Any
from urllib.request import Request

import pytest
from tests.web.conftest import key_of

from regulars.client import ApiError, Client
from regulars.client.transport import Reply


class Door:
    """Hands requests to Django in this process; loses answers, or breaks down, when told to."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.lost = 0
        self.down = 0

    def __call__(self, request: Request, timeout_seconds: float) -> Reply:
        from django.test import Client as Django

        self.requests.append(request)
        if self.down:
            self.down -= 1
            return Reply(503, {"retry-after": "7"}, b"")
        path = request.full_url.removeprefix("https://shop.example.com")
        headers = {name: str(value) for name, value in request.header_items() if name != "Content-type"}
        answer = Django().generic(
            request.get_method(), path, request.data or b"", content_type="application/json", headers=headers
        )
        if self.lost:
            self.lost -= 1
            raise OSError("connection reset")
        return Reply(answer.status_code, {k.lower(): v for k, v in answer.headers.items()}, answer.content)


ORDER: Any = {
    "ordered_at": "2024-05-17T18:05:00+02:00",
    "currency": "EUR",
    "customer": {"id": "a/d a"},
    "lines": [{"product_id": "tea", "gross": "10.00"}],
}


@pytest.fixture
def door() -> Door:
    return Door()


@pytest.fixture
def slept() -> list[float]:
    return []


@pytest.fixture
def client(light: Any, door: Door, slept: list[float]) -> Client:
    return Client("https://shop.example.com/", key_of(light), sending=door, sleep=slept.append)


def test_everything_has_a_method(client: Client) -> None:
    assert client.put_order("FV/1", ORDER)["state"] == "added"
    assert client.order("FV/1")["customer"] == "a/d a"
    assert client.refund("FV/1", {"refund_id": "r", "amount": "1.00"})["order"]["refunded"] == "1.00"
    assert client.change_status("FV/1", "cancelled")["order"]["status"] == "cancelled"
    assert client.customer("a/d a")["store_ids"] == ["a/d a"]
    assert [each["id"] for each in client.customers(email=None)] == ["a/d a"]
    assert [each["order_id"] for each in client.timeline("a/d a")] == ["FV/1"]
    assert client.recommendations("a/d a", k=3)["personal"] is False
    assert client.put_product("tea", {"title": "Tea"})["state"] == "changed"
    assert client.product("tea")["title"] == "Tea"
    assert client.put_products([{"product_id": "cup"}])["added"] == 1
    assert [each["product_id"] for each in client.products()] == ["tea", "cup"]
    assert client.segments()["segments"] == []
    assert client.figures()["figures"] == {}
    assert list(client.scores()) == list(client.imports()) == list(client.runs()) == []
    made = client.create_key("x", ["orders:read"])
    assert [each["name"] for each in client.keys()["keys"]] == ["x", "test"]
    assert client.revoke_key(made["prefix"])["revoked_at"]
    assert client.health()["status"] == "ok"
    job = client.refresh()
    assert [each["id"] for each in client.jobs(kind="refresh")] == [job["id"]]
    assert client.cancel_job(job["id"])["state"] == "cancelled"
    assert client.retry_job(job["id"])["state"] == client.job(job["id"])["state"] == "waiting"
    hook = client.create_webhook({"url": "https://crm.example.com/", "facts": ["order.created"]})
    number = hook["id"]
    assert client.rotate_webhook(number, 2)["secret"] != hook["secret"]
    assert client.test_webhook(number)["state"] == "waiting"
    (sent,) = client.deliveries(number)
    assert client.redeliver(number, sent["id"])["message_id"] == sent["message_id"]
    assert client.change_webhook(number, {"url": "https://crm.example.com/", "paused": True})["facts"] == []
    assert client.webhook(number)["state"] == "paused"
    assert client.delete_webhook(number)["id"] == number
    assert client.webhooks()["webhooks"] == []
    with pytest.raises(ApiError) as caught:
        client.load("none.csv")
    assert caught.value.code == "imports.no_file"
    for ask in (lambda: client.figure("none"), lambda: next(client.members("none"))):
        with pytest.raises(ApiError) as caught:
            ask()
        assert caught.value.status == 404


def test_lists_go_on_to_their_end(client: Client) -> None:
    client.put_products([{"product_id": f"p{n:03}"} for n in range(450)])
    assert [each["product_id"] for each in client.products()] == [f"p{n:03}" for n in range(450)]


def test_an_answer_that_was_lost_is_asked_for_again(client: Client, door: Door, slept: list[float]) -> None:
    from regulars.store.models import Audit

    client.put_order("1", ORDER)
    door.lost = 2
    done = client.change_status("1", "cancelled")
    assert done["state"] == "changed", "the same answer as the one that was lost"
    assert Audit.objects.filter(what="order.status").count() == 1
    keys = {request.get_header("Idempotency-key") for request in door.requests[1:]}
    assert len(keys) == 1
    assert len(slept) == 2
    assert slept[1] < 5


def test_a_server_that_is_busy_is_waited_for_as_long_as_it_says(
    client: Client, door: Door, slept: list[float]
) -> None:
    door.down = 3
    assert client.health()["status"] == "ok"
    assert slept == [7.0, 7.0, 7.0]
    door.down = 100
    with pytest.raises(ApiError) as caught:
        client.health()
    assert caught.value.status == 503
    assert len(slept) == 3 + 4


def test_what_is_wrong_is_not_tried_again(client: Client, door: Door, slept: list[float]) -> None:
    with pytest.raises(ApiError) as caught:
        client.put_order("1", ORDER | {"lines": []})
    assert (caught.value.status, caught.value.code) == (422, "api.invalid")
    assert caught.value.errors[0]["location"] == "body.lines"
    assert (len(door.requests), slept) == (1, [])


def test_a_name_makes_a_change_once_for_ever(client: Client) -> None:
    first = client.put_order("1", ORDER, once="sync-1")
    client.change_status("1", "cancelled")
    assert client.put_order("1", ORDER, once="sync-1") == first
    assert client.order("1")["status"] == "cancelled"


def test_only_the_web_is_asked() -> None:
    with pytest.raises(ValueError, match="http"):
        Client("file:///etc", "rk_x")


def test_a_real_server_is_asked_over_a_real_connection(light: Any) -> None:
    """The only test with a socket: the client's own way of sending, to the end."""
    import threading
    from wsgiref.simple_server import WSGIRequestHandler, make_server

    from django.core.wsgi import get_wsgi_application

    class Silent(WSGIRequestHandler):
        def log_message(self, *_: Any) -> None:
            pass

    with make_server("127.0.0.1", 0, get_wsgi_application(), handler_class=Silent) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            mine = Client(f"http://127.0.0.1:{server.server_port}", key_of(light), tries=1)
            assert mine.put_order("FV/2024/1 ż", ORDER)["state"] == "added"
            assert mine.order("FV/2024/1 ż")["order_id"] == "FV/2024/1 ż"
            with pytest.raises(ApiError) as caught:
                mine.order("none")
            assert caught.value.code == "orders.missing"
        finally:
            server.shutdown()
    with pytest.raises(OSError):
        mine.health()
