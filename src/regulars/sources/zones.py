"""Wall clocks to instants, also in the two nights a year when a wall clock skips an hour or shows one twice."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from regulars.kit.errors import RegularsError
from regulars.sources.quoting import text


def zone(name: str) -> ZoneInfo:
    """Return a time zone, or raise when there is none of that name."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise RegularsError(
            "source.unknown_time_zone",
            f"There is no time zone called {name!r}.",
            hint="Names look like Europe/Warsaw or UTC.",
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
    """SQL: the UTC instant of a wall-clock TIMESTAMP; skipped hours move forward, doubled hours are the first ones."""
    if name == "UTC":
        return wall
    usual = f"timezone('UTC', timezone({text(name)}, {wall}))"
    doubled = [
        f"WHEN {wall} >= TIMESTAMP '{at + after}' AND {wall} < TIMESTAMP '{at + before}' THEN {wall} - {_interval(before)}"
        for at, before, after in changes(name, first_year, last_year)
        if after < before
    ]
    return f"CASE {' '.join(doubled)} ELSE {usual} END" if doubled else usual


def unclear(wall: str, name: str, first_year: int, last_year: int) -> str:
    """SQL: whether a wall-clock TIMESTAMP never was, or was twice."""
    pieces = [
        f"({wall} >= TIMESTAMP '{at + min(before, after)}' AND {wall} < TIMESTAMP '{at + max(before, after)}')"
        for at, before, after in ([] if name == "UTC" else changes(name, first_year, last_year))
    ]
    return f"({' OR '.join(pieces)})" if pieces else "false"


def local_day(at: str, name: str) -> str:
    """SQL: the local day of a UTC TIMESTAMP."""
    return (
        f"CAST({at} AS DATE)"
        if name == "UTC"
        else f"CAST(timezone({text(name)}, timezone('UTC', {at})) AS DATE)"
    )


def _interval(offset: timedelta) -> str:
    return f"to_seconds({int(offset.total_seconds())})"
