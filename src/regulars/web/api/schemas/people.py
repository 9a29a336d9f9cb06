"""What is told of customers: details, consents, and who turned out to be whom."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from regulars.web.api.schemas.common import DOCUMENTED, Email, Id, Moment, Told, example

Purpose = Literal["analytics", "profiling", "email", "sms", "push", "whatsapp", "messenger"]


def _phone(text: str) -> str:
    folded = text.translate({ord(sign): None for sign in " -().\u00a0"})
    if not (
        folded.startswith("+") and folded[1:].isascii() and folded[1:].isdigit() and 8 <= len(folded) <= 16
    ):
        msg = "must be a number with its country, such as +48 600 100 200"
        raise ValueError(msg)
    return folded


def _visible(text: str) -> str:
    folded = text.strip()
    if not folded.isprintable():
        msg = "must not hold control characters"
        raise ValueError(msg)
    return folded


def _born(told: date) -> date:
    if not 1900 <= told.year <= 2100:
        msg = "must lie after 1900"
        raise ValueError(msg)
    return told


Name = Annotated[str, Field(max_length=200), AfterValidator(_visible)]
Place = Annotated[str, Field(max_length=100), AfterValidator(_visible)]
Word = Annotated[str, Field(max_length=20), AfterValidator(_visible)]


class CustomerIn(Told):
    """What is told of a customer; what is left out stays as it is."""

    model_config = example(
        email="grace@example.com", phone="+48 600 100 200", first_name="Grace", language="pl", country="PL"
    )
    email: Email | None = None
    phone: Annotated[str, Field(max_length=40), AfterValidator(_phone)] | None = None
    first_name: Name | None = None
    last_name: Name | None = None
    language: Word | None = None
    country: Place | None = None
    region: Place | None = None
    city: Place | None = None
    gender: Word | None = None
    birthday: Annotated[date, AfterValidator(_born)] | None = None


class CustomerPut(Told):
    """What became of it."""

    id: str
    state: Literal["added", "changed", "unchanged"]


class ConsentIn(Told):
    """A word of a customer: yes or no, when, where, and what they were asked."""

    model_config = example(granted=True, at=DOCUMENTED, source="checkout", wording="Newsletter, version 3")
    granted: bool
    at: Moment | None = None
    """When they said it; now, if left out."""
    source: Annotated[str, Field(max_length=100), AfterValidator(_visible)] = ""
    wording: Annotated[str, Field(max_length=2000), AfterValidator(_visible)] = ""


class ConsentOut(Told):
    """A word of a customer."""

    purpose: str
    granted: bool
    at: str
    source: str
    wording: str
    recorded_at: str


class Consents(Told):
    """What holds of a customer, and all that they ever said."""

    customer: str
    allowed: dict[str, bool]
    """For each purpose: what they said last, else what holds where nothing was said."""
    history: list[ConsentOut]


class MergeIn(Told):
    """Another record of the same person."""

    model_config = example(absorbed="1002", reason="Wrote to us")
    absorbed: Id
    """Whose orders, devices and names this customer gets: the shop's own id, or ``key:123``."""
    reason: Annotated[str, Field(max_length=200), AfterValidator(_visible)] = ""


class MergeOut(Told):
    """Two records that became one."""

    id: int
    kept: str
    absorbed_key: int
    reason: str
    at: str
    undone_at: str | None
    orders: int
    """Orders that changed hands."""


class Merges(Told):
    """What a customer absorbed, latest first."""

    customer: str
    merges: list[MergeOut]
