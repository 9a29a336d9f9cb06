"""Reads the values of rules from plain data, each with a sentence that says which rule has what instead of what it needs."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Never

from regulars.kit.errors import RegularsError
from regulars.kit.i18n import Phrase, mark

NEEDS = {
    "flag": mark("true or false"),
    "share": mark("a number from 0 to 1"),
    "number": mark("a number that is not below 0"),
    "count": mark("a whole number, one or more"),
    "days": mark("a whole number of days, 0 or more"),
    "names": mark("a list of names, each a text"),
    "pins": mark('places from 1 on with a product each, such as {"1": "tea"}, no product twice'),
    "boosts": mark('a list such as [{"category": "Tea", "factor": 2}] with a factor of 1 or more'),
    "buries": mark('a list such as [{"brand": "Acme", "factor": 0.2}] with a factor above 0 and at most 1'),
    "band": mark("a number that is not below price_from"),
}
"""What a value has to be, by kind."""
SELECTORS = ("product", "category", "brand")
MOST = 1e6
"""No factor and no weight is larger: products of several must stay numbers."""


@dataclass(frozen=True, slots=True)
class Lever:
    """Multiplies the scores of a product, of a category with what is below it, or of a brand."""

    kind: str
    """One of :data:`SELECTORS`."""
    name: str
    factor: float

    def to_json(self) -> dict[str, Any]:
        """Return it as rules are written."""
        return {self.kind: self.name, "factor": self.factor}


@dataclass(frozen=True, slots=True)
class Pin:
    """A product at a place, counted from one."""

    place: int
    product_id: str


def refuse(rule: str, value: object, kind: str) -> Never:
    """Raise that the value of a rule is not what it needs to be."""
    raise RegularsError(
        "recommend.rule_value",
        mark("The rule {rule} is {value}."),
        hint=mark("It needs {needed}."),
        rule=rule,
        value=repr(value),
        needed=Phrase(NEEDS[kind]),
    )


def flag(rule: str, value: object) -> bool:
    """Return true or false; numbers and texts are neither."""
    return value if isinstance(value, bool) else refuse(rule, value, "flag")


def number(rule: str, value: object, kind: str = "number", most: float = MOST) -> float:
    """Return a number from 0 to ``most``."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        refuse(rule, value, kind)
    try:
        found = float(value)
    except OverflowError:  # a whole number of hundreds of digits
        refuse(rule, math.inf, kind)
    return found if math.isfinite(found) and 0 <= found <= most else refuse(rule, value, kind)


def share(rule: str, value: object) -> float:
    """Return a number from 0 to 1."""
    return number(rule, value, "share", 1.0)


def maybe_number(rule: str, value: object) -> float | None:
    """Return a number from 0 on, or None."""
    return None if value is None else number(rule, value, most=math.inf)


def maybe_count(rule: str, value: object) -> int | None:
    """Return a whole number from one on, or None."""
    return None if value is None else _whole(rule, value, 1, "count")


def days(rule: str, value: object) -> int:
    """Return a whole number of days."""
    return _whole(rule, value, 0, "days")


def names(rule: str, value: object) -> tuple[str, ...]:
    """Return names, each once."""
    if not isinstance(value, list | tuple) or not all(isinstance(name, str) and name for name in value):
        refuse(rule, value, "names")
    return tuple(dict.fromkeys(value))


def pins(rule: str, value: object) -> tuple[Pin, ...]:
    """Return products at their places, in the order of places; from ``{place: product}`` or from pins."""
    if isinstance(value, Mapping):
        given = [Pin(int(place), name) if _is_place(place) else None for place, name in value.items()]
    else:
        given = list(value) if isinstance(value, list | tuple) else [None]
    found = [
        pin for pin in given if isinstance(pin, Pin) and isinstance(pin.product_id, str) and pin.place >= 1
    ]
    places, products = {pin.place for pin in found}, {pin.product_id for pin in found}
    if not len(given) == len(found) == len(places) == len(products):
        refuse(rule, value, "pins")
    return tuple(sorted(found, key=lambda pin: pin.place))


def boosts(rule: str, value: object) -> tuple[Lever, ...]:
    """Return what lifts."""
    return _levers(rule, value, "boosts", 1.0, MOST)


def buries(rule: str, value: object) -> tuple[Lever, ...]:
    """Return what holds back, never hides."""
    return _levers(rule, value, "buries", 1 / MOST, 1.0)


def _levers(rule: str, value: object, kind: str, least: float, most: float) -> tuple[Lever, ...]:
    given = value if isinstance(value, list | tuple) else refuse(rule, value, kind)
    found = [lever if isinstance(lever, Lever) else _lever(rule, lever, kind) for lever in given]
    for lever in found:
        if lever.kind not in SELECTORS or not least <= number(rule, lever.factor, kind) <= most:
            refuse(rule, lever.to_json(), kind)
    return tuple(found)


def _lever(rule: str, value: object, kind: str) -> Lever:
    if not isinstance(value, Mapping):
        refuse(rule, value, kind)
    chosen = [name for name in SELECTORS if name in value]
    if len(chosen) != 1 or set(value) != {*chosen, "factor"} or not isinstance(value[chosen[0]], str):
        refuse(rule, dict(value), kind)
    return Lever(chosen[0], value[chosen[0]], number(rule, value["factor"], kind))


def _whole(rule: str, value: object, least: int, kind: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        refuse(rule, value, kind)
    return value


def _is_place(place: object) -> bool:
    return str(place).isascii() and str(place).isdigit() and len(str(place)) < 10
