"""How large each segment is and what it is worth: one row a segment, the same columns for every family."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from regulars.kit.i18n import Translator, translator
from regulars.kit.unknown import Unknown
from regulars.segments.catalogue import Entry
from regulars.segments.shipped import Facts, Mask


@dataclass(frozen=True, slots=True)
class Row:
    """A segment's size and worth. Money is in the shop's currency; shares are of all customers.

    Everything is None for an empty segment's averages, and for all figures of a segment that is ``unknown``.
    """

    family: str
    name: str
    title: str
    """Message id; :meth:`told` translates."""
    definition: str
    """Message id with ``{placeholders}``, filled from ``values``."""
    values: tuple[tuple[str, str], ...]
    unknown: Unknown | None = None
    customers: int | None = None
    share: float | None = None
    net: float | None = None
    net_share: float | None = None
    orders: int | None = None
    aov: float | None = None
    clv: float | None = None
    """Σ predicted value; None where it is unknown."""
    median_recency_days: float | None = None
    median_orders: float | None = None

    def told(self, say: Translator) -> tuple[str, str]:
        """Return title and definition in a language."""
        return say(self.title), say(self.definition, **dict(self.values))

    def to_json(self, say: Translator | None = None) -> dict[str, Any]:
        """Return the row with title and definition in words."""
        title, definition = self.told(say or translator())
        row: dict[str, Any] = {"name": self.name, "title": title, "definition": definition}
        if self.unknown is not None:
            row["unknown"] = {"code": self.unknown.code, "reason": str(self.unknown)}
        figures = (
            "customers",
            "share",
            "net",
            "net_share",
            "orders",
            "aov",
            "clv",
            "median_recency_days",
            "median_orders",
        )
        return row | {name: getattr(self, name) for name in figures}


def summarise(
    facts: Facts, entries: Iterable[Entry], members: dict[str, Mask | Unknown], wordings: dict[str, str]
) -> tuple[Row, ...]:
    """Return one row an entry; ``members`` says who belongs to it, by name."""
    return tuple(_row(facts, entry, members[entry.name], wordings) for entry in entries)


def _row(facts: Facts, entry: Entry, mask: Mask | Unknown, wordings: dict[str, str]) -> Row:
    values = tuple(
        sorted((name, text) for name, text in wordings.items() if f"{{{name}}}" in entry.definition)
    )
    named = (entry.family, entry.name, entry.title, entry.definition, values)
    if isinstance(mask, Unknown):
        return Row(*named, unknown=mask)
    everybody, total = len(mask), float(facts.net.sum())
    customers, orders = int(mask.sum()), int(facts.orders[mask].sum())
    net = round(float(facts.net[mask].sum()), 4)
    worth = None if isinstance(facts.clv, Unknown) else float(np.nansum(facts.clv[mask]))
    return Row(
        *named,
        customers=customers,
        share=customers / everybody if everybody else None,
        net=net,
        net_share=net / total if total > 0 else None,
        orders=orders,
        aov=net / orders if orders else None,
        clv=worth,
        median_recency_days=float(np.median(facts.recency_days[mask])) if customers else None,
        median_orders=float(np.median(facts.orders[mask])) if customers else None,
    )
