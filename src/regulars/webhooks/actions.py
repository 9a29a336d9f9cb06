"""Addresses are added, changed and taken away, and their secrets changed: each in one transaction."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from pathlib import Path

from regulars.access import secrets
from regulars.kit.errors import Kind, RegularsError
from regulars.kit.i18n import mark
from regulars.store import database, outbox
from regulars.store.models import WebhookDelivery, WebhookEndpoint
from regulars.webhooks import rules


def create(
    url: str, facts: Collection[str], description: str, home: Path, now: datetime, *, private: bool = False
) -> tuple[WebhookEndpoint, str]:
    """Add an endpoint; return it and its secret. It gets what happens from now on.

    Raises for an address that may not get messages, facts that there are not, and more endpoints than there may be.
    """
    checked, told = rules.check_url(url, private=private), rules.wanted(facts, outbox.FACTS)
    secret = rules.new_secret()
    with database.writing():
        if WebhookEndpoint.objects.count() >= rules.MOST_ENDPOINTS:
            raise RegularsError(
                "webhooks.too_many",
                mark("There are {most} endpoints, as many as there may be."),
                hint=mark("Delete one that nobody needs."),
                kind=Kind.CONFLICT,
                most=rules.MOST_ENDPOINTS,
            )
        made = WebhookEndpoint.objects.create(
            url=checked,
            facts=told,
            description=description,
            secret=secrets.encrypt(secret, home),
            created_at=now,
            updated_at=now,
        )
    return made, secret


def change(
    number: int,
    url: str,
    facts: Collection[str],
    description: str,
    now: datetime,
    *,
    paused: bool,
    private: bool = False,
) -> WebhookEndpoint:
    """Say anew what an endpoint is. One that was gone and is not paused gets messages again, those that waited first."""
    checked, told = rules.check_url(url, private=private), rules.wanted(facts, outbox.FACTS)
    with database.writing():
        found = _locked(number)
        found.url, found.facts, found.description, found.paused = checked, told, description, paused
        if not paused:
            found.gone_at, found.failures, found.rest_until = None, 0, None
        found.updated_at = now
        found.save()
    return found


def delete(number: int) -> WebhookEndpoint:
    """Take an endpoint away, with all that was to be sent to it."""
    with database.writing():
        found = _locked(number)
        WebhookDelivery.objects.filter(endpoint=number).delete()
        WebhookEndpoint.objects.filter(id=number).delete()
    return found


def rotate(number: int, hours: int, home: Path, now: datetime) -> tuple[WebhookEndpoint, str]:
    """Give an endpoint another secret; the one before signs too for so many hours, so that the other side can change over."""
    secret = rules.new_secret()
    with database.writing():
        found = _locked(number)
        found.previous_secret = found.secret if hours else ""
        found.previous_until = now + timedelta(hours=hours) if hours else None
        found.secret, found.updated_at = secrets.encrypt(secret, home), now
        found.save()
    return found, secret


def test(number: int, now: datetime) -> WebhookDelivery:
    """Send an endpoint a message that says nothing, whatever it listens to."""
    with database.writing():
        found = _locked(number)
        message = outbox.tell(outbox.TEST, str(number), now, endpoint=number)
        message.dispatched_at = now
        message.save(update_fields=["dispatched_at"])
        return WebhookDelivery.objects.create(
            endpoint=found, message=message, state=WebhookDelivery.WAITING, next_at=now, created_at=now
        )


def redeliver(number: int, delivery: int, now: datetime) -> WebhookDelivery:
    """Send a message again at once, as often as if it were new. Raises while it is being sent, and where there is none."""
    with database.writing():
        some = WebhookDelivery.objects.select_for_update(of=("self",)).select_related("message")
        found = some.filter(endpoint=number, id=delivery).first()
        if found is None:
            raise RegularsError(
                "webhooks.no_delivery",
                mark("Endpoint {number} has no delivery {delivery}."),
                hint=mark("GET /v1/webhooks/{number}/deliveries lists all there are."),
                kind=Kind.MISSING,
                number=str(number)[:20],
                delivery=str(delivery)[:20],
            )
        if found.state == WebhookDelivery.SENDING:
            raise RegularsError(
                "webhooks.sending",
                mark("Delivery {delivery} is being sent."),
                kind=Kind.CONFLICT,
                delivery=delivery,
            )
        found.state, found.attempts, found.next_at, found.ended_at = WebhookDelivery.WAITING, 0, now, None
        found.save()
    return found


def missing(number: int) -> RegularsError:
    """Return the error for an endpoint that there is not."""
    return RegularsError(
        "webhooks.missing",
        mark("There is no webhook {number}."),
        hint=mark("GET /v1/webhooks lists all there are."),
        kind=Kind.MISSING,
        number=str(number)[:20],
    )


def _locked(number: int) -> WebhookEndpoint:
    found = WebhookEndpoint.objects.select_for_update().filter(id=number).first()
    if found is None:
        raise missing(number)
    return found
