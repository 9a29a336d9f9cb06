"""Segments that the shop says itself: what is told of them, and what is answered."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from regulars.web.api.schemas.common import Short, Told, example
from regulars.web.api.schemas.customers import Member

_RULE = {
    "all": [
        {"field": "net", "operator": ">=", "value": "100"},
        {
            "event": {
                "type": "purchase",
                "aggregate": "count",
                "operator": "=",
                "value": 0,
                "window": {"last_days": 90},
                "where": {"property": "category", "operator": "is", "value": "Tea"},
            }
        },
        {"not": {"segment": "serial_returner"}},
    ]
}
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,39}$", examples=["tea-lovers"])]
Rule = Annotated[dict[str, Any], Field(description="A rule: docs/segments-rules.md.")]
Language = Literal["en", "pl"]


class SegmentPut(Told):
    """What a segment is."""

    model_config = example(title="Used to buy tea", rule=_RULE)
    title: Annotated[Short, Field(min_length=1)]
    rule: Rule


class SegmentIn(SegmentPut):
    """A segment to make."""

    model_config = example(name="tea-lovers", title="Used to buy tea", rule=_RULE)
    name: Name


class OwnSegment(Told):
    """A segment of the shop's own."""

    name: str
    title: str
    rule: dict[str, Any]
    """In its canonical form: amounts as text, nothing that goes without saying."""
    said: str
    """The rule in words; empty where this release cannot read it."""
    version: int
    """Goes up with each other rule."""
    customers: int | None
    """Members in the published run; null before the first refresh that knew the segment."""
    current: bool
    """Whether the published members were found by the rule as it is now."""
    created_at: str
    updated_at: str


class PreviewIn(Told):
    """A rule to try."""

    model_config = example(rule=_RULE, language="en", sample=10)
    rule: Rule
    name: Name | None = None
    """Of the segment whose rule it is to be, so that it cannot lead back to itself."""
    language: Language = "en"
    """Of the rule in words."""
    sample: Annotated[int, Field(ge=0, le=100)] = 10


class Preview(Told):
    """What a rule finds now; nothing of it is kept."""

    rule: dict[str, Any]
    said: str
    members: int
    customers: int
    """Of how many."""
    sample: list[Member]
    """The first members in the order of their keys."""


class Overlap(Told):
    """How many customers two segments have in common."""

    one: int
    other: int
    both: int
    run: int


class CatalogueOut(Told):
    """Everything that a rule may name, with titles in a language."""

    groups: list[dict[str, Any]]
    types: list[dict[str, Any]]
    """Each with the operators that it takes."""
    fields: list[dict[str, Any]]
    events: list[dict[str, Any]]
    aggregates: list[dict[str, Any]]
    segments: list[dict[str, Any]]
