"""When the day's refresh begins, and when segments are looked at between two of them."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from regulars.store.models import Order, Run, Segment

if TYPE_CHECKING:
    from regulars.runtime.settings import Settings

GROUPED = timedelta(minutes=15)
"""How often everybody is held against the rules of the shop's own segments: a million customers take half a minute of one core."""


def night(settings: Settings, now: datetime) -> date | None:
    """Return the day whose refresh should begin, None where there are no orders or something was published since that night."""
    begins = _last_night(settings, now)
    published = Run.objects.filter(state=Run.PUBLISHED).order_by("-id").values_list("started_at", flat=True)
    last = published.first()
    if (last is not None and last >= begins) or not Order.objects.exists():
        return None
    return begins.date()


def _last_night(settings: Settings, now: datetime) -> datetime:
    at, zone = time.fromisoformat(settings.refresh_at), ZoneInfo(settings.time_zone)
    here = now.astimezone(zone)
    begins = datetime.combine(here.date(), at, zone)
    return begins if begins <= here else datetime.combine(here.date() - timedelta(days=1), at, zone)


def grouping(now: datetime) -> str | None:
    """Name the quarter of an hour in which own segments should be looked at, None where there are none or nothing is published.

    None too where a refresh looked at them in this very quarter.
    """
    if not Segment.objects.exists():
        return None
    begins = now - timedelta(seconds=now.timestamp() % GROUPED.total_seconds())
    last = Run.objects.filter(state=Run.PUBLISHED).order_by("-id").values_list("ended_at", flat=True).first()
    if last is None or last >= begins:
        return None
    return begins.strftime("%Y-%m-%dT%H:%M")
