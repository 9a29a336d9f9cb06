"""Which addresses get facts, and what became of each message."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from regulars.access import secrets
from regulars.store.models import WebhookDelivery, WebhookEndpoint


def endpoints() -> list[WebhookEndpoint]:
    """Return every endpoint, newest first; there are few."""
    return list(WebhookEndpoint.objects.order_by("-id"))


def endpoint(number: int) -> WebhookEndpoint | None:
    """Return an endpoint, None where there is none of that number."""
    return WebhookEndpoint.objects.filter(id=number).first()


def deliveries(number: int, state: str | None, before: int | None, limit: int) -> list[WebhookDelivery]:
    """Return what was sent, or will be, to an endpoint, newest first, from before a number on; with the messages."""
    some = WebhookDelivery.objects.filter(endpoint=number).select_related("message").order_by("-id")
    some = some if state is None else some.filter(state=state)
    return list((some if before is None else some.filter(id__lt=before))[:limit])


def holding(found: WebhookEndpoint, home: Path, now: datetime) -> list[str]:
    """Return the secrets that an endpoint's messages are signed with; none where the home has another key by now."""
    kept = [found.secret]
    if found.previous_secret and found.previous_until is not None and now < found.previous_until:
        kept.append(found.previous_secret)
    read = [secrets.decrypt(each, home) for each in kept]
    return [each for each in read if each is not None]


def counts() -> Mapping[str, int]:
    """Return how many messages are in each state."""
    from django.db.models import Count

    found = dict(WebhookDelivery.objects.values_list("state").annotate(Count("id")))
    return {state: found.get(state, 0) for state in WebhookDelivery.STATES}
