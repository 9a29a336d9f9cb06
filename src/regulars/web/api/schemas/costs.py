"""Costs of advertising as they are told and shown."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import AfterValidator, Field

from regulars.web.api.schemas.common import Amount, Currency, Page, Told, example

ROW = {"day": "2025-06-01", "channel": "google", "campaign": "summer", "spend": "120.50"}


def _in_our_times(told: date) -> date:
    if not 1970 <= told.year <= 2200:
        msg = "must lie between 1970 and 2200"
        raise ValueError(msg)
    return told


def _plain(text: str) -> str:
    if text != text.strip() or not text.isprintable():
        msg = "must not begin or end with blanks, nor hold control characters"
        raise ValueError(msg)
    return text


class CostIn(Told):
    """What a channel, or a campaign of it, cost on a day."""

    model_config = example(**ROW)
    day: Annotated[date, AfterValidator(_in_our_times)]
    """Costs by month stand on the first day of each."""
    channel: Annotated[str, Field(max_length=100), AfterValidator(_plain)] = ""
    """As orders name it; nothing for what was spent on no channel in particular."""
    campaign: Annotated[str, Field(max_length=200), AfterValidator(_plain)] = ""
    spend: Amount
    """In the shop's currency."""


class CostsIn(Told):
    """Up to 5,000 rows; each day of a channel that is told takes the place of what was known of it."""

    model_config = example(currency="EUR", costs=[ROW])
    currency: Currency
    costs: Annotated[list[CostIn], Field(min_length=1, max_length=5000)]


class CostOut(Told):
    """A row as it is known."""

    day: str
    channel: str
    campaign: str
    spend: str


class Costs(Page):
    """A part of all costs, in the order in which they first came."""

    currency: str
    costs: list[CostOut]


class CostsPut(Told):
    """What became of the rows; ``removed`` are campaigns that a day of a channel no longer has."""

    added: int
    changed: int
    unchanged: int
    removed: int
