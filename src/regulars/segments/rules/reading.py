"""A rule read from JSON: every key, name, operator and value checked, and each refusal names the place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from regulars.kit.i18n import Phrase, mark
from regulars.segments.rules import values
from regulars.segments.rules.fields import AGGREGATES, CATALOGUE, WHOLE, Catalogue, Field, Kind
from regulars.segments.rules.operators import AGGREGATED, MONEY, NUMBER, OPERATORS
from regulars.segments.rules.refusals import refused
from regulars.segments.rules.syntax import Both, Compare, Either, Event, Member, Not, Rule, Value, Window

DEEPEST, MOST_PARTS = 8, 100
_LEAVES = ("all", "any", "not", "field", "event", "segment")
_INSIDE = ("all", "any", "not", "property")
_COUNT = Field("count", "", NUMBER, "event", form=WHOLE)


def read(told: Any, catalogue: Catalogue = CATALOGUE) -> Rule:
    """Return the rule that JSON data describe.

    Raises :class:`~regulars.kit.errors.RegularsError` ``segments.rule`` with the place (``all[1].field``), the value there and what is allowed.
    Whether segments that it names exist, and lead back to it, is for whoever knows the others: :mod:`regulars.segments.rules.nesting`.
    """
    return _Reader(catalogue).rule(told, "", 1)


@dataclass
class _Reader:
    """Reads one rule, and counts its parts."""

    catalogue: Catalogue
    parts: int = 0
    kind: Kind | None = None
    """The event whose ``where`` is read now."""

    def rule(self, told: Any, place: str, depth: int) -> Rule:
        self._room(told, place, depth)
        leaves = _INSIDE if self.kind else _LEAVES
        if not isinstance(told, Mapping):
            raise refused(
                place, told, Phrase.of(mark("{names}: one of them, in braces"), names=", ".join(leaves))
            )
        which = [name for name in leaves if name in told]
        if len(which) != 1:
            raise refused(
                place, sorted(map(str, told)), Phrase.of(mark("one of {names}"), names=", ".join(leaves))
            )
        name = which[0]
        if name in ("field", "property"):
            return self._compare(told, name, place)
        values.only(told, (name,), place)
        inner = _under(place, name)
        if name == "not":
            return Not(self.rule(told[name], inner, depth + 1))
        if name == "segment":
            return Member(values.name(told[name], inner))
        if name == "event":
            return self._event(told[name], inner, depth + 1)
        return (Both if name == "all" else Either)(self._list(told[name], inner, depth + 1))

    def _room(self, told: Any, place: str, depth: int) -> None:
        self.parts += 1
        if depth > DEEPEST:
            raise refused(place, told, Phrase.of(mark("{most} levels"), most=DEEPEST))
        if self.parts > MOST_PARTS:
            raise refused(place, told, Phrase.of(mark("{most} parts in all"), most=MOST_PARTS))

    def _list(self, told: Any, place: str, depth: int) -> tuple[Rule, ...]:
        if not isinstance(told, list) or not told:
            raise refused(place, told, Phrase.of(mark("a list of one rule or more")))
        return tuple(self.rule(each, f"{place}[{number}]", depth) for number, each in enumerate(told))

    def _compare(self, told: Mapping[str, Any], key: str, place: str) -> Compare:
        values.only(told, (key, "operator", "value"), place)
        fields = {each.name: each for each in self.kind.properties} if self.kind else self.catalogue.fields
        name = told[key]
        if not isinstance(name, str) or name not in fields:
            raise refused(_under(place, key), name, ", ".join(fields) or Phrase.of(mark("no property")))
        operator, value = _compared(told, fields[name], place)
        return Compare(name, operator, value)

    def _event(self, told: Any, place: str, depth: int) -> Event:
        if not isinstance(told, Mapping):
            raise refused(
                place, told, Phrase.of(mark("an event in braces: type, aggregate, operator, value"))
            )
        values.only(told, ("type", "aggregate", "of", "operator", "value", "window", "where"), place)
        kind = self.catalogue.kinds.get(told.get("type")) if isinstance(told.get("type"), str) else None  # type: ignore[arg-type]
        if kind is None:
            raise refused(_under(place, "type"), told.get("type"), ", ".join(self.catalogue.kinds))
        aggregate = told.get("aggregate", "count")
        if not isinstance(aggregate, str) or aggregate not in AGGREGATES:
            raise refused(_under(place, "aggregate"), aggregate, ", ".join(AGGREGATES))
        of = _of(told.get("of"), aggregate, kind, place)
        figure = of if of and aggregate != "distinct" else _COUNT
        operator, value = _compared(told, figure, place, aggregated=True)
        window = _window(told.get("window"), kind, _under(place, "window"))
        where = self._where(told["where"], kind, _under(place, "where"), depth) if "where" in told else None
        return Event(kind.name, aggregate, of.name if of else None, operator, value, window, where)

    def _where(self, told: Any, kind: Kind, place: str, depth: int) -> Rule:
        self.kind = kind
        try:
            return self.rule(told, place, depth)
        finally:
            self.kind = None


def _under(place: str, key: str) -> str:
    return f"{place}.{key}" if place else key


def _compared(
    told: Mapping[str, Any], field: Field, place: str, *, aggregated: bool = False
) -> tuple[str, Value]:
    known = AGGREGATED if aggregated else OPERATORS[field.kind]
    found = next((each for each in known if each.name == told.get("operator")), None)
    if found is None:
        allowed = ", ".join(each.name for each in known)
        raise refused(_under(place, "operator"), told.get("operator"), allowed)
    if found.takes == "nothing" and "value" in told:
        raise refused(
            _under(place, "value"),
            told["value"],
            Phrase.of(mark("nothing after {operator}"), operator=found.name),
        )
    return found.name, values.taken(told.get("value"), field, found, _under(place, "value"))


def _of(told: Any, aggregate: str, kind: Kind, place: str) -> Field | None:
    if aggregate == "count":
        if told is not None:
            raise refused(_under(place, "of"), told, Phrase.of(mark("nothing with count")))
        return None
    summed = [each for each in kind.properties if aggregate == "distinct" or each.kind in (NUMBER, MONEY)]
    found = next((each for each in summed if each.name == told), None)
    if found is None:
        raise refused(
            _under(place, "of"), told, ", ".join(each.name for each in summed) or Phrase.of(mark("nothing"))
        )
    return found


_WINDOWS = (
    '"ever", {"last_days": 1–3650}, {"days_ago": [0, 30]}, {"from": "2025-01-01", "until": "2025-12-31"}'
)


def _window(told: Any, kind: Kind, place: str) -> Window:
    """Return the time in which events count; all of it where nothing was said."""
    if told is None or told == "ever":
        return Window()
    if not isinstance(told, Mapping) or not told:
        raise refused(place, told, _WINDOWS)
    if set(told) <= {"from", "until"}:
        first, last = (
            values.day(told[key], _under(place, key)) if key in told else None for key in ("from", "until")
        )
        if first is not None and last is not None and first > last:
            raise refused(place, dict(told), Phrase.of(mark("a first day that is not after the last")))
        return Window("dates", first, last)
    values.only(told, ("last_days", *(("last_hours",) if kind.hours else ()), "days_ago"), place)
    if len(told) != 1:
        raise refused(place, dict(told), _WINDOWS)
    name, value = next(iter(told.items()))
    inner = _under(place, name)
    if name == "days_ago":
        if not isinstance(value, list) or len(value) != 2:
            raise refused(inner, value, "[0, 30]")
        near, far = (
            values.whole(each, f"{inner}[{number}]", 0, values.MOST_DAYS) for number, each in enumerate(value)
        )
        if near > far:
            raise refused(inner, value, Phrase.of(mark("the nearer day first")))
        return Window(name, near, far)
    return Window(name, values.whole(value, inner, 1, values.MOST_DAYS))
