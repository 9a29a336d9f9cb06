"""From the outbox to those who listen: each fact becomes one message an endpoint, each message is sent by one worker at a time.

A message arrives at least once: whoever sends it may die before noting that it arrived. Its id stays the same, so that the
other side can tell. Messages may overtake each other.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db.models import F, Q

from regulars.store import database, leases
from regulars.store.models import Outbox, WebhookDelivery, WebhookEndpoint
from regulars.webhooks import rules
from regulars.webhooks.sending import Sent

LEASE = timedelta(minutes=3)
"""Longer than a batch can take: each message of it ends in time."""
FACTS_AT_ONCE = 500
SHARE = 4
"""Messages of one endpoint in a batch, so that a slow one does not keep all others waiting."""


def dispatch(now: datetime) -> int:
    """Hand facts that nobody was told of to those who listen; return how many facts. Each is handed over once."""
    with database.writing():
        some = Outbox.objects.filter(dispatched_at=None).order_by("id")
        facts = leases.locked(some, FACTS_AT_ONCE)
        if not facts:
            return 0
        listening = list(WebhookEndpoint.objects.filter(gone_at=None))
        WebhookDelivery.objects.bulk_create(
            [
                WebhookDelivery(
                    endpoint=each, message=fact, state=WebhookDelivery.WAITING, next_at=now, created_at=now
                )
                for fact in facts
                for each in listening
                if (not each.facts or fact.fact in each.facts) and each.created_at <= fact.at
            ],
            batch_size=500,
        )
        Outbox.objects.filter(id__in=[fact.id for fact in facts]).update(dispatched_at=now)
    return len(facts)


def claim(owner: str, now: datetime, limit: int) -> list[WebhookDelivery]:
    """Take messages that are due, with their endpoints: a few of each endpoint, none of one that is paused, gone or resting."""
    awake = WebhookEndpoint.objects.filter(paused=False, gone_at=None)
    awake = awake.filter(Q(rest_until=None) | Q(rest_until__lte=now))
    taken: list[WebhookDelivery] = []
    with database.writing():
        # In no order, so that those with a backlog do not keep the others waiting for ever.
        for endpoint in awake.order_by("?"):
            taken += leases.locked(_due(endpoint, now), min(SHARE, limit - len(taken)))
            if len(taken) == limit:
                break
        for each in taken:
            each.state, each.owner, each.lease_until = WebhookDelivery.SENDING, owner, now + LEASE
            each.attempts += 1
        WebhookDelivery.objects.filter(id__in=[each.id for each in taken]).update(
            state=WebhookDelivery.SENDING, owner=owner, lease_until=now + LEASE, attempts=F("attempts") + 1
        )
    return taken


def _due(endpoint: WebhookEndpoint, now: datetime) -> object:
    planned = Q(state__in=(WebhookDelivery.WAITING, WebhookDelivery.FAILED), next_at__lte=now)
    lost = Q(state=WebhookDelivery.SENDING, lease_until__lte=now)
    some = WebhookDelivery.objects.filter(planned | lost, endpoint=endpoint)
    return some.select_related("endpoint", "message").order_by("next_at", "id")


def record(delivery: WebhookDelivery, sent: Sent, now: datetime) -> str:
    """Note what became of a message; return its state, empty where somebody else has it by now."""
    ended = _ended(delivery.attempts, sent, now)
    mine = WebhookDelivery.objects.filter(id=delivery.id, owner=delivery.owner, state=WebhookDelivery.SENDING)
    with database.writing():
        # First the endpoint, then its messages: so does whoever takes it away.
        endpoint = WebhookEndpoint.objects.select_for_update().filter(id=delivery.endpoint_id).first()
        if endpoint is None or not mine.update(
            owner="", lease_until=None, response_status=sent.status, error=sent.error, **ended
        ):
            return ""
        _heeds(endpoint, sent, now)
    return str(ended["state"])


def _ended(attempts: int, sent: Sent, now: datetime) -> dict[str, Any]:
    """What becomes of a message after so many attempts."""
    delay = None if sent.status == rules.GONE else rules.next_delay(attempts, sent.retry_after)
    if sent.delivered:
        return {"state": WebhookDelivery.DELIVERED, "ended_at": now}
    if delay is None:
        return {"state": WebhookDelivery.DEAD, "ended_at": now}
    return {"state": WebhookDelivery.FAILED, "next_at": now + delay}


def _heeds(endpoint: WebhookEndpoint, sent: Sent, now: datetime) -> None:
    """Leave an endpoint alone after a failure, longer each time; it gets nothing more once it is gone, and is forgiven when it answers."""
    if sent.delivered:
        if not endpoint.failures:
            return
        endpoint.failures, endpoint.rest_until = 0, None
    else:
        endpoint.failures += 1
        asked = min(sent.retry_after or timedelta(), rules.LONGEST_REST)
        endpoint.rest_until = now + max(rules.rest(endpoint.failures), asked)
        if sent.status == rules.GONE:
            endpoint.gone_at = now
    endpoint.save(update_fields=["failures", "rest_until", "gone_at"])


def forget(now: datetime) -> int:
    """Forget facts that are long past, and what became of their messages; return how many."""
    with database.writing():
        old = Outbox.objects.filter(at__lt=now - rules.KEPT, dispatched_at__isnull=False)
        WebhookDelivery.objects.filter(message__in=old).delete()
        return int(old.delete()[0])
