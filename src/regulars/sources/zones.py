"""Wall clocks to instants, also in the two nights a year when a wall clock skips an hour or shows one twice."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from regulars.kit.errors import RegularsError
from regulars.kit.i18n import mark


def zone(name: str) -> ZoneInfo:
    """Return a time zone, or raise when there is none of that name."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise RegularsError(
            "source.unknown_time_zone",
            mark("There is no time zone called {name!r}."),
            hint=mark("Names look like Europe/Warsaw or UTC."),
            name=name,
        ) from error


@cache
def changes(name: str, first_year: int, last_year: int) -> tuple[tuple[datetime, timedelta, timedelta], ...]:
    """Return the instants (naive UTC) at which a zone's offset changes, with the offset before and after."""
    tz = zone(name)
    found = []
    at = datetime(first_year, 1, 1, tzinfo=UTC)
    end = datetime(last_year + 1, 1, 1, tzinfo=UTC)
    while at < end:
        later = at + timedelta(days=1)
        before, after = at.astimezone(tz).utcoffset(), later.astimezone(tz).utcoffset()
        if before is not None and after is not None and before != after:
            low, high = at, later
            while high - low > timedelta(minutes=1):
                middle = low + (high - low) / 2
                if middle.astimezone(tz).utcoffset() == before:
                    low = middle
                else:
                    high = middle
            exact = high.replace(second=0, microsecond=0, tzinfo=None)
            found.append((exact, before, after))
        at = later
    return tuple(found)


def instant(wall: str, name: str, first_year: int, last_year: int) -> str:
    """SQL: the UTC instant of a wall-clock TIMESTAMP; skipped hours move forward, doubled hours are the first ones.

    Both follow from one rule: the offset before a change holds until the later of the two wall clocks of that change.
    """
    found = changes(name, first_year, last_year)
    return _shifted(
        wall, name, first_year, [(at + max(before, after), after) for at, before, after in found], -1
    )


def local(at: str, name: str, first_year: int, last_year: int) -> str:
    """SQL: the wall-clock TIMESTAMP of a UTC TIMESTAMP."""
    return _shifted(
        at, name, first_year, [(at_, after) for at_, _, after in changes(name, first_year, last_year)], 1
    )


def local_day(at: str, name: str, first_year: int, last_year: int) -> str:
    """SQL: the local day of a UTC TIMESTAMP."""
    return f"CAST({local(at, name, first_year, last_year)} AS DATE)"


def unclear(wall: str, name: str, first_year: int, last_year: int) -> str:
    """SQL: whether a wall-clock TIMESTAMP never was, or was twice."""
    pieces = [
        f"({wall} >= TIMESTAMP '{at + min(before, after)}' AND {wall} < TIMESTAMP '{at + max(before, after)}')"
        for at, before, after in changes(name, first_year, last_year)
    ]
    return f"({' OR '.join(pieces)})" if pieces else "false"


def _shifted(
    moment: str, name: str, first_year: int, steps: Sequence[tuple[datetime, timedelta]], sign: int
) -> str:
    """SQL: a moment moved by the offset that holds at it; a short list of changes is far quicker than a zone library."""
    start = datetime(first_year, 1, 1, tzinfo=UTC).astimezone(zone(name)).utcoffset() or timedelta()
    if not steps:
        return moment if not start else f"({moment} + {_interval(sign * start)})"
    offsets = [start, *(offset for _, offset in steps)]
    whens = " ".join(
        f"WHEN {moment} < TIMESTAMP '{at}' THEN {_interval(sign * offset)}"
        for (at, _), offset in zip(steps, offsets, strict=False)
    )
    return f"({moment} + CASE {whens} ELSE {_interval(sign * offsets[-1])} END)"


def _interval(offset: timedelta) -> str:
    return f"to_seconds({int(offset.total_seconds())})"
