"""The shop's own segments between two refreshes: everybody is held against the rules again, by the scores that are shown and all that happened since."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from regulars.customers import stretches
from regulars.kit import currencies
from regulars.kit.errors import Kind, RegularsError
from regulars.kit.i18n import mark
from regulars.lake import open_workspace
from regulars.privacy import queries as privacy
from regulars.privacy.rules import PROFILING
from regulars.runtime import publication, segmenting
from regulars.runtime.projection import lake_of, project
from regulars.runtime.refresh import alone, orders_of
from regulars.segments.rules import Clock
from regulars.store import bulk, database
from regulars.store.models import Membership, Run, Segment, Stretches

if TYPE_CHECKING:
    from regulars.runtime.segmenting import Found
    from regulars.runtime.settings import Settings

_WORTH = pa.schema(
    [
        ("customer_id", pa.int64()),
        ("orders", pa.int64()),
        ("net_minor", pa.int64()),
        ("clv_minor", pa.int64()),
    ]
)


@dataclass(frozen=True)
class Regrouped:
    """What became of the shop's own segments."""

    run: int
    segments: int
    entered: int
    """Memberships that are new."""
    left: int

    def to_json(self) -> dict[str, Any]:
        """Return everything, JSON-ready."""
        return {"run": self.run, "segments": self.segments, "entered": self.entered, "left": self.left}


def regroup(settings: Settings, *, clock: Callable[[], datetime] | None = None) -> Regrouped:
    """Hold everybody against every rule again, and change who is a member in one step.

    Scores and the segments that ship stay those of the published run; orders and events are those of now. Raises
    :class:`~regulars.kit.errors.RegularsError` with ``segments.no_run`` where nothing is published, and ``refresh.running`` beside a refresh,
    which does the same.
    """
    now = clock or (lambda: datetime.now(UTC))
    with alone(settings.home):
        run = publication.published()
        if run is None:
            raise RegularsError(
                "segments.no_run",
                mark("Nothing is published yet that rules could go by."),
                hint=mark("Refresh first: regulars refresh --home {home}"),
                kind=Kind.MISSING,
                home=settings.home,
            )
        project(settings)
        lake = lake_of(settings)
        with lake.reading(), closing(open_workspace()) as workspace:
            orders = orders_of(settings, lake, workspace)
            found = segmenting.everybody(orders, lake, run.id, Clock(now(), settings.time_zone))
            unit = 10 ** currencies.digits(orders.shop.currency or "")
        shown = _shown(run.id, found, unit)
        stretches.build(run.id)
        return shown


def _shown(run: int, found: Found, unit: int) -> Regrouped:
    """Write what was found; a segment that was changed or deleted meanwhile keeps what it has."""
    told = found.summary(_scores(run), unit)
    with database.writing("customers"), database.writing("segments"):
        versions = dict(Segment.objects.values_list("name", "version"))
        kept = [each for each in found.kept if versions.get(each.name) == each.version]
        objecting = privacy.refusing(PROFILING)
        entered = left = 0
        for each in kept:
            more, fewer = _changed(run, each.name, found.keys(each.name) - objecting)
            entered, left = entered + more, left + fewer
        # Lists of these are walked whole until it is counted anew where their members stand.
        Stretches.objects.filter(run=run, segment__in=[each.name for each in kept]).delete()
        _say(run, found, told, {each.name for each in kept}, set(versions))
    return Regrouped(run, len(kept), entered, left)


def _changed(run: int, name: str, wanted: Collection[int]) -> tuple[int, int]:
    """Let exactly these be members; return how many entered and left."""
    had = set(Membership.objects.filter(run=run, segment=name).values_list("customer_id", flat=True))
    fresh, gone = sorted(set(wanted) - had), sorted(had - set(wanted))
    bulk.insert("memberships", ("run", "segment", "customer_id"), ((run, name, key) for key in fresh))
    for part in _parts(gone):
        Membership.objects.filter(run=run, segment=name, customer_id__in=part).delete()
    return len(fresh), len(gone)


def _say(
    run: int, found: Found, told: dict[str, Any], fresh: Collection[str], there: Collection[str]
) -> None:
    """Let the run tell the sizes of now; of segments that were changed meanwhile those that it told before."""
    shown = Run.objects.get(id=run)
    families = shown.summary["segments"]["families"]
    before = {row["name"]: row for row in families.get(segmenting.FAMILY, {}).get("segments", [])}
    rows = [row for row in told["segments"] if row["name"] in fresh]
    rows += [row for name, row in before.items() if name in there and name not in fresh]
    families[segmenting.FAMILY] = told | {"segments": sorted(rows, key=lambda row: str(row["name"]))}
    had = shown.sizes.get(segmenting.FAMILY, {})
    sizes = {name: size for name, size in found.sizes().items() if name in fresh}
    shown.sizes[segmenting.FAMILY] = {name: had[name] for name in had if name in there} | sizes
    shown.save(update_fields=["summary", "sizes"])


def _scores(run: int) -> pa.Table:
    names = ", ".join(_WORTH.names)
    source = f"(SELECT {names} FROM scores WHERE run = {int(run)}) AS told"
    return pa.concat_tables([_WORTH.empty_table(), *bulk.tables(_WORTH, source)])


def _parts(keys: list[int]) -> Iterator[list[int]]:
    return (keys[start : start + bulk.LOOKED_UP] for start in range(0, len(keys), bulk.LOOKED_UP))
