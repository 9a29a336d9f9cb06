"""One person held against a rule, in plain Python: what a page asks while somebody waits."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

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

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Person:
    """What is known of somebody, with the columns and types of the frames; None, or nothing at all, is unknown."""

    facts: Row
    segments: Collection[str] = ()
    """The segments that ship, of which they are."""
    rows: Mapping[str, Sequence[Row]] = field(default_factory=dict)
    """Their ``orders``, ``lines`` and ``events``."""


def belongs(person: Person, rules: Mapping[str, Rule], wanted: Collection[str], clock: Clock) -> set[str]:
    """Return those of the wanted segments that a person is in, by what is known of them now."""
    inside = set(person.segments)
    for name in ordered(rules, wanted):
        if holds(planned(rules[name], clock), person, inside):
            inside.add(name)
        else:
            inside.discard(name)
    return inside & set(wanted)


def holds(node: Node, person: Person, inside: Collection[str]) -> bool:
    """Tell whether a plan holds for a person who is in some segments."""
    if isinstance(node, Figure):
        return _compared(_figure(node.tally, person), node.how, node.want)
    if isinstance(node, Within):
        return node.segment in inside
    return _true(node, person.facts, lambda part: holds(part, person, inside))


def _true(node: Node, row: Row, decide: Callable[[Node], bool]) -> bool:
    if isinstance(node, Every):
        return all(decide(part) for part in node.parts)
    if isinstance(node, Some):
        return any(decide(part) for part in node.parts)
    if isinstance(node, Opposite):
        return not decide(node.part)
    assert isinstance(node, Test)
    return _compared(row.get(node.column), node.how, node.want)


def _row(node: Node, row: Row) -> bool:
    return _true(node, row, lambda part: _row(part, row))


def _figure(tally: Tally, person: Person) -> Any:
    rows = [row for row in person.rows.get(tally.source, ()) if _row(tally.only, row)]
    if tally.aggregate == "count":
        return len(rows)
    values = [row[tally.column or ""] for row in rows if row.get(tally.column or "") is not None]
    if tally.aggregate == "distinct":
        return len(set(values))
    if tally.aggregate == "sum":
        return sum(values)
    return (min if tally.aggregate == "min" else max)(values) if values else None


_COMPARE: Mapping[str, Callable[[Any, Any], bool]] = {
    "eq": lambda have, want: have == want,
    "ne": lambda have, want: have != want,
    "lt": lambda have, want: have < want,
    "le": lambda have, want: have <= want,
    "gt": lambda have, want: have > want,
    "ge": lambda have, want: have >= want,
    "between": lambda have, want: want[0] <= have <= want[1],
    "in": lambda have, want: have in want,
    "out": lambda have, want: have not in want,
    "contains": lambda have, want: want in have,
    "starts": lambda have, want: have.startswith(want),
    "known": lambda _have, _want: True,
}


def _compared(have: Any, how: str, want: Any) -> bool:
    if have is None:
        return how == "unknown"
    return how != "unknown" and _COMPARE[how](have, want)
