"""When the day's refresh begins."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from regulars.store.models import Order, Run

if TYPE_CHECKING:
    from regulars.runtime.settings import Settings

NIGHT = time(3, 0)
"""By the shop's own clock."""


def night(settings: Settings, now: datetime) -> date | None:
    """Return the day whose refresh should begin, None where there are no orders or something was published since that night."""
    begins = _last_night(settings, now)
    published = Run.objects.filter(state=Run.PUBLISHED).order_by("-id").values_list("started_at", flat=True)
    last = published.first()
    if (last is not None and last >= begins) or not Order.objects.exists():
        return None
    return begins.date()


def _last_night(settings: Settings, now: datetime) -> datetime:
    zone = ZoneInfo(settings.time_zone)
    here = now.astimezone(zone)
    begins = datetime.combine(here.date(), NIGHT, zone)
    return begins if begins <= here else datetime.combine(here.date() - timedelta(days=1), NIGHT, zone)
