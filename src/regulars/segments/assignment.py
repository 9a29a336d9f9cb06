"""Put every customer into their segments: read the habits, decide by the rules, hand back columns and a summary."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from regulars.kit.i18n import translator
from regulars.kit.unknown import Unknown
from regulars.lake import Orders
from regulars.segments import catalogue, rfm, shipped, tiers
from regulars.segments.facts import Scores, gather
from regulars.segments.migration import Migration, migration
from regulars.segments.summary import Row, summarise
from regulars.segments.thresholds import Thresholds
from regulars.sources.events import Events

_CHUNK = 500_000


@dataclass(frozen=True)
class Segments:
    """Who belongs where, and what each segment is worth."""

    as_of: date
    thresholds: Thresholds
    customers: pa.Table
    """customer_key int64, rfm (``R5F3M4``), rfm_group, tier, lifecycle, segments list<string>; in the scores' order."""
    summary: tuple[Row, ...]
    """Every segment of the four families: behaviour, tier, rfm, lifecycle."""
    boundaries: Mapping[str, float | None]
    """What the shop's own percentiles stand for, in its currency; None where unknown."""
    rfm_map: tuple[dict[str, Any], ...]
    """Customers and net by recency and frequency score, 25 rows."""
    migration: Migration | Unknown
    """From which RFM group of ``migration_days`` ago to which of today; unknown where nobody had ordered by then."""

    @cached_property
    def families(self) -> dict[str, tuple[Row, ...]]:
        """The summary by family."""
        return {name: tuple(row for row in self.summary if row.family == name) for name in catalogue.FAMILIES}

    def row(self, family: str, name: str) -> Row:
        """Return one segment's row; ``KeyError`` when there is none."""
        for row in self.families[family]:
            if row.name == name:
                return row
        raise KeyError(name)

    def to_json(self, language: str = "en") -> dict[str, Any]:
        """Return everything but the customers themselves, JSON-ready, in a language."""
        say = translator(language)
        return {
            "as_of": self.as_of.isoformat(),
            "thresholds": self.thresholds.to_json(),
            "boundaries": dict(self.boundaries),
            "families": {
                name: {"title": say(catalogue.FAMILIES[name]), "segments": [row.to_json(say) for row in rows]}
                for name, rows in self.families.items()
            },
            "rfm_map": list(self.rfm_map),
            "migration": _told(self.migration),
        }


def assign(
    orders: Orders, value: Scores, *, thresholds: Thresholds | None = None, events: Events | None = None
) -> Segments:
    """Assign every customer of ``value`` to RFM group, tier, lifecycle and behaviour segments.

    Reads ``value.customers`` (customer_key, orders, recency_days, age_days, net, aov, and nullable p_alive and clv) and the
    orders up to ``value.as_of``; ``events`` tell what was looked at and put into carts. What the file or the model cannot tell is ``Unknown`` in the summary, with its reason,
    and has no members. Definitions: ``docs/segments.md``. Memory grows by about 200 bytes a customer.
    """
    at = thresholds or Thresholds()
    facts = gather(orders, value, at, events)
    key = value.customers["customer_key"].to_numpy()

    amounts = shipped.boundaries(facts, at)
    behaviour = shipped.behaviour(facts, at, amounts)
    stage = shipped.lifecycle(facts, at)
    r, f = rfm.recency_score(facts.recency_days), rfm.frequency_score(facts.orders, at.rfm_frequency)
    m = rfm.monetary_score(facts.net)
    group = rfm.group(r, f, m)
    predicted = not isinstance(facts.clv, Unknown)
    tier = tiers.tier(facts.net if isinstance(facts.clv, Unknown) else facts.clv, key, at.tier_shares)

    words = catalogue.wordings(at, facts.gap)
    stages = catalogue.LIFECYCLE_BY_GAP if isinstance(facts.p_alive, Unknown) else catalogue.LIFECYCLE
    code_names, code = rfm.codes(r, f, m)
    return Segments(
        as_of=value.as_of,
        thresholds=at,
        customers=pa.table(
            {
                "customer_key": value.customers["customer_key"],
                "rfm": _named(code, code_names),
                "rfm_group": _named(group, rfm.GROUPS),
                "tier": _named(tier, tiers.TIERS),
                "lifecycle": _named(stage, shipped.LIFECYCLE),
                "segments": _lists(behaviour, len(key)),
            }
        ),
        summary=(
            *summarise(facts, catalogue.BEHAVIOUR, behaviour, words),
            *summarise(
                facts,
                catalogue.TIERS if predicted else catalogue.TIERS_TO_DATE,
                _masks(tier, tiers.TIERS),
                words,
            ),
            *summarise(facts, catalogue.RFM, _masks(group, rfm.GROUPS), words),
            *summarise(facts, stages, _masks(stage, shipped.LIFECYCLE), words),
        ),
        boundaries=amounts,
        rfm_map=_map(r, f, facts.net),
        migration=migration(orders, value.as_of, key, group, at),
    )


def _masks(index: NDArray[np.int8], names: tuple[str, ...]) -> dict[str, shipped.Mask | Unknown]:
    return {name: index == place for place, name in enumerate(names)}


def _named(index: NDArray[np.int8], names: tuple[str, ...] | list[str]) -> pa.ChunkedArray:
    """Return names for indexes, as plain strings."""
    chunks = [
        pa.array(names, pa.string()).take(pa.array(index[begin : begin + _CHUNK]))
        for begin in range(0, len(index), _CHUNK)
    ]
    return pa.chunked_array(chunks, type=pa.string())


def _lists(members: dict[str, shipped.Mask | Unknown], count: int) -> pa.ChunkedArray:
    """Return each customer's segment names, in the catalogue's order, a chunk of customers at a time."""
    known = {name: mask for name, mask in members.items() if not isinstance(mask, Unknown)}
    names = pa.array(list(known), pa.string())
    chunks = []
    for begin in range(0, count, _CHUNK):
        matrix = np.column_stack([mask[begin : begin + _CHUNK] for mask in known.values()])
        offsets = np.concatenate([[0], np.cumsum(matrix.sum(axis=1))]).astype(np.int32)
        chosen = names.take(pa.array(np.nonzero(matrix)[1].astype(np.int8)))
        chunks.append(pa.ListArray.from_arrays(pa.array(offsets), chosen))
    return pa.chunked_array(chunks, type=pa.list_(pa.string()))


def _map(r: rfm.Scores, f: rfm.Scores, net: NDArray[np.float64]) -> tuple[dict[str, Any], ...]:
    cell = 5 * (r.astype(np.int64) - 1) + (f - 1)
    customers = np.bincount(cell, minlength=25)
    spent = np.bincount(cell, weights=net, minlength=25)
    return tuple(
        {
            "r": 1 + place // 5,
            "f": 1 + place % 5,
            "customers": int(customers[place]),
            "net": float(spent[place]),
        }
        for place in range(25)
    )


def _told(found: Migration | Unknown) -> dict[str, Any]:
    if isinstance(found, Unknown):
        return {"unknown": {"code": found.code, "reason": str(found)}}
    return found.to_json()
