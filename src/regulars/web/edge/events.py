"""One message becomes one event of the inbox: our names for what shops do, checked ids, a moment by our own clock."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from math import isfinite
from typing import Any
from uuid import uuid4

from regulars.kit.i18n import mark
from regulars.store.inbox import Event
from regulars.web.edge.messages import Context, Id, Message, Moment
from regulars.web.edge.refusals import bad_field
from regulars.web.edge.replies import encode

TYPES: Mapping[str, str] = {
    "product viewed": "view",
    "product list viewed": "list_view",
    "product added": "cart",
    "product removed": "cart_remove",
    "cart viewed": "cart_view",
    "checkout started": "checkout",
    "order completed": "purchase",
    "order refunded": "refund",
    "coupon applied": "coupon",
    "products searched": "search",
    "email opened": "email_opened",
    "email link clicked": "email_clicked",
    "product reviewed": "review",
}
"""What Segment's names of shop events are here; all other names stay as they are."""
KINDS = frozenset({"track", "identify", "page", "alias"})
MOST_CHARACTERS = 200
_MOST_OF_AN_ADDRESS = 2_048
_EARLIEST = int(datetime(1990, 1, 1, tzinfo=UTC).timestamp()) * 1_000_000
_SECONDS_BELOW = 1e11
"""Numbers below are seconds (until the year 5138), above milliseconds (since 1973)."""
_TOO_LONG = mark("{field} is longer than 200 characters, or has a zero byte.")
_NO_MOMENT = mark("{field} is no moment.")
_NOBODY = mark("{field} is missing, and so is userId: one of them says who it was.")
_NO_EVENT = mark("{field} is missing: it names what happened.")
_NO_TYPE = mark("{field} is none of track, identify, page and alias.")
_NO_CUSTOMER = mark("{field} is missing: it names who the visitor is.")
_PRODUCT = ("product_id", "productId", "sku")
_ORDER = ("order_id", "orderId")
_VALUE = ("value", "revenue", "total")
_CAMPAIGN = ("source", "medium", "name", "term", "content")


def event_of(
    message: Message,
    kind: str,
    *,
    source: str,
    customer_id: str | None,
    received_at: int,
    context: Context | None,
    sent_at: Moment,
) -> Event:
    """Return a message as an event; ``customer_id`` is the user it claims to be of, where that is proven.

    Raises ``edge.field`` for a field that cannot be kept. A moment in the future or before 1990 is that of a clock that was
    never set: the moment of receipt stands for it.
    """
    said = (message.traits if kind == "identify" else message.properties) or {}
    page = context.page if context else None
    session = message.session_id or (context.session_id if context else None) or said.get("session_id")
    visitor_id = text("anonymousId", message.anonymous_id)
    if visitor_id is None and message.user_id in (None, ""):
        raise bad_field("anonymousId", _NOBODY)
    # By place: names cost as much as the rest of it, for each of many events.
    return Event(
        text("messageId", message.message_id) or uuid4().hex,
        source,
        visitor_id,
        customer_id,
        text("sessionId", session),
        _type(message, kind),
        occurred(message.timestamp, message.sent_at or sent_at, received_at),
        received_at,
        text("product_id", _first(said, _PRODUCT)),
        text("order_id", _first(said, _ORDER)),
        _number(_first(said, _VALUE)),
        _address((page.url if page else None) or said.get("url")),
        _told(message, kind, said, context),
    )


def text(name: str, value: Any) -> str | None:
    """Return an id as text, None for nothing; raises ``edge.field`` for one that no table keeps."""
    if value is None:
        return None
    if type(value) is not str:
        if not isinstance(value, int | float) or isinstance(value, bool):
            return None
        value = str(value)
    if len(value) > MOST_CHARACTERS or "\0" in value:
        raise bad_field(name, _TOO_LONG)
    return value.strip() or None


def occurred(timestamp: Moment, sent_at: Moment, received_at: int) -> int:
    """Return when something happened by our clock: the sender's is off by as much as it was when it sent this."""
    if timestamp is None or timestamp == "":
        return received_at
    at = _moment("timestamp", timestamp)
    if sent_at is not None and sent_at != "":
        at += received_at - _moment("sentAt", sent_at)
    return at if _EARLIEST <= at <= received_at else received_at


@lru_cache(maxsize=4096)
def _moment(name: str, told: str | float) -> int:
    try:
        if isinstance(told, str):
            found = datetime.fromisoformat(told)
            found = found if found.tzinfo else found.replace(tzinfo=UTC)
            return round(found.timestamp() * 1_000_000)
        return round(told * (1_000_000 if abs(told) < _SECONDS_BELOW else 1_000))
    except (ValueError, OverflowError) as error:
        raise bad_field(name, _NO_MOMENT) from error


def _type(message: Message, kind: str) -> str:
    if kind != "track":
        return kind
    name = text("event", message.event)
    if name is None:
        raise bad_field("event", _NO_EVENT)
    return TYPES.get(name.replace("_", " ").casefold(), name)


def kind_of(message: Message, told: str | None) -> str:
    """Return what sort of message it is, by its address or, in a batch, by its own word."""
    kind = told or message.type or ""
    if kind not in KINDS:
        raise bad_field("type", _NO_TYPE)
    if kind == "alias" and message.user_id in (None, ""):
        raise bad_field("userId", _NO_CUSTOMER)
    return kind


def _first(said: Mapping[str, Any], names: tuple[str, ...]) -> Any:
    for name in names:
        found = said.get(name)
        if found is not None and found != "":
            return found
    return None


def _number(told: Any) -> float | None:
    if told is None or isinstance(told, bool) or not isinstance(told, int | float | str):
        return None
    try:
        found = float(told)
    except (ValueError, OverflowError):
        return None
    return found if isfinite(found) else None


def _address(told: Any) -> str | None:
    return told[:_MOST_OF_AN_ADDRESS] or None if isinstance(told, str) and "\0" not in told else None


def _told(message: Message, kind: str, said: dict[str, Any], context: Context | None) -> str:
    """Return properties as JSON, with what figures by channel need of the circumstances."""
    more: dict[str, Any] = {}
    if context is not None:
        page = context.page
        if context.campaign:
            more["campaign"] = {
                name: context.campaign[name] for name in _CAMPAIGN if name in context.campaign
            }
        if page is not None and page.referrer:
            more["referrer"] = page.referrer[:_MOST_OF_AN_ADDRESS]
        if context.locale:
            more["locale"] = context.locale[:40]
    if kind == "alias":
        said = {"previousId": text("previousId", message.previous_id)}
    if kind == "page" and message.name:
        said = {"name": message.name, **said}
    return encode({**said, "context": more} if more else said).decode()


def user_of(message: Message) -> str | None:
    """Return the customer that a message claims to be of."""
    found: Id = message.user_id
    return text("userId", found)
