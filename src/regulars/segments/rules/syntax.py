"""A rule as it was read: every place checked, every value of the type that its field has."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TypeAlias

Plain: TypeAlias = bool | int | float | Decimal | str | date
Value: TypeAlias = Plain | tuple[Plain, ...] | None
"""What is compared with: nothing for ``known``, two for ``between``, any number for ``one_of``."""


@dataclass(frozen=True, slots=True)
class Compare:
    """A field of the customer, or inside ``where`` a property of the event, compared with a value."""

    field: str
    operator: str
    value: Value = None


@dataclass(frozen=True, slots=True)
class Both:
    """All of the parts hold."""

    parts: tuple[Rule, ...]


@dataclass(frozen=True, slots=True)
class Either:
    """At least one of the parts holds."""

    parts: tuple[Rule, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The part does not hold; also where it compares with something unknown."""

    part: Rule


@dataclass(frozen=True, slots=True)
class Member:
    """The customer is in another segment."""

    segment: str


@dataclass(frozen=True, slots=True)
class Window:
    """The time in which events count; nothing later than now ever does. Days are those of the shop's calendar."""

    kind: str = "ever"
    """``ever``, ``last_days``, ``last_hours``, ``days_ago`` or ``dates``."""
    first: int | date | None = None
    """The days or hours; the nearer of two numbers of days; the first date."""
    last: int | date | None = None
    """The farther of two numbers of days; the last date."""


@dataclass(frozen=True, slots=True)
class Event:
    """Something counted or summed over a customer's events of a kind, compared with a value."""

    kind: str
    aggregate: str
    of: str | None
    operator: str
    value: Value
    window: Window = Window()
    where: Rule | None = None


Rule: TypeAlias = Compare | Both | Either | Not | Member | Event


def walk(rule: Rule) -> Iterator[Rule]:
    """Yield a rule and all its parts; those of ``where`` are no parts of it."""
    yield rule
    if isinstance(rule, Both | Either):
        for part in rule.parts:
            yield from walk(part)
    elif isinstance(rule, Not):
        yield from walk(rule.part)
