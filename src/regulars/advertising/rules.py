"""What costs tell of each other: the same words once, and what a table takes the place of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import NamedTuple

MOST_MINOR = 10**15
"""More than anybody pays on a day, in any currency's smallest unit."""


class Place(NamedTuple):
    """What money was spent on."""

    spent_on: date
    channel: str
    campaign: str


class Spend(NamedTuple):
    """Money spent, in the smallest unit of the shop's currency."""

    place: Place
    minor: int


def summed(told: Iterable[Spend]) -> dict[Place, int]:
    """Return what was spent on each place; a table may have several rows for one."""
    found: dict[Place, int] = {}
    for place, minor in told:
        found[place] = found.get(place, 0) + minor
    return found


def replaced(known: Mapping[Place, int], told: Mapping[Place, int]) -> set[Place]:
    """Return the places that a table no longer has, of the days and channels that it does have.

    So a campaign under a new name is not counted twice, and a table of one channel leaves the others alone.
    """
    covered = {(place.spent_on, place.channel) for place in told}
    return {place for place in known if (place.spent_on, place.channel) in covered and place not in told}
