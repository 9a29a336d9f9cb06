"""Rules to begin with, for those who do not want to begin with nothing; what only the shop knows is left empty, to be filled in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from regulars.kit.i18n import mark


@dataclass(frozen=True, slots=True)
class Start:
    """A rule with its title, and what it is good for."""

    name: str
    title: str
    use: str
    rule: Mapping[str, Any]


def _field(name: str, operator: str, value: Any) -> dict[str, Any]:
    return {"field": name, "operator": operator, "value": value}


def _event(kind: str, operator: str, value: int, days: int, **more: Any) -> dict[str, Any]:
    told = {"type": kind, "operator": operator, "value": value, "window": {"last_days": days}}
    return {"event": told | more}


_PRODUCT = {"property": "product", "operator": "is", "value": ""}
STARTS = (
    Start(
        "quiet-vips",
        mark("VIPs who have gone quiet"),
        mark("The best customers by value who have not ordered for two months: a personal word is worth it."),
        {
            "all": [
                _field("tier", "one_of", ["high", "top"]),
                _field("last_on", "before_last_days", 60),
            ]
        },
    ),
    Start(
        "bought-once",
        mark("Bought once, 60 to 120 days ago"),
        mark("One order, and time for the second one: the step at which most customers are lost."),
        {
            "all": [
                _field("orders", "=", 1),
                {"event": {"type": "order", "operator": ">=", "value": 1, "window": {"days_ago": [60, 120]}}},
            ]
        },
    ),
    Start(
        "looked-not-bought",
        mark("Looked at a product, but did not buy it"),
        mark("Fill in the product: those who viewed it this month and have not bought it."),
        {
            "all": [
                _event("view", ">=", 1, 30, where=_PRODUCT),
                _event("purchase", "=", 0, 30, where=_PRODUCT),
            ]
        },
    ),
    Start(
        "left-cart",
        mark("Left a cart behind"),
        mark("Something was put into the cart in the last three days, and nothing was ordered since."),
        {"all": [_event("cart", ">=", 1, 3), _event("order", "=", 0, 3)]},
    ),
    Start(
        "promising",
        mark("New, and likely to be worth much"),
        mark("First ordered in the last two months, and already among those with the highest forecast."),
        {
            "all": [
                _field("first_on", "last_days", 60),
                _field("tier", "one_of", ["high", "top"]),
            ]
        },
    ),
    Start(
        "may-write",
        mark("Good customers who may be written to"),
        mark("At least three orders, and they agreed to e-mail: the readers of a newsletter."),
        {"all": [_field("orders", ">=", 3), _field("may_email", "is", True)]},
    ),
)


def start(name: str) -> Start | None:
    """Return one of them, None for a name that none has."""
    return next((each for each in STARTS if each.name == name), None)
