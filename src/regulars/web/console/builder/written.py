"""Drafts and the JSON of rules: a rule becomes a draft to be built on, a draft becomes what the reader of rules reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from regulars.segments.rules.fields import CATALOGUE, Field, Kind
from regulars.segments.rules.operators import DATE, DAYS, MANY, NOTHING, PAIR
from regulars.web.console.builder.draft import EVENT, FIELD, ROOT, SEGMENT, Condition, Group, Part
from regulars.web.console.builder.inputs import typed, untyped, whole
from regulars.web.console.builder.offers import Offer, offer, settle


def of_rule(told: Mapping[str, Any], language: str) -> Group:
    """Return the draft of a rule in its canonical form; values may be empty where somebody is to fill them in."""
    made = _group(told, language, None)
    settle(made)
    return made


def _group(told: Mapping[str, Any], language: str, inside: Kind | None) -> Group:
    part = _part(told, language, inside)
    return part if isinstance(part, Group) else Group(parts=[part], bare=True)


def _part(told: Mapping[str, Any], language: str, inside: Kind | None) -> Part:
    nots = 0
    while "not" in told:
        told, nots = told["not"], nots + 1
    for key in ("all", "any"):
        if key in told:
            return Group(key == "any", [_part(each, language, inside) for each in told[key]], nots)
    if "segment" in told:
        return Condition(SEGMENT, values=[told["segment"]], nots=nots)
    if "event" in told:
        return _event(told["event"], nots, language)
    made = Condition(FIELD + told["property" if inside else "field"], told["operator"], nots=nots)
    return _valued(made, told, language, inside)


def _event(told: Mapping[str, Any], nots: int, language: str) -> Condition:
    made = Condition(
        EVENT + told["type"], told["operator"], nots=nots, aggregate=told.get("aggregate", "count")
    )
    made.of = told.get("of", "")
    window = told.get("window", "ever")
    if window != "ever":
        made.window, made.span = _span(window)
    if "where" in told:
        made.where = _group(told["where"], language, CATALOGUE.kinds[told["type"]])
    return _valued(made, told, language, None)


def _span(window: Mapping[str, Any]) -> tuple[str, list[str]]:
    if not {"from", "until"}.isdisjoint(window):
        return "dates", [window.get("from", ""), window.get("until", "")]
    name, value = next(iter(window.items()))
    return name, [str(each) for each in (value if isinstance(value, list) else [value])]


def _valued(made: Condition, told: Mapping[str, Any], language: str, inside: Kind | None) -> Condition:
    found = offer(made, inside)
    if found is not None and "value" in told:
        some = told["value"] if isinstance(told["value"], list) else [told["value"]]
        made.values = [typed(each, found.of, language) for each in some]
    return made


@dataclass
class Written:
    """A draft as JSON, and where in the form each place of it stands."""

    rule: Any = None
    places: dict[str, str] = field(default_factory=dict)
    """Path of a part by its place, ``all[1]`` and ``all[1].not`` both."""


def to_rule(draft: Group, language: str) -> Written:
    """Return a draft as JSON; what is not finished stands in it as it was typed, and the reader of rules says so."""
    found = Written()
    found.rule = _Writer(language, found.places).part(draft, ROOT, "", None)
    return found


def _under(place: str, key: str) -> str:
    return f"{place}.{key}" if place else key


@dataclass
class _Writer:
    language: str
    places: dict[str, str]

    def part(self, part: Part, path: str, place: str, inside: Kind | None) -> Any:
        self.places[place] = path
        if isinstance(part, Group) and part.bare and len(part.parts) == 1 and not (part.any or part.nots):
            return self.part(part.parts[0], f"{path}-0", place, inside)
        inner = place
        for _ in range(part.nots):
            inner = _under(inner, "not")
            self.places[inner] = path
        told = self._told(part, path, inner, inside)
        for _ in range(part.nots):
            told = {"not": told}
        return told

    def _told(self, part: Part, path: str, place: str, inside: Kind | None) -> Any:
        if isinstance(part, Group):
            key = "any" if part.any else "all"
            under = _under(place, key)
            return {
                key: [
                    self.part(each, f"{path}-{number}", f"{under}[{number}]", inside)
                    for number, each in enumerate(part.parts)
                ]
            }
        if part.what == SEGMENT:
            return {"segment": part.values[0] if part.values else ""}
        if kind := CATALOGUE.kinds.get(part.event):
            return {"event": self._event(part, path, _under(place, "event"), kind)}
        return {"property" if inside else "field": part.field} | self._compared(part, offer(part, inside))

    def _event(self, part: Condition, path: str, place: str, kind: Kind) -> dict[str, Any]:
        told: dict[str, Any] = {"type": kind.name, "aggregate": part.aggregate}
        if part.aggregate != "count":
            told["of"] = part.of
        told |= self._compared(part, offer(part))
        if part.window != "ever":
            told["window"] = self._window(part)
        if part.where is not None and part.where.parts:
            told["where"] = self.part(part.where, f"{path}-w", _under(place, "where"), kind)
        return told

    def _window(self, part: Condition) -> dict[str, Any]:
        if part.window == "dates":
            return {name: day for name, day in zip(("from", "until"), part.span, strict=False) if day}
        some = [whole(each, self.language) for each in part.span]
        return {part.window: some if part.window == "days_ago" else some[0] if some else ""}

    def _compared(self, part: Condition, found: Offer | None) -> dict[str, Any]:
        told: dict[str, Any] = {"operator": part.operator}
        if found is None or found.takes == NOTHING:
            return told
        return told | {"value": self._value(part.values, found)}

    def _value(self, values: list[str], found: Offer) -> Any:
        if found.takes == DAYS:
            return whole(values[0], self.language) if values else ""
        some = [self._single(each, found.of) for each in values]
        if found.takes == MANY:
            # As rules are kept: their order means nothing.
            return sorted(some)
        return some if found.takes == PAIR else some[0] if some else ""

    def _single(self, text: str, of: Field) -> Any:
        return text if of.kind == DATE else untyped(text, of, self.language)
