"""Recommendations of an earlier day as a section of the page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from regulars.kit.unknown import Unknown
from regulars.recommend.evaluation import TITLES
from regulars.recommend.hindsight import LISTED
from regulars.report import recommended as m

if TYPE_CHECKING:
    from regulars.recommend import Hindsight


def recommended(found: Hindsight | Unknown | None) -> m.Recommended | Unknown | None:
    """Return what would have been recommended and whether it was bought, or why that cannot be told."""
    if found is None or isinstance(found, Unknown):
        return found
    return m.Recommended(
        found.cutoff,
        found.days,
        found.people,
        LISTED,
        tuple(
            m.Way(TITLES[way.name], way.hit, way.new, way.bought, ours=way.name == "for_you")
            for way in found.ways
        ),
        tuple(m.Shown(each.title, each.lists, each.bought) for each in found.products),
        tuple(m.Example(each.customer_id, each.products) for each in found.examples),
    )
