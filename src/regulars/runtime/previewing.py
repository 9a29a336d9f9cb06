"""What a rule would find now, for a page or a program that builds one: how many, and some of them. Nothing is kept."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from regulars.lake import open_workspace
from regulars.runtime import publication, segmenting
from regulars.runtime.projection import lake_of
from regulars.runtime.refresh import orders_of
from regulars.segments import queries
from regulars.segments.memberships import counts
from regulars.segments.rules import CATALOGUE, Clock, Rule, check, read

if TYPE_CHECKING:
    from regulars.runtime.settings import Settings

SAMPLE = 20
WANTED = "_"
"""What a rule without a name is called while it is looked at."""


@dataclass(frozen=True)
class Preview:
    """How many customers a rule finds, of how many, and the keys of the first of them."""

    rule: Rule
    members: int
    customers: int
    sample: tuple[int, ...]


def preview(
    settings: Settings, told: Any, now: datetime, *, name: str | None = None, sample: int = SAMPLE
) -> Preview:
    """Work a rule out by the published scores and all that the lake knows.

    ``name`` is that of the segment whose rule it is to be. Raises ``segments.rule`` or ``segments.cycle`` for a rule that cannot be, and
    ``refresh.no_orders`` where there is nothing yet.
    """
    rule = read(told)
    kept = queries.segments()
    others, _ = queries.rules(kept)
    others.pop(name or WANTED, None)
    check(name or WANTED, rule, others, CATALOGUE.shipped)
    run = publication.published()
    lake = lake_of(settings)
    with lake.reading(), closing(open_workspace()) as workspace:
        orders = orders_of(settings, lake, workspace)
        known = segmenting.frames(orders, lake, run.id if run else -1, [each.name for each in kept])
        found = segmenting.members(known, {**others, WANTED: rule}, [WANTED], Clock(now, settings.time_zone))
        # Worked out once, then counted and looked at.
        inside = workspace.engine.save(found, workspace.folder / "preview.parquet")
        told_counts = workspace.engine.arrow(counts(inside, [WANTED])).to_pylist()[0]
        first = inside.filter(inside[WANTED]).order_by("customer_key").limit(sample).select("customer_key")
        keys = workspace.engine.arrow(first)["customer_key"].to_pylist()
    return Preview(rule, told_counts[WANTED], told_counts["customers"], tuple(keys))
