"""Customers as they are shown."""

from __future__ import annotations

from typing import Any

from regulars.web.api.schemas.common import Page, Told
from regulars.web.api.schemas.orders import OrderOut


class Worth(Told):
    """A customer's figures and forecast, of the run that is published. What cannot be told is null."""

    run: int
    as_of: str | None
    currency: str
    orders: int
    net: str
    aov: str
    first_on: str
    last_on: str
    p_alive: float | None
    expected_orders: float | None
    clv: str | None
    clv_low: str | None
    clv_high: str | None
    clv_lifetime: str | None
    next_order_from: str | None
    next_order_until: str | None
    tier: str
    rfm: str
    rfm_group: str
    lifecycle: str
    reason: str
    """Why so much is expected, in English."""


class CustomerOut(Told):
    """A person who bought or signed up."""

    id: str
    """What to ask for them by: the shop's own id, or ``key:123`` for who has none."""
    key: int
    store_ids: list[str]
    emails: list[str]
    phones: list[str]
    first_name: str
    last_name: str
    language: str
    country: str
    region: str
    city: str
    created_at: str
    updated_at: str
    value: Worth | None
    """Null for who has not bought yet, or since the last run."""
    segments: list[str]


class Customers(Page):
    """A part of all customers."""

    customers: list[CustomerOut]


class Timeline(Page):
    """A part of a customer's orders, newest first."""

    customer: str
    orders: list[OrderOut]


class Then(Told):
    """What was expected of a customer at one refresh."""

    run: int
    as_of: str
    orders: int
    net: str
    p_alive: float | None
    expected_orders: float | None
    clv: str | None
    clv_low: str | None
    clv_high: str | None
    tier: str
    rfm: str
    lifecycle: str


class History(Told):
    """What was expected of a customer at each refresh, the latest first."""

    customer: str
    runs: list[Then]


class StandIn(Told):
    """Something that stands in for what was asked."""

    code: str
    message: str


class Pick(Told):
    """A recommended product."""

    product_id: str
    title: str | None
    score: float
    reason: str
    seeds: list[str]


class Recommendations(Told):
    """What to show a customer, best first."""

    customer: str
    slot: str
    answer_id: str
    fit: str
    personal: bool
    """False where nothing personal could be said: ``warnings`` tells why."""
    warnings: list[StandIn]
    picks: list[Pick]


class ScoreOut(Worth):
    """A customer's figures, of many."""

    customer: str
    key: int


class Scores(Page):
    """A part of all scores of one run."""

    run: int | None
    scores: list[ScoreOut]


class Member(Told):
    """A customer in a segment."""

    customer: str
    key: int


class Members(Page):
    """A part of a segment."""

    segment: str
    run: int
    members: list[Member]


class SegmentOut(Told):
    """A segment and what it is worth."""

    name: str
    family: str
    title: str
    definition: str
    customers: int | None
    share: float | None
    net: float | None
    clv: float | None
    unknown: Any = None
    """Why it cannot be told, else null."""


class Segments(Told):
    """Every segment of the published run."""

    run: int | None
    as_of: str | None
    currency: str
    segments: list[SegmentOut]
