"""From a fact to its messages, on either store: each endpoint that listens gets one, sent by one worker, again until it arrived."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.homes import Opened, opened

from regulars.store import database, outbox
from regulars.store.models import Outbox, WebhookDelivery, WebhookEndpoint
from regulars.webhooks import actions, delivering, queries, rules
from regulars.webhooks.sending import Sent

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
URL = "https://crm.example.com/"
WELL, BROKEN = Sent(204), Sent(500, "status")


def hook(settings: Any, *facts: str) -> WebhookEndpoint:
    return actions.create(URL, facts, "", settings.home, NOW)[0]


def happened(count: int = 1, fact: str = outbox.ORDER_CREATED, at: datetime = NOW) -> None:
    with database.writing():
        outbox.tell_all(fact, [(str(n), {"order_id": str(n)}) for n in range(count)], at)


def claim(at: datetime = NOW, owner: str = "a", limit: int = 100) -> list[WebhookDelivery]:
    return delivering.claim(owner, at, limit)


def states(endpoint: WebhookEndpoint) -> list[str]:
    return [each.state for each in reversed(queries.deliveries(endpoint.id, None, None, 1000))]


def test_each_endpoint_gets_what_it_listens_to_once(home: Opened) -> None:
    settings = home()
    every, some, late = hook(settings), hook(settings, outbox.ORDER_REFUNDED), hook(settings)
    WebhookEndpoint.objects.filter(id=late.id).update(created_at=NOW + timedelta(seconds=1))
    happened(3)
    happened(1, outbox.ORDER_REFUNDED)
    assert delivering.dispatch(NOW) == 4
    assert delivering.dispatch(NOW) == 0
    assert [len(states(each)) for each in (every, some, late)] == [4, 1, 0]


def test_racing_workers_hand_over_and_send_each_message_once(home: Opened) -> None:
    from django.db import connections

    settings = home()
    for _ in range(3):
        hook(settings)
    happened(40)
    sent: list[int] = []
    gate = threading.Barrier(4)

    def work(name: str) -> None:
        gate.wait()
        try:
            idle = 0
            while idle < 3:
                handed, taken = delivering.dispatch(NOW), claim(owner=name, limit=5)
                for each in taken:
                    sent.append(each.id)
                    assert delivering.record(each, WELL, NOW) == WebhookDelivery.DELIVERED
                idle = 0 if handed or taken else idle + 1
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work, args=(f"w{n}",)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(sent) == len(set(sent)) == 120
    assert queries.counts() == {**dict.fromkeys(WebhookDelivery.STATES, 0), WebhookDelivery.DELIVERED: 120}


def test_what_fails_is_sent_again_for_three_days_and_then_given_up(home: Opened) -> None:
    settings = home()
    mine = hook(settings)
    happened()
    delivering.dispatch(NOW)
    at, attempts = NOW, 0
    while True:
        (taken,) = claim(at)
        attempts += 1
        assert taken.attempts == attempts
        if delivering.record(taken, BROKEN, at) == WebhookDelivery.DEAD:
            break
        (row,) = queries.deliveries(mine.id, "failed", None, 9)
        assert (row.response_status, row.error) == (500, "status")
        assert claim(row.next_at - timedelta(milliseconds=1)) == []
        mine.refresh_from_db()
        assert mine.rest_until is not None
        at = max(row.next_at, mine.rest_until)
    assert attempts == 10
    assert timedelta(days=3) < at - NOW < timedelta(days=3.6)
    assert claim(at + timedelta(days=9)) == []
    (dead,) = queries.deliveries(mine.id, "dead", None, 9)
    again = actions.redeliver(mine.id, dead.id, at)
    assert (again.attempts, again.message.message_id) == (0, dead.message.message_id)
    mine.refresh_from_db()
    assert mine.rest_until is not None
    (taken,) = claim(mine.rest_until)
    assert delivering.record(taken, WELL, at) == WebhookDelivery.DELIVERED
    mine.refresh_from_db()
    assert (mine.failures, mine.rest_until) == (0, None)


def test_a_sender_that_was_killed_loses_nothing(home: Opened) -> None:
    settings = home()
    hook(settings)
    happened()
    delivering.dispatch(NOW)
    (lost,) = claim()
    assert claim(NOW + delivering.LEASE - timedelta(seconds=1), "b") == []
    (taken,) = claim(NOW + delivering.LEASE, "b")
    assert (taken.id, taken.message.message_id, taken.attempts) == (lost.id, lost.message.message_id, 2)
    assert delivering.record(lost, BROKEN, NOW) == "", "whoever comes back too late changes nothing"
    assert delivering.record(taken, WELL, NOW) == WebhookDelivery.DELIVERED


def test_one_that_is_gone_is_left_in_peace_until_it_is_brought_back(home: Opened) -> None:
    settings = home()
    mine = hook(settings)
    happened(2)
    delivering.dispatch(NOW)
    first, second = claim()
    assert delivering.record(first, Sent(410, "status"), NOW) == WebhookDelivery.DEAD
    assert delivering.record(second, BROKEN, NOW) == WebhookDelivery.FAILED
    later = NOW + timedelta(days=1)
    assert claim(later) == []
    happened(1, at=later)
    delivering.dispatch(later)
    assert states(mine) == ["dead", "failed"], "nothing new for it"
    actions.change(mine.id, URL, (), "", later, paused=False)
    assert [each.id for each in claim(later)] == [second.id]


def test_a_pause_keeps_what_happens(home: Opened) -> None:
    settings = home()
    mine = hook(settings)
    actions.change(mine.id, URL, (), "", NOW, paused=True)
    happened(2)
    delivering.dispatch(NOW)
    assert claim() == []
    assert states(mine) == ["waiting", "waiting"]
    actions.change(mine.id, URL, (), "", NOW, paused=False)
    assert len(claim()) == 2


def test_a_slow_endpoint_does_not_keep_the_others_waiting(home: Opened) -> None:
    settings = home()
    slow, quick = hook(settings), hook(settings, outbox.ORDER_REFUNDED)
    happened(100)
    happened(2, outbox.ORDER_REFUNDED)
    delivering.dispatch(NOW)
    taken = claim(limit=8)
    assert sorted(each.endpoint_id for each in taken) == [slow.id] * delivering.SHARE + [quick.id] * 2
    for each in taken:
        if each.endpoint_id == slow.id:
            delivering.record(each, Sent(error="timeout"), NOW)
    assert claim(NOW + rules.FIRST_REST - timedelta(seconds=1)) == [], "it rests, whatever else waits for it"


def test_the_other_side_may_ask_for_time(home: Opened) -> None:
    settings = home()
    mine = hook(settings)
    happened()
    delivering.dispatch(NOW)
    (taken,) = claim()
    delivering.record(taken, Sent(429, "status", timedelta(hours=2)), NOW)
    (row,) = queries.deliveries(mine.id, None, None, 9)
    assert row.next_at == NOW + timedelta(hours=2)
    mine.refresh_from_db()
    assert mine.rest_until == NOW + rules.LONGEST_REST, (
        "a message waits as long as it is told, the endpoint not for hours"
    )


def test_two_secrets_sign_while_both_hold(home: Opened) -> None:
    settings = home()
    made, first = actions.create(URL, (), "", settings.home, NOW)
    found, second = actions.rotate(made.id, 24, settings.home, NOW)
    assert queries.holding(found, settings.home, NOW + timedelta(hours=23)) == [second, first]
    assert queries.holding(found, settings.home, NOW + timedelta(hours=24)) == [second]
    leaked, third = actions.rotate(made.id, 0, settings.home, NOW)
    assert queries.holding(leaked, settings.home, NOW) == [third]


def test_secrets_are_nothing_in_another_home(tmp_path: Any) -> None:
    from regulars.runtime.worker import Worker

    settings = opened(tmp_path / "home")
    mine = hook(settings)
    happened()
    (settings.home / "secret.key").unlink()
    worker = Worker(
        settings, clock=lambda: NOW, send=lambda *_, **__: pytest.fail("nothing may be sent unsigned")
    )
    worker.webhooks.step()
    worker.close()
    (row,) = queries.deliveries(mine.id, None, None, 9)
    assert (row.state, row.error) == ("failed", "secret")


def test_what_is_long_past_is_forgotten(home: Opened) -> None:
    settings = home()
    hook(settings)
    happened(2)
    assert delivering.forget(NOW + timedelta(days=99)) == 0, "nobody was told of them yet"
    delivering.dispatch(NOW)
    assert delivering.forget(NOW + rules.KEPT) == 0
    assert delivering.forget(NOW + rules.KEPT + timedelta(seconds=1)) == 2
    assert not WebhookDelivery.objects.exists()
    assert not Outbox.objects.exists()


def test_what_cannot_be_sent_is_logged_without_its_address(
    tmp_path: Any, caplog: pytest.LogCaptureFixture
) -> None:
    from regulars.runtime.worker import Worker

    settings = opened(tmp_path / "home")
    actions.create(URL + "?token=s3cret", (), "", settings.home, NOW)
    happened()
    worker = Worker(settings, clock=lambda: NOW, send=lambda *_, **__: BROKEN)
    worker.webhooks.step()
    worker.close()
    assert "webhook delivery 1 to endpoint 1: status (500), now failed" in caplog.text
    assert "s3cret" not in caplog.text


def test_a_backup_keeps_what_waits_and_the_secrets(home: Opened, tmp_path: Any) -> None:
    from regulars.jobs import actions as jobs
    from regulars.runtime.backup import write
    from regulars.runtime.restoring import restore
    from regulars.store.models import Job

    settings = home()
    mine, secret = actions.create(URL, (), "", settings.home, NOW)
    happened(2)
    delivering.dispatch(NOW)
    happened(1)
    jobs.enqueue("refresh", {"n": 1}, NOW, unique="night")
    begun = jobs.take("a", ["refresh"], NOW)
    assert begun is not None
    jobs.renew(begun, NOW, 0.25, "value")
    (settings.home / "regulars.toml").write_text("", encoding="utf-8")  # the copy is one on SQLite
    restored, _ = restore(write(settings, tmp_path / "shop.tar").path, tmp_path / "restored")
    assert restored.database_url == ""
    found = WebhookEndpoint.objects.get()
    assert queries.holding(found, restored.home, NOW) == [secret]
    assert delivering.dispatch(NOW) == 1
    assert len(claim()) == 3
    held = Job.objects.get()
    assert (held.payload, held.progress, held.step, held.unique_key) == ({"n": 1}, 0.25, "value", "night")
    again = jobs.take("b", ["refresh"], NOW + timedelta(minutes=1))
    assert again is not None
    assert again.id == begun.id
    fresh, _ = jobs.enqueue("refresh", {}, NOW)
    assert fresh.id > begun.id
    assert found.id == mine.id


def test_endpoints_with_a_backlog_do_not_hold_up_the_others(home: Opened) -> None:
    settings = home()
    for _ in range(2):
        hook(settings, outbox.ORDER_CREATED)
    third = hook(settings, outbox.ORDER_REFUNDED)
    happened(400)
    happened(1, outbox.ORDER_REFUNDED, NOW + timedelta(seconds=1))
    delivering.dispatch(NOW + timedelta(seconds=1))
    for _ in range(40):
        taken = claim(at=NOW + timedelta(seconds=1), limit=2 * delivering.SHARE)
        if any(each.endpoint_id == third.id for each in taken):
            return
    raise AssertionError("the third was never looked at")


def test_a_message_of_an_endpoint_that_was_taken_away_meanwhile(home: Opened) -> None:
    settings = home()
    gone = hook(settings)
    happened()
    delivering.dispatch(NOW)
    (sent,) = claim()
    actions.delete(gone.id)
    assert delivering.record(sent, BROKEN, NOW) == ""
    assert not WebhookDelivery.objects.exists()
