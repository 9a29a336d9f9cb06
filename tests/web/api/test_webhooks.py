"""Webhooks by the API: who is told, with which secret, and what became of each message."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.receivers import receiver, status
from tests.web.api.told import order, problem
from tests.web.conftest import Program, key_of

URL = "https://crm.example.com/hooks?token=s3cret"


def made(program: Program, **more: Any) -> dict[str, Any]:
    answer = program("POST", "webhooks", {"url": URL} | more)
    assert answer.status_code == 201, answer.content
    told: dict[str, Any] = answer.json()
    return told


def test_an_endpoint_is_made_changed_and_taken_away(program: Program) -> None:
    from regulars.store.models import Audit, WebhookDelivery

    hook = made(program, facts=["order.refunded", "order.created"], description="CRM")
    assert hook["secret"].startswith("whsec_")
    assert hook["facts"] == ["order.created", "order.refunded"]
    shown = program.get(f"webhooks/{hook['id']}").json()
    assert shown == {name: value for name, value in hook.items() if name != "secret"}
    listed = program.get("webhooks").json()
    assert listed["webhooks"] == [shown]
    assert "scores.published" in listed["facts"]
    assert hook["secret"] not in program.get("webhooks").content.decode()
    changed = program("PUT", f"webhooks/{hook['id']}", {"url": URL, "paused": True}).json()
    assert (changed["state"], changed["facts"], changed["description"]) == ("paused", [], "")
    program("POST", f"webhooks/{hook['id']}/test")
    assert program("DELETE", f"webhooks/{hook['id']}").json()["id"] == hook["id"]
    assert not WebhookDelivery.objects.exists()
    for method, path in (
        ("GET", ""), ("DELETE", ""), ("POST", "/test"), ("GET", "/deliveries"), ("POST", "/deliveries/1/redeliver"),
    ):  # fmt: skip
        for number in (hook["id"], 0, 10**30):
            problem(program(method, f"webhooks/{number}{path}"), 404, "webhooks.missing")
    noted = list(Audit.objects.filter(what__startswith="webhook").order_by("id"))
    assert [each.what for each in noted] == [
        "webhook.create",
        "webhook.change",
        "webhook.test",
        "webhook.delete",
    ]
    assert "s3cret" not in str([each.details for each in noted]), "an address may hold a token"


def test_the_secret_is_shown_once_and_kept_encrypted(program: Program) -> None:
    from regulars.store.models import Idempotency, WebhookEndpoint

    body = {"url": URL}
    first = program("POST", "webhooks", body, Idempotency_Key="w")
    again = program("POST", "webhooks", body, Idempotency_Key="w")
    secret = first.json()["secret"]
    assert "secret" not in again.json()
    assert secret not in Idempotency.objects.get().answer
    assert secret not in WebhookEndpoint.objects.get().secret
    assert WebhookEndpoint.objects.count() == 1
    turned = program("POST", f"webhooks/{first.json()['id']}/rotate", {"previous_hours": 0}).json()
    assert turned["secret"] != secret
    assert turned["previous_secret_until"] is None


@pytest.mark.parametrize(
    "url",
    [
        "http://crm.example.com/", "ftp://crm.example.com/", "https://", "crm.example.com", "https://127.0.0.1/", "https://[::1]/",
        "https://10.1.2.3/", "https://169.254.169.254/latest", "https://[::ffff:127.0.0.1]/", "https://user:pw@crm.example.com/",
        "https://crm.example.com/#x", "https://crm.example.com:99999/", "https://żółw.example/", "https://a b/", "https://a..b/",
        "https://" + "x" * 64 + ".example/", "https://[fe80::1%25eth0]/",
    ],
)  # fmt: skip
def test_addresses_that_cannot_be(light: Any, url: str) -> None:
    told = problem(Program(key_of(light))("POST", "webhooks", {"url": url}), 422, "webhooks.url")
    assert told["errors"][0]["location"] == "body.url"


def test_facts_that_are_none_and_too_many_endpoints(light: Any) -> None:
    from regulars.webhooks import rules

    mine = Program(key_of(light))
    told = problem(mine("POST", "webhooks", {"url": URL, "facts": ["order.eaten"]}), 422, "webhooks.fact")
    assert "order.created" in told["hint"]
    for _ in range(rules.MOST_ENDPOINTS):
        made(mine)
    problem(mine("POST", "webhooks", {"url": URL}), 409, "webhooks.too_many")


def test_an_order_told_here_is_told_on_signed(tmp_path: Any) -> None:
    """From the API through the outbox to another program, which checks the signature; and what failed is sent again by hand."""
    from tests.homes import opened

    from regulars.runtime.worker import Worker
    from regulars.webhooks import rules

    settings = opened(tmp_path / "home", webhooks_private="true", api_rate="10000", api_burst="10000")
    mine, worker = Program(key_of(settings)), Worker(settings)
    with receiver() as (address, heard):
        hook = made(mine, url=address, facts=["order.created", "order.status_changed"])
        assert mine("PUT", "orders/1", order()).status_code == 201
        mine("POST", "orders/1/status", {"status": "cancelled"})
        worker.webhooks.step()
        worker.webhooks.step()
    found = {json.loads(each.body)["type"]: each for each in heard}
    assert sorted(found) == ["order.created", "order.status_changed"]
    created = found["order.created"]
    assert json.loads(created.body)["data"] == {"order_id": "1", "version": 1, "customer": "key:1"}
    timestamp = int(created.headers["webhook-timestamp"])
    expected = rules.signature(hook["secret"], created.headers["webhook-id"], timestamp, created.body)
    assert created.headers["webhook-signature"] == expected
    rows = mine.get(f"webhooks/{hook['id']}/deliveries").json()["deliveries"]
    assert {row["state"] for row in rows} == {"delivered"}
    assert {row["response_status"] for row in rows} == {204}
    with receiver(status(500)) as (address, heard):
        mine("PUT", f"webhooks/{hook['id']}", {"url": address})
        row = mine("POST", f"webhooks/{hook['id']}/deliveries/{rows[0]['id']}/redeliver").json()
        assert (row["state"], row["attempts"], row["message_id"]) == ("waiting", 0, rows[0]["message_id"])
        worker.webhooks.step()
    assert heard[0].headers["webhook-id"] == rows[0]["message_id"]
    (row,) = mine.get(f"webhooks/{hook['id']}/deliveries?state=failed").json()["deliveries"]
    assert (row["attempts"], row["response_status"], row["error"]) == (1, 500, "status")
    assert row["next_at"]
    assert mine.get(f"webhooks/{hook['id']}").json()["failures"] == 1
    problem(mine("POST", f"webhooks/{hook['id']}/deliveries/999/redeliver"), 404, "webhooks.no_delivery")
    assert 'regulars_webhook_deliveries{state="failed"} 1' in mine.get("metrics").content.decode()
    worker.close()
