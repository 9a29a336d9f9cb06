"""Endpoints that get facts, and what became of each message."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from regulars.web.api.schemas.common import Page, Told, example

DeliveryState = Literal["waiting", "sending", "delivered", "failed", "dead"]


class WebhookIn(Told):
    """An address that gets facts."""

    model_config = example(
        url="https://crm.example.com/hooks/regulars",
        facts=["order.created", "order.refunded"],
        description="CRM",
        paused=False,
    )
    url: Annotated[str, Field(min_length=1, max_length=500)]
    facts: Annotated[tuple[Annotated[str, Field(max_length=60)], ...], Field(max_length=100)] = ()
    """Names of facts; without any it gets all, those of later releases too."""
    description: Annotated[str, Field(max_length=200)] = ""
    paused: bool = False
    """Messages wait meanwhile."""


class WebhookOut(Told):
    """An endpoint without its secret."""

    id: int
    url: str
    facts: list[str]
    description: str
    state: Literal["active", "paused", "gone"]
    """``gone`` is one that answered 410; a ``PUT`` brings it back."""
    failures: int
    """Attempts that failed one after another."""
    resting_until: str | None
    """After failures it is left alone for a while."""
    previous_secret_until: str | None
    """Until then messages are signed with the secret before, too."""
    created_at: str
    updated_at: str


class NewWebhook(WebhookOut):
    """An endpoint with its secret, which is shown this once."""

    secrets_once: ClassVar[set[str]] = {"secret"}
    secret: str | None = None
    """Missing where the answer is one that was given before."""


class Webhooks(Told):
    """Every endpoint, newest first."""

    webhooks: list[WebhookOut]
    facts: list[str]
    """All that there is to listen to."""


class RotateIn(Told):
    """How to change over to another secret."""

    model_config = example(previous_hours=24)
    previous_hours: Annotated[int, Field(ge=0, le=168)] = 24
    """How long the secret before signs too."""


class DeliveryOut(Told):
    """One message to one endpoint."""

    id: int
    message_id: str
    """The same however often it is sent: the header ``webhook-id``."""
    fact: str
    object: str
    """What it is about."""
    state: DeliveryState
    """``failed`` is sent again at ``next_at``; ``dead`` is not, until somebody redelivers it."""
    attempts: int
    next_at: str | None
    response_status: int | None
    error: str | None
    """Of the last attempt: ``status``, ``timeout``, ``unreachable``, ``tls``, ``address``, ``answer`` or ``secret``."""
    created_at: str
    ended_at: str | None


class Deliveries(Page):
    """A part of an endpoint's messages, newest first."""

    deliveries: list[DeliveryOut]
