"""What the page needs of totals by group: each group's expected value with its interval, small ones folded into one row."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from regulars.report.words import Words


@dataclass(frozen=True, slots=True)
class GroupTotal:
    """One group's expected value, with an interval.

    ``title`` is ours (translated) or a month; ``name`` is the shop's own word for the group (never translated). Without
    either, the row is of customers whom the file does not put into any group, or, where it stands for several
    ``groups``, the sum of those too small to be shown.
    """

    customers: int
    expected: float
    low: float
    high: float
    title: Words | date | None = None
    name: str | None = None
    groups: int = 1


@dataclass(frozen=True, slots=True)
class Grouping:
    """The customers parted (or, where ``overlapping``, just gathered) in one way, in the order to be shown."""

    name: str
    title: Words
    note: Words
    rows: tuple[GroupTotal, ...]


@dataclass(frozen=True, slots=True)
class Referrals:
    """How many customers others brought, what they are expected to bring (if that is known), and how many brought them."""

    customers: int
    referrers: int
    most: int
    """Customers brought by whoever brought most."""
    expected: float | None = None


@dataclass(frozen=True, slots=True)
class Groupings:
    """Every way of grouping that the orders can tell. ``measure`` names the value, ``level`` is the intervals' own."""

    measure: Words
    level: float
    horizon_days: int
    each: tuple[Grouping, ...]
