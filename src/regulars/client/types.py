"""What is told to the server. Amounts are decimal text in the currency's own units: ``"19.99"``."""

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypedDict

Status = Literal["paid", "unpaid", "cancelled", "test"]
Answer = dict[str, Any]
"""What the server answers, as ``/v1/openapi.json`` describes it."""


class Buyer(TypedDict, total=False):
    """Whose order it is: the shop's own id, an e-mail, or both."""

    id: str
    email: str


class Line(TypedDict, total=False):
    """One line of an order: with ``unit_price`` or ``gross``."""

    product_id: str
    title: str
    category: str
    quantity: str
    unit_price: str
    gross: str
    discount: str
    tax: str
    refunded: str


class Order(TypedDict):
    """A whole order."""

    ordered_at: str
    currency: str
    lines: list[Line]
    status: NotRequired[Status]
    customer: NotRequired[Buyer]
    shipping: NotRequired[str]
    shipping_tax: NotRequired[str]
    coupon_code: NotRequired[str]
    channel: NotRequired[str]
    country: NotRequired[str]


class RefundLine(TypedDict):
    """What goes back for a line."""

    line: int
    amount: str


class Refund(TypedDict):
    """Money that goes back: of lines, or an amount of all of them; and of delivery."""

    refund_id: str
    amount: NotRequired[str]
    lines: NotRequired[list[RefundLine]]
    shipping: NotRequired[str]
    refunded_at: NotRequired[str]


class Product(TypedDict, total=False):
    """All that a catalogue says of a product; ``product_id`` where many are told at once."""

    product_id: str
    title: str
    category: str
    brand: str
    price: str
    cost: str
    currency: str
    available: bool
    url: str
    image_url: str
    attributes: dict[str, Any]


class Webhook(TypedDict):
    """An address that gets facts; without ``facts`` it gets all."""

    url: str
    facts: NotRequired[list[str]]
    description: NotRequired[str]
    paused: NotRequired[bool]
