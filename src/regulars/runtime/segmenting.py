"""Who is in the shop's own segments: the store's facts and the lake's events put together, worked out at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from regulars.kit import currencies
from regulars.kit.i18n import mark
from regulars.kit.progress import stage
from regulars.segments import occurrences, queries
from regulars.segments.memberships import Frames, memberships
from regulars.segments.rules import Clock, Person, Rule, said
from regulars.store.models import Segment

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from regulars.kit.errors import RegularsError
    from regulars.lake import Orders
    from regulars.lake.folder import Lake

FAMILY = "own"
_SHIPPED = pa.schema([("customer_key", pa.int64()), ("segment", pa.string())])


def frames(orders: Orders, lake: Lake, run: int, own: list[str], only: int | None = None) -> Frames:
    """Return everybody's facts by a run's scores, or those of ``only`` one, and all that was done; what is read from the store lies in the working folder."""
    engine, folder = orders.workspace.engine, orders.workspace.folder / "segments"
    folder.mkdir(exist_ok=True)
    digits = currencies.digits(orders.shop.currency or "")
    parts = queries.facts(run, digits, orders.shop.time_zone, only)
    facts = engine.read(_kept(parts, folder / "facts.parquet"))
    shipped = engine.read(
        _kept(queries.shipped_memberships(run, own, only), folder / "shipped.parquet", _SHIPPED)
    )
    bought = occurrences.of_orders(orders.orders)
    lists = shipped.group_by(list_key=shipped.customer_key).aggregate(segments=shipped.segment.collect())
    first = occurrences.first_channels(bought)
    first = first.select("first_channel", first_key=first.customer_key)
    customers = facts.left_join(lists, facts.customer_key == lists.list_key).drop("list_key")
    customers = customers.left_join(first, customers.customer_key == first.first_key).drop("first_key")
    return Frames(customers, sources(orders, lake.events.files()))


def sources(orders: Orders, events: Sequence[Path]) -> dict[str, ir.Table]:
    """Return all that was done: orders, their lines, and the events of some files of the lake."""
    found = {
        "orders": occurrences.of_orders(orders.orders),
        "lines": occurrences.of_lines(orders.lines, orders.products),
    }
    if events:
        read = orders.workspace.engine.read(events)
        found["events"] = occurrences.of_events(read, orders.products)
    return found


@dataclass(frozen=True)
class Found:
    """Who is in which segment of the shop's own."""

    kept: list[Segment]
    rules: Mapping[str, Rule]
    broken: Mapping[str, RegularsError]
    members: pa.Table | None
    """``customer_key`` and a boolean column a segment; None without any."""

    def rows(self) -> Iterable[tuple[str, int]]:
        """Yield the name of a segment and a customer's key."""
        if self.members is None:
            return
        for name in self.rules:
            for key in self._inside(name).to_pylist():
                yield name, key

    def keys(self, name: str) -> set[int]:
        """Return who is in a segment; nobody in one that cannot be read."""
        if self.members is None or name not in self.rules:
            return set()
        return set(self._inside(name).to_pylist())

    def _inside(self, name: str) -> pa.ChunkedArray:
        assert self.members is not None
        return self.members.filter(self.members[name])["customer_key"]

    def sizes(self) -> dict[str, dict[str, Any]]:
        """Return title and number of members by name, as a run keeps them for its history; None for one that cannot be read."""
        return {each.name: {"title": each.title, "customers": self._size(each.name)} for each in self.kept}

    def _size(self, name: str) -> int | None:
        return (
            None if self.members is None or name in self.broken else pc.sum(self.members[name]).as_py() or 0
        )

    def summary(self, scores: pa.Table, unit: int) -> dict[str, Any]:
        """Return the family of the shop's own segments as a run's summary has it, with the value of their members."""
        return {
            "title": mark("Own segments"),
            "segments": [self._row(each, scores, unit) for each in self.kept],
        }

    def _row(self, each: Segment, scores: pa.Table, unit: int) -> dict[str, Any]:
        row: dict[str, Any] = {"name": each.name, "title": each.title, "version": each.version}
        if each.name in self.broken:
            error = self.broken[each.name]
            return row | {"definition": "", "unknown": {"code": error.code, "reason": error.message}}
        assert self.members is not None
        titles = {other.name: other.title for other in self.kept}
        return (
            row
            | {"definition": said(self.rules[each.name], titles=titles)}
            | _worth(self.members, each.name, scores, unit)
        )


def _worth(members: pa.Table, name: str, scores: pa.Table, unit: int) -> dict[str, Any]:
    """Return size, share and money of a segment."""
    keys = members.filter(members[name])["customer_key"]
    inside = scores.filter(pc.is_in(scores["customer_id"], keys.combine_chunks()))
    told: dict[str, Any] = {
        "customers": len(keys),
        "share": len(keys) / len(members) if len(members) else None,
    }
    for figure in ("net", "clv"):
        total = pc.sum(inside[f"{figure}_minor"]).as_py()
        told[figure] = None if total is None else total / unit
    return told | {"orders": pc.sum(inside["orders"]).as_py() or 0}


def everybody(orders: Orders, lake: Lake, run: int, clock: Clock) -> Found:
    """Work out every segment of the shop's own by the scores and the shipped segments of a run; one that cannot be read stays out."""
    kept = queries.segments()
    rules, broken = queries.rules(kept)
    if not rules:
        return Found(kept, rules, broken, None)
    with stage(mark("Finding members of segments")):
        found = members(frames(orders, lake, run, [each.name for each in kept]), rules, list(rules), clock)
        return Found(kept, rules, broken, orders.workspace.engine.arrow(found))


def person(orders: Orders, lake: Lake, run: int, own: list[str], customer: int) -> Person | None:
    """Return what is known of one customer by a run's scores, for rules to be held against; None for nobody that rules may look at.

    It reads the lake, which takes a part of a second: whoever has somebody's events at hand builds a ``Person`` of these.
    """
    known, engine = frames(orders, lake, run, own, customer), orders.workspace.engine
    found = engine.arrow(known.customers).to_pylist()
    if not found:
        return None
    rows = {
        name: engine.arrow(table.filter(table.customer_key == customer)).to_pylist()
        for name, table in known.sources.items()
    }
    return Person(found[0], frozenset(found[0]["segments"] or ()), rows)


def members(known: Frames, rules: Mapping[str, Rule], wanted: list[str], clock: Clock) -> ir.Table:
    """Return who is in the wanted segments, one row a customer."""
    return memberships(known, rules, wanted, clock)


def _kept(parts: Iterable[pa.Table], path: Path, schema: pa.Schema | None = None) -> Path:
    """Write parts to a file one by one, so that memory holds only some customers."""
    writer = None if schema is None else pq.ParquetWriter(path, schema, compression="zstd")
    try:
        for part in parts:
            writer = writer or pq.ParquetWriter(path, part.schema, compression="zstd")
            writer.write_table(part)
    finally:
        if writer is not None:
            writer.close()
    return path
