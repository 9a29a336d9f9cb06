"""A rule brought down to columns and bounds on one moment: what an engine runs for everybody and Python for one person.

Both read the same plan, so that what a day is, and where a window ends, is decided once.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

from regulars.segments.rules.fields import CATALOGUE, Catalogue, Kind
from regulars.segments.rules.syntax import Both, Compare, Either, Event, Member, Not, Rule, Window

EVENTS = "events"


@dataclass(frozen=True, slots=True)
class Clock:
    """The moment for which rules are worked out, and whose days count."""

    now: datetime
    """With an offset."""
    zone: str = "UTC"

    @property
    def today(self) -> date:
        """The day in the shop's calendar."""
        return self.now.astimezone(ZoneInfo(self.zone)).date()

    def begins(self, day: date) -> datetime:
        """Return the moment in UTC at which a day of the shop's calendar begins."""
        return datetime.combine(day, time(), ZoneInfo(self.zone)).astimezone(UTC)


@dataclass(frozen=True, slots=True)
class Test:
    """A column compared with a value; false where the column is null, but for ``unknown``.

    ``how`` is ``eq``, ``ne``, ``lt``, ``le``, ``gt``, ``ge``, ``between``, ``in``, ``out``, ``contains``, ``starts``, ``known`` or ``unknown``.
    """

    column: str
    how: str
    want: Any = None


@dataclass(frozen=True, slots=True)
class Every:
    """All parts; true without any."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Some:
    """One part or more; false without any."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Opposite:
    """What the part is not."""

    part: Node


@dataclass(frozen=True, slots=True)
class Within:
    """Membership of a segment."""

    segment: str


@dataclass(frozen=True, slots=True)
class Tally:
    """A figure over a customer's rows of a source: those for which ``only`` holds."""

    source: str
    aggregate: str
    column: str | None
    only: Node


@dataclass(frozen=True, slots=True)
class Figure:
    """A tally compared with a value. ``count``, ``sum`` and ``distinct`` of no rows are zero, ``min`` and ``max`` are null."""

    tally: Tally
    how: str
    want: Any


Node: TypeAlias = Test | Every | Some | Opposite | Within | Figure
_HOW = {
    "=": "eq", "!=": "ne", "<": "lt", "<=": "le", ">": "gt", ">=": "ge", "between": "between", "is": "eq", "is_not": "ne",
    "one_of": "in", "none_of": "out", "contains": "contains", "starts_with": "starts", "known": "known", "unknown": "unknown",
    "on": "eq", "before": "lt", "after": "gt",
}  # fmt: skip


def planned(rule: Rule, clock: Clock, catalogue: Catalogue = CATALOGUE) -> Node:
    """Return what a rule means at a moment."""
    if isinstance(rule, Both):
        return Every(tuple(planned(part, clock, catalogue) for part in rule.parts))
    if isinstance(rule, Either):
        return Some(tuple(planned(part, clock, catalogue) for part in rule.parts))
    if isinstance(rule, Not):
        return Opposite(planned(rule.part, clock, catalogue))
    if isinstance(rule, Member):
        return Within(rule.segment)
    if isinstance(rule, Event):
        kind = catalogue.kinds[rule.kind]
        tally = Tally(kind.source, rule.aggregate, rule.of, _only(rule, kind, clock, catalogue))
        return Figure(tally, _HOW[rule.operator], rule.value)
    return _test(rule, clock.today)


def _test(rule: Compare, today: date) -> Node:
    days = timedelta(days=rule.value) if isinstance(rule.value, int) and "days" in rule.operator else None
    if days is None:
        return Test(rule.field, _HOW[rule.operator], rule.value)
    if rule.operator == "before_last_days":
        return Test(rule.field, "le", today - days)
    if rule.operator == "next_days":
        return Test(rule.field, "between", (today, today + days))
    return Test(rule.field, "between", (today - days + timedelta(days=1), today))


def _only(rule: Event, kind: Kind, clock: Clock, catalogue: Catalogue) -> Node:
    parts: list[Node] = [] if kind.type is None else [Test("type", "eq", kind.type)]
    parts += _within(rule.window, kind, clock)
    if rule.where is not None:
        parts.append(planned(rule.where, clock, catalogue))
    return Every(tuple(parts))


def _within(window: Window, kind: Kind, clock: Clock) -> list[Node]:
    """Return the bounds of a window: on days for what was bought, on moments for events, which know no days of their own."""
    if window.kind == "last_hours":
        assert isinstance(window.first, int)
        since = clock.now.astimezone(UTC) - timedelta(hours=window.first)
        return [Test("at", "gt", since), Test("at", "le", clock.now.astimezone(UTC))]
    first, last = _days(window, clock.today)
    if kind.source != EVENTS:
        days: list[Node] = [] if first is None else [Test("on", "ge", first)]
        return [*days, Test("on", "le", last)]
    lower: list[Node] = [] if first is None else [Test("at", "ge", clock.begins(first))]
    now = clock.now.astimezone(UTC)
    after = clock.begins(last + timedelta(days=1))
    return [*lower, Test("at", "lt", after) if after <= now else Test("at", "le", now)]


def _days(window: Window, today: date) -> tuple[date | None, date]:
    """Return the first and the last day of a window; no first where it begins with everything, and no day after today."""
    if window.kind == "last_days":
        assert isinstance(window.first, int)
        return today - timedelta(days=window.first - 1), today
    if window.kind == "days_ago":
        assert isinstance(window.first, int)
        assert isinstance(window.last, int)
        return today - timedelta(days=window.last), today - timedelta(days=window.first)
    first, last = (day if isinstance(day, date) else None for day in (window.first, window.last))
    return first, min(last or today, today)
