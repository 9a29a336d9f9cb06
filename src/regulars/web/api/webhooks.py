"""Webhooks: who is told of facts, and what became of each message."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import urlsplit

from django.http import HttpRequest
from ninja import Query, Router

from regulars.store import outbox
from regulars.store.models import WebhookDelivery, WebhookEndpoint
from regulars.web.api import cursors
from regulars.web.api.auth import Scope
from regulars.web.api.once import note, now, write
from regulars.web.api.schemas.common import Cursor, Limit, instant
from regulars.web.api.schemas.webhooks import (
    Deliveries,
    DeliveryOut,
    DeliveryState,
    NewWebhook,
    RotateIn,
    WebhookIn,
    WebhookOut,
    Webhooks,
)
from regulars.web.api.shop import settings
from regulars.webhooks import actions, queries

router = Router(tags=["Webhooks"])
Wanted = Annotated[DeliveryState | None, Query(description="Only deliveries in this state.")]


@router.get("", response=Webhooks, auth=Scope("webhooks:read"))
def list_webhooks(request: HttpRequest) -> Webhooks:  # noqa: ARG001
    """List every endpoint without its secret, and all facts that there are."""
    found = [WebhookOut(**_told(each)) for each in queries.endpoints()]
    return Webhooks(webhooks=found, facts=list(outbox.FACTS))


@router.post("", response={201: NewWebhook}, auth=Scope("webhooks:write"))
@write
def create_webhook(request: HttpRequest, told: WebhookIn) -> tuple[int, NewWebhook]:
    """Let an address be told of facts from now on; the secret that signs its messages is in this answer only."""
    given = (told.url, told.facts, told.description)
    made, secret = actions.create(*given, settings().home, now(), private=settings().webhooks_private)
    if told.paused:
        made = actions.change(made.id, *given, now(), paused=True, private=settings().webhooks_private)
    _note(request, "webhook.create", made)
    return 201, NewWebhook(**_told(made), secret=secret)


@router.get("/{number}", response=WebhookOut, auth=Scope("webhooks:read"))
def read_webhook(request: HttpRequest, number: int) -> WebhookOut:  # noqa: ARG001
    """Return one endpoint without its secret."""
    return WebhookOut(**_told(_known(number)))


@router.put("/{number}", response=WebhookOut, auth=Scope("webhooks:write"))
@write
def change_webhook(request: HttpRequest, number: int, told: WebhookIn) -> tuple[int, WebhookOut]:
    """Say anew what an endpoint is. One that is not paused gets what waited for it, also if it was gone."""
    found = actions.change(
        _known(number).id,
        told.url,
        told.facts,
        told.description,
        now(),
        paused=told.paused,
        private=settings().webhooks_private,
    )
    _note(request, "webhook.change", found)
    return 200, WebhookOut(**_told(found))


@router.delete("/{number}", response=WebhookOut, auth=Scope("webhooks:write"))
@write
def delete_webhook(request: HttpRequest, number: int) -> tuple[int, WebhookOut]:
    """Take an endpoint away, with all that was to be sent to it."""
    found = actions.delete(_known(number).id)
    _note(request, "webhook.delete", found)
    return 200, WebhookOut(**_told(found))


@router.post("/{number}/test", response={202: DeliveryOut}, auth=Scope("webhooks:write"))
@write
def test_webhook(request: HttpRequest, number: int) -> tuple[int, DeliveryOut]:
    """Send an endpoint a message `webhook.test`; its deliveries say what became of it."""
    found = _known(number)
    made = actions.test(found.id, now())
    _note(request, "webhook.test", found)
    return 202, _delivery(made)


@router.post("/{number}/rotate", response=NewWebhook, auth=Scope("webhooks:write"))
@write
def rotate_secret(request: HttpRequest, number: int, told: RotateIn) -> tuple[int, NewWebhook]:
    """Give an endpoint another secret, which is in this answer only; both sign while the one before holds."""
    found, secret = actions.rotate(_known(number).id, told.previous_hours, settings().home, now())
    _note(request, "webhook.rotate", found)
    return 200, NewWebhook(**_told(found), secret=secret)


@router.get("/{number}/deliveries", response=Deliveries, auth=Scope("webhooks:read"))
def list_deliveries(
    request: HttpRequest,  # noqa: ARG001
    number: int,
    state: Wanted = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Deliveries:
    """List what was sent to an endpoint, or will be, newest first, of the last thirty days."""
    found = queries.deliveries(_known(number).id, state, cursors.key(cursor) or None, limit + 1)
    page, following = cursors.following(found, limit)
    return Deliveries(deliveries=[_delivery(each) for each in page], next=following)


@router.post(
    "/{number}/deliveries/{delivery}/redeliver", response={202: DeliveryOut}, auth=Scope("webhooks:write")
)
@write
def redeliver(request: HttpRequest, number: int, delivery: int) -> tuple[int, DeliveryOut]:
    """Send a message again at once, under the same id, whatever became of it."""
    endpoint = _known(number)
    found = actions.redeliver(endpoint.id, min(max(delivery, 0), cursors.LARGEST), now())
    _note(request, "webhook.redeliver", endpoint, delivery=found.id)
    return 202, _delivery(found)


def _known(number: int) -> WebhookEndpoint:
    found = queries.endpoint(number) if 0 < number <= cursors.LARGEST else None
    if found is None:
        raise actions.missing(number)
    return found


def _note(request: HttpRequest, what: str, found: WebhookEndpoint, **details: Any) -> None:
    """Write down what was done; an address may hold a token, so only its host is noted."""
    note(request, what, str(found.id), host=urlsplit(found.url).hostname, **details)


def _told(found: WebhookEndpoint) -> dict[str, Any]:
    return {
        "id": found.id,
        "url": found.url,
        "facts": found.facts,
        "description": found.description,
        "state": "gone" if found.gone_at else "paused" if found.paused else "active",
        "failures": found.failures,
        "resting_until": instant(found.rest_until),
        "previous_secret_until": instant(found.previous_until),
        "created_at": instant(found.created_at),
        "updated_at": instant(found.updated_at),
    }


def _delivery(found: WebhookDelivery) -> DeliveryOut:
    waits = found.state in (WebhookDelivery.WAITING, WebhookDelivery.FAILED)
    return DeliveryOut(
        id=found.id,
        message_id=found.message.message_id,
        fact=found.message.fact,
        object=found.message.object_id,
        state=found.state,
        attempts=found.attempts,
        next_at=instant(found.next_at) if waits else None,
        response_status=found.response_status,
        error=found.error or None,
        created_at=instant(found.created_at) or "",
        ended_at=instant(found.ended_at),
    )
