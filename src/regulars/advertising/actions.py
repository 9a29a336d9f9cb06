"""Costs arrive: a table takes the place of what was known of its days and channels."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from regulars.advertising.rules import Place, Spend, replaced, summed
from regulars.store import database
from regulars.store.models import AdvertisingCost


@dataclass(frozen=True)
class Arrived:
    """What became of a table: days of a channel or campaign."""

    added: int
    changed: int
    unchanged: int
    removed: int
    """Campaigns that the table no longer has on a day of a channel that it does have."""


def arrive(told: Iterable[Spend], now: datetime) -> Arrived:
    """Take costs in, all of them or none; telling the same again changes nothing."""
    wanted = summed(told)
    with database.writing("advertising"):
        known = _known(wanted)
        fresh = [place for place in wanted if place not in known]
        changed = [place for place in wanted if place in known and known[place].spend_minor != wanted[place]]
        gone = replaced({place: row.spend_minor for place, row in known.items()}, wanted)
        AdvertisingCost.objects.bulk_create(
            [
                AdvertisingCost(**place._asdict(), spend_minor=wanted[place], updated_at=now)
                for place in fresh
            ],
            batch_size=200,
        )
        for place in changed:
            known[place].spend_minor, known[place].updated_at = wanted[place], now
        AdvertisingCost.objects.bulk_update(
            [known[place] for place in changed], ["spend_minor", "updated_at"], batch_size=200
        )
        for part in _parts([known[place].pk for place in gone]):
            AdvertisingCost.objects.filter(pk__in=part).delete()
    return Arrived(len(fresh), len(changed), len(wanted) - len(fresh) - len(changed), len(gone))


def _known(wanted: Mapping[Place, int]) -> dict[Place, AdvertisingCost]:
    """Return what is known between the first and the last day of a table."""
    if not wanted:
        return {}
    days = [place.spent_on for place in wanted]
    some = AdvertisingCost.objects.filter(spent_on__gte=min(days), spent_on__lte=max(days))
    return {Place(row.spent_on, row.channel, row.campaign): row for row in some}


def _parts(keys: list[int], size: int = 500) -> Iterable[list[int]]:
    return (keys[start : start + size] for start in range(0, len(keys), size))
