"""What trackers send, in the shape that Segment's libraries send it; unknown fields are left alone."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

Id = str | int | None
Moment = str | int | float | None


class Page(msgspec.Struct, gc=False):
    """The page on which something happened."""

    url: str | None = None
    title: str | None = None
    referrer: str | None = None


class Consent(msgspec.Struct, rename="camel", gc=False):
    """What the visitor agreed to: our own word, and Segment's."""

    analytics: bool | None = None
    category_preferences: dict[str, bool] | None = None


class Context(msgspec.Struct, rename="camel", gc=False):
    """Circumstances of an event; neither addresses of the network nor of the device are read."""

    page: Page | None = None
    consent: Consent | None = None
    signature: str | None = None
    session_id: Id = None
    user_agent: str | None = None
    campaign: dict[str, Any] | None = None
    locale: str | None = None


class Message(msgspec.Struct, rename="camel", gc=False):
    """One event."""

    type: str | None = None
    message_id: Id = None
    anonymous_id: Id = None
    user_id: Id = None
    previous_id: Id = None
    session_id: Id = None
    timestamp: Moment = None
    sent_at: Moment = None
    event: str | None = None
    name: str | None = None
    properties: dict[str, Any] | None = None
    traits: dict[str, Any] | None = None
    context: Context | None = None
    write_key: str | None = None


class Batch(msgspec.Struct, rename="camel", gc=False):
    """Several events; what is said of the batch holds for events that do not say it themselves."""

    batch: list[msgspec.Raw]
    sent_at: Moment = None
    context: Context | None = None
    write_key: str | None = None


class Question(msgspec.Struct, rename="camel", gc=False):
    """What a storefront asks the recommender."""

    slot: str = "trending"
    customer: Id = None
    product: Id = None
    products: Annotated[list[str | int], msgspec.Meta(max_length=100)] = []
    cart: Annotated[list[str | int], msgspec.Meta(max_length=100)] = []
    exclude: Annotated[list[str | int], msgspec.Meta(max_length=500)] = []
    k: int = 10
    signature: str | None = None
    write_key: str | None = None


class Deciding(msgspec.Struct, rename="camel", gc=False):
    """For whom a storefront wants to know what to show."""

    customer: Id = None
    signature: str | None = None
    write_key: str | None = None
