"""The types of fields, and how a value of each type can be compared."""

from __future__ import annotations

from dataclasses import dataclass

from regulars.kit.i18n import mark

NUMBER, MONEY, TEXT, DATE, BOOLEAN, CHOICE = "number", "money", "text", "date", "boolean", "choice"
ONE, MANY, PAIR, DAYS, NOTHING = "one", "many", "pair", "days", "nothing"


@dataclass(frozen=True, slots=True)
class Operator:
    """One way of comparing: its stable name, how it is said, and what it takes."""

    name: str
    title: str
    """Message id with ``{value}``, or with ``{first}`` and ``{last}``; how many days is said beside it."""
    takes: str
    """``one`` value, ``many``, a ``pair``, a whole number of ``days``, or ``nothing``."""


_ORDERED = (
    Operator("=", mark("is {value}"), ONE),
    Operator("!=", mark("is not {value}"), ONE),
    Operator("<", mark("is below {value}"), ONE),
    Operator("<=", mark("is at most {value}"), ONE),
    Operator(">", mark("is above {value}"), ONE),
    Operator(">=", mark("is at least {value}"), ONE),
    Operator("between", mark("is from {first} to {last}"), PAIR),
)
_KNOWN = (Operator("known", mark("is known"), NOTHING), Operator("unknown", mark("is unknown"), NOTHING))
_CHOSEN = (
    Operator("is", mark("is {value}"), ONE),
    Operator("is_not", mark("is not {value}"), ONE),
    Operator("one_of", mark("is one of: {value}"), MANY),
    Operator("none_of", mark("is none of: {value}"), MANY),
)
_PARTS = (
    Operator("contains", mark("contains {value}"), ONE),
    Operator("starts_with", mark("begins with {value}"), ONE),
)
_DATES = (
    Operator("on", mark("is on {value}"), ONE),
    Operator("before", mark("is before {value}"), ONE),
    Operator("after", mark("is after {value}"), ONE),
    Operator("between", mark("is from {first} to {last}"), PAIR),
    Operator("last_days", mark("lies in the last days"), DAYS),
    Operator("before_last_days", mark("lies before the last days"), DAYS),
    Operator("next_days", mark("lies in the next days"), DAYS),
)
OPERATORS: dict[str, tuple[Operator, ...]] = {
    NUMBER: (*_ORDERED, *_KNOWN),
    MONEY: (*_ORDERED, *_KNOWN),
    TEXT: (*_CHOSEN, *_PARTS, *_KNOWN),
    DATE: (*_DATES, *_KNOWN),
    BOOLEAN: (Operator("is", mark("is {value}"), ONE), *_KNOWN),
    CHOICE: (*_CHOSEN, *_KNOWN),
}
"""By type, in the order in which a person is offered them."""
AGGREGATED = _ORDERED
"""What an event's figure can be compared by: there is always one of ``count``, ``sum`` and ``distinct``."""
TYPES = {
    NUMBER: mark("number"),
    MONEY: mark("amount"),
    TEXT: mark("text"),
    DATE: mark("date"),
    BOOLEAN: mark("yes or no"),
    CHOICE: mark("choice"),
}


def operator(kind: str, name: str) -> Operator:
    """Return an operator of a type; ``KeyError`` where the type has none of that name."""
    for each in OPERATORS[kind]:
        if each.name == name:
            return each
    raise KeyError(name)
