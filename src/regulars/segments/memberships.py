"""Who belongs to which segment of the shop's own, for everybody at once: plans as expressions, every source read once.

All event conditions of all segments that are asked for become conditional aggregates of one pass over their source.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from functools import reduce
from operator import and_, or_
from typing import TYPE_CHECKING, Any

import ibis

from regulars.segments.rules.nesting import ordered
from regulars.segments.rules.plan import (
    Clock,
    Every,
    Figure,
    Node,
    Opposite,
    Some,
    Tally,
    Test,
    Within,
    planned,
)
from regulars.segments.rules.syntax import Rule

if TYPE_CHECKING:
    import ibis.expr.types as ir


@dataclass(frozen=True)
class Frames:
    """Where facts and events lie, as :mod:`regulars.segments.occurrences` lays them out."""

    customers: ir.Table
    """One row a customer: ``customer_key``, a column a field, and ``segments`` (list of strings, those that ship; may be null)."""
    sources: Mapping[str, ir.Table]
    """``orders``, ``lines`` and ``events`` by name; a source that is not there has no events."""


def memberships(frames: Frames, rules: Mapping[str, Rule], wanted: Collection[str], clock: Clock) -> ir.Table:
    """Return ``customer_key`` and a boolean column for each wanted segment, called by its name; one row a customer.

    ``rules`` also holds the segments that they name. Raises ``segments.cycle`` for some that lead back to themselves.
    """
    order = ordered(rules, wanted)
    plans = {name: planned(rules[name], clock) for name in order}
    tallies = {tally: f"figure_{place}" for place, tally in enumerate(dict.fromkeys(_tallies(plans)))}
    table = _beside(frames, tallies)
    columns: dict[str, str] = {}
    for layer in _layers(plans):
        found = {f"inside_{len(columns) + place}": name for place, name in enumerate(layer)}
        table = table.mutate(
            **{column: _truth(plans[name], table, tallies, columns) for column, name in found.items()}
        )
        columns |= {name: column for column, name in found.items()}
    return table.select("customer_key", **{name: table[columns[name]] for name in wanted})


def counts(members: ir.Table, names: Collection[str]) -> ir.Table:
    """Return how many customers there are (``customers``) and are in each segment, one row."""
    inside = {name: members[name].cast("int64").sum().fill_null(0) for name in names}
    return members.aggregate(customers=members.count(), **inside)


def overlap(members: ir.Table, one: str, other: str) -> ir.Table:
    """Return how many customers are in one segment, in the other, and in both, one row."""
    both = members[one] & members[other]
    return members.aggregate(
        one=members[one].cast("int64").sum().fill_null(0),
        other=members[other].cast("int64").sum().fill_null(0),
        both=both.cast("int64").sum().fill_null(0),
    )


def _layers(plans: Mapping[str, Node]) -> list[list[str]]:
    """Return names in layers: a segment stands after all that it names, so that each is worked out once."""
    depth: dict[str, int] = {}
    for name, plan in plans.items():
        inner = [
            depth[part.segment] for part in _parts(plan) if isinstance(part, Within) and part.segment in depth
        ]
        depth[name] = 1 + max(inner, default=-1)
    found: list[list[str]] = [[] for _ in range(1 + max(depth.values(), default=-1))]
    for name, level in depth.items():
        found[level].append(name)
    return found


def _parts(node: Node) -> list[Node]:
    inner = (
        node.parts if isinstance(node, Every | Some) else (node.part,) if isinstance(node, Opposite) else ()
    )
    return [node, *(part for each in inner for part in _parts(each))]


def _tallies(plans: Mapping[str, Node]) -> list[Tally]:
    return [part.tally for plan in plans.values() for part in _parts(plan) if isinstance(part, Figure)]


def _beside(frames: Frames, tallies: Mapping[Tally, str]) -> ir.Table:
    """Return customers with every figure beside them."""
    table = frames.customers
    for source in dict.fromkeys(tally.source for tally in tallies):
        mine = {tally: name for tally, name in tallies.items() if tally.source == source}
        if source not in frames.sources:
            table = table.mutate(**{name: ibis.null("int64") for name in mine.values()})
            continue
        figures = _figures(frames.sources[source], mine)
        table = table.left_join(figures, table.customer_key == figures.figure_key).drop("figure_key")
    return table


def _figures(rows: ir.Table, tallies: Mapping[Tally, str]) -> ir.Table:
    """Return one row a customer with all figures of a source, read once; rows that no figure wants are left out before."""
    conditions = {
        only: f"only_{place}" for place, only in enumerate(dict.fromkeys(each.only for each in tallies))
    }
    known = rows.filter(rows.customer_key.notnull())
    marked = known.mutate(**{name: _truth(only, known, {}, {}) for only, name in conditions.items()})
    kept = marked.filter(reduce(or_, (marked[name] for name in conditions.values())))
    return kept.group_by(figure_key=kept.customer_key).aggregate(
        **{name: _aggregate(tally, kept, kept[conditions[tally.only]]) for tally, name in tallies.items()}
    )


def _aggregate(tally: Tally, rows: ir.Table, only: ir.BooleanValue) -> ir.Value:
    if tally.aggregate == "count":
        return rows.count(where=only)
    column = rows[tally.column]
    if tally.aggregate == "distinct":
        return column.nunique(where=only)
    return getattr(column, tally.aggregate)(where=only)


def _truth(
    node: Node, table: ir.Table, tallies: Mapping[Tally, str], inside: Mapping[str, str]
) -> ir.BooleanValue:
    """Return a plan as an expression that is never null."""
    if isinstance(node, Every | Some):
        parts = [_truth(part, table, tallies, inside) for part in node.parts]
        join = and_ if isinstance(node, Every) else or_
        return reduce(join, parts) if parts else ibis.literal(isinstance(node, Every))
    if isinstance(node, Opposite):
        return ~_truth(node.part, table, tallies, inside)
    if isinstance(node, Within):
        if node.segment in inside:
            return table[inside[node.segment]]
        return table.segments.contains(node.segment).fill_null(False)
    if isinstance(node, Figure):
        figure = table[tallies[node.tally]]
        absent = node.tally.aggregate in ("min", "max")
        return _compared(figure if absent else figure.fill_null(0), node.how, node.want)
    assert isinstance(node, Test)
    return _compared(table[node.column], node.how, node.want)


_COMPARE: Mapping[str, Callable[[Any, Any], Any]] = {
    "eq": lambda have, want: have == _literal(want),
    "ne": lambda have, want: have != _literal(want),
    "lt": lambda have, want: have < _literal(want),
    "le": lambda have, want: have <= _literal(want),
    "gt": lambda have, want: have > _literal(want),
    "ge": lambda have, want: have >= _literal(want),
    "between": lambda have, want: (have >= _literal(want[0])) & (have <= _literal(want[1])),
    "in": lambda have, want: have.isin([_literal(each) for each in want]) if want else ibis.literal(False),
    "out": lambda have, want: have.notin([_literal(each) for each in want]) if want else have.notnull(),
    "contains": lambda have, want: have.contains(_literal(want)),
    "starts": lambda have, want: have.startswith(_literal(want)),
    "known": lambda have, _want: have.notnull(),
    "unknown": lambda have, _want: have.isnull(),
}


def _compared(have: ir.Value, how: str, want: Any) -> ir.BooleanValue:
    return _COMPARE[how](have, want).fill_null(False)


def _literal(value: Any) -> ir.Scalar:
    """Return a value as a literal with its type; the engine's own writer quotes it."""
    if isinstance(value, Decimal):
        return ibis.literal(value, "decimal(18, 4)")
    if isinstance(value, datetime):
        return ibis.literal(value.astimezone(UTC), "timestamp('UTC', 6)")
    if isinstance(value, int) and not isinstance(value, bool):
        return ibis.literal(value, "int64")
    return ibis.literal(value)
