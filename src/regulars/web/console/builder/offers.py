"""What each condition of a form offers: how its field can be compared, with what, and which inputs that takes."""

from __future__ import annotations

from dataclasses import dataclass

from regulars.kit.i18n import mark
from regulars.segments.rules.fields import AGGREGATES, CATALOGUE, WHOLE, Field, Kind
from regulars.segments.rules.operators import (
    AGGREGATED,
    BOOLEAN,
    CHOICE,
    DATE,
    DAYS,
    MANY,
    MONEY,
    NOTHING,
    NUMBER,
    OPERATORS,
    PAIR,
    Operator,
)
from regulars.web.console.builder.draft import SEGMENT, Condition, Group

FIGURE = Field("count", "", NUMBER, "event", form=WHOLE)
WINDOWS = {
    "ever": (mark("at any time"), 0),
    "last_days": (mark("in the last … days"), 1),
    "last_hours": (mark("in the last … hours"), 1),
    "days_ago": (mark("from … to … days ago"), 2),
    "dates": (mark("between two days"), 2),
}
"""Title of each window, and how many inputs it has."""
USUAL = {NUMBER: ">=", MONEY: ">=", DATE: "last_days"}
"""The comparison that people mean most often."""
SPAN = {"last_days": ["30"], "last_hours": ["24"], "days_ago": ["0", "30"]}
MONTH = "30"


@dataclass(frozen=True)
class Offer:
    """The inputs of one condition."""

    of: Field
    """What is compared."""
    operators: tuple[Operator, ...]
    takes: str
    summed: tuple[Field, ...] = ()
    """Of an event: the properties that its aggregate can be of."""
    windows: tuple[str, ...] = ()


def properties(kind: Kind | None) -> dict[str, Field]:
    """Return what can be asked: the properties of an event, else the fields of a customer."""
    return {each.name: each for each in kind.properties} if kind else dict(CATALOGUE.fields)


def summed(kind: Kind, aggregate: str) -> tuple[Field, ...]:
    """Return the properties of which an aggregate can be."""
    if aggregate == "count":
        return ()
    return tuple(each for each in kind.properties if aggregate == "distinct" or each.kind in (NUMBER, MONEY))


def offer(part: Condition, inside: Kind | None = None) -> Offer | None:
    """Return the inputs of a condition, ``inside`` which event it stands; None where nothing is chosen, and for segments."""
    if kind := CATALOGUE.kinds.get(part.event):
        some = summed(kind, part.aggregate)
        of = next((each for each in some if each.name == part.of), None)
        figure = of if of and part.aggregate != "distinct" else FIGURE
        windows = tuple(name for name in WINDOWS if kind.hours or name != "last_hours")
        return Offer(figure, AGGREGATED, _takes(AGGREGATED, part.operator), some, windows)
    found = properties(inside).get(part.field)
    if found is None:
        return None
    known = OPERATORS[found.kind]
    return Offer(found, known, _takes(known, part.operator))


def settle(group: Group, inside: Kind | None = None) -> bool:
    """Give every condition what its inputs need, so that a form can show it; tell whether one has become another since it was shown."""
    changed = False
    for part in group.parts:
        if isinstance(part, Group):
            changed |= settle(part, inside)
            continue
        changed |= bool(part.was) and part.was != part.shape
        _settle(part, inside)
        if part.where is not None:
            changed |= settle(part.where, CATALOGUE.kinds.get(part.event))
        part.was = part.shape
    return changed


def _settle(part: Condition, inside: Kind | None) -> None:
    before, how = ([*part.was.split("|"), ""])[:2]
    if before not in ("", part.what):
        # Another thing is asked for: its value is none of what was typed for the other.
        part.operator, part.values, part.where = "", [], None
    if part.what == SEGMENT:
        part.values = part.values[:1] or [""]
        return
    if kind := CATALOGUE.kinds.get(part.event):
        _settle_event(part, kind)
    else:
        part.where = None
    found = offer(part, inside)
    if found is None:
        return
    if part.operator not in {each.name for each in found.operators}:
        part.operator = USUAL.get(found.of.kind, found.operators[0].name)
    found = offer(part, inside)
    assert found is not None
    if how and DAYS in (took := _takes(found.operators, how), found.takes) and took != found.takes:
        # A number of days is no day, and no day a number of them.
        part.values = []
    part.values = _values(part.values, found)


def _settle_event(part: Condition, kind: Kind) -> None:
    if part.aggregate not in AGGREGATES:
        part.aggregate = "count"
    some = summed(kind, part.aggregate)
    if part.of not in {each.name for each in some}:
        part.of = some[0].name if some else ""
    if part.window not in WINDOWS or (part.window == "last_hours" and not kind.hours):
        part.window, part.span = "ever", []
    if part.was and part.was.split("|")[-1] != part.window:
        part.span = list(SPAN.get(part.window, []))
    most = WINDOWS[part.window][1]
    part.span = (part.span + [""] * most)[:most]
    if not part.values and not part.operator:
        part.operator, part.values = ">=", ["1"]


def _takes(known: tuple[Operator, ...], name: str) -> str:
    return next((each.takes for each in known if each.name == name), known[0].takes)


def _values(values: list[str], found: Offer) -> list[str]:
    if found.takes == NOTHING:
        return []
    if found.takes == MANY:
        return values
    if found.takes == DAYS:
        return values[:1] or [MONTH]
    if found.of.kind == BOOLEAN:
        return values[:1] if values[:1] in (["true"], ["false"]) else ["true"]
    if found.of.kind == CHOICE:
        names = [name for name, _ in found.of.choices]
        return [value for value in values if value in names][:1] or names[:1]
    most = 2 if found.takes == PAIR else 1
    return (values + [""] * most)[:most]
