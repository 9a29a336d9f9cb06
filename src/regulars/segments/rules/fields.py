"""What can be asked of a customer and of an event: the catalogue that gives every place of a rule its type."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from regulars.kit.i18n import Translator, mark
from regulars.segments import catalogue as shipped
from regulars.segments.rules.operators import (
    BOOLEAN,
    CHOICE,
    DATE,
    MONEY,
    NUMBER,
    OPERATORS,
    TEXT,
    TYPES,
)

WHOLE, REAL, EXACT = "whole", "real", "exact"


@dataclass(frozen=True, slots=True)
class Field:
    """Something known of a customer, or of an event."""

    name: str
    """Stable; also the name of its column."""
    title: str
    kind: str
    """``number``, ``money``, ``text``, ``date``, ``boolean`` or ``choice``."""
    lies_in: str
    """``profile``, ``consents``, ``orders``, ``scores``, or for a property the kind of event."""
    unit: str = ""
    form: str = EXACT
    """Of a number: ``whole``, ``real`` (a float), or ``exact`` (a decimal with four digits)."""
    choices: tuple[tuple[str, str], ...] = ()
    """Name and title of each."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of event that can be counted."""

    name: str
    title: str
    source: str
    """The frame that it lies in: ``orders``, ``lines`` or ``events``."""
    properties: tuple[Field, ...]
    type: str | None = None
    """Of the events of that source, those of this type; all where it is None."""
    hours: bool = True
    """Whether its moments have a time of day."""

    def property(self, name: str) -> Field | None:
        """Return a property, None where there is none of that name."""
        return next((each for each in self.properties if each.name == name), None)


def _choices(entries: tuple[shipped.Entry, ...]) -> tuple[tuple[str, str], ...]:
    return tuple((each.name, each.title) for each in entries)


GROUPS = {
    "profile": mark("Profile"),
    "consents": mark("Consents"),
    "orders": mark("Orders so far"),
    "scores": mark("Forecast and groups"),
}
FIELDS = (
    Field("country", mark("Country"), TEXT, "profile"),
    Field("region", mark("Region"), TEXT, "profile"),
    Field("city", mark("City"), TEXT, "profile"),
    Field("language", mark("Language"), TEXT, "profile"),
    Field("gender", mark("Gender"), TEXT, "profile"),
    Field("birthday", mark("Birthday"), DATE, "profile"),
    Field("email_known", mark("E-mail known"), BOOLEAN, "profile"),
    Field("phone_known", mark("Phone number known"), BOOLEAN, "profile"),
    Field("known_since", mark("Known since"), DATE, "profile"),
    Field("may_email", mark("Agreed to e-mail"), BOOLEAN, "consents"),
    Field("may_sms", mark("Agreed to text messages"), BOOLEAN, "consents"),
    Field("orders", mark("Number of orders"), NUMBER, "orders", form=WHOLE),
    Field("net", mark("Net spend to date"), MONEY, "orders"),
    Field("aov", mark("Average order value"), MONEY, "orders"),
    Field("first_on", mark("First order"), DATE, "orders"),
    Field("last_on", mark("Last order"), DATE, "orders"),
    Field("first_channel", mark("Channel of the first order"), TEXT, "orders"),
    Field("p_alive", mark("Probability of still being a customer"), NUMBER, "scores", "share", REAL),
    Field("expected_orders", mark("Expected orders"), NUMBER, "scores", form=REAL),
    Field("clv", mark("Predicted value"), MONEY, "scores"),
    Field("clv_low", mark("Predicted value, low end"), MONEY, "scores"),
    Field("clv_high", mark("Predicted value, high end"), MONEY, "scores"),
    Field("clv_lifetime", mark("Predicted lifetime value"), MONEY, "scores"),
    Field("next_order_from", mark("Next order expected from"), DATE, "scores"),
    Field("next_order_until", mark("Next order expected until"), DATE, "scores"),
    Field("tier", mark("Value tier"), CHOICE, "scores", choices=_choices(shipped.TIERS)),
    Field("rfm_group", mark("RFM group"), CHOICE, "scores", choices=_choices(shipped.RFM)),
    Field("lifecycle", mark("Stage of life"), CHOICE, "scores", choices=_choices(shipped.LIFECYCLE)),
)


def _bought(lies_in: str) -> tuple[Field, ...]:
    return (
        Field("net", mark("Net amount"), MONEY, lies_in),
        Field("gross", mark("Gross amount"), MONEY, lies_in),
        Field("discount", mark("Discount"), MONEY, lies_in),
        Field("refunded", mark("Refunded amount"), MONEY, lies_in),
    )


def _seen(lies_in: str) -> tuple[Field, ...]:
    return (
        Field("product", mark("Product"), TEXT, lies_in),
        Field("category", mark("Category"), TEXT, lies_in),
        Field("value", mark("Value of the event"), MONEY, lies_in),
    )


_EVENTS = (
    ("view", mark("Product viewed")),
    ("list_view", mark("Product list viewed")),
    ("cart", mark("Put into the cart")),
    ("cart_remove", mark("Taken out of the cart")),
    ("cart_view", mark("Cart viewed")),
    ("checkout", mark("Checkout begun")),
    ("search", mark("Searched")),
    ("coupon", mark("Coupon used")),
    ("review", mark("Review written")),
    ("page", mark("Page viewed")),
    ("email_opened", mark("E-mail opened")),
    ("email_clicked", mark("Link in an e-mail clicked")),
)
KINDS = (
    Kind(
        "order",
        mark("Order"),
        "orders",
        (
            *_bought("order"),
            Field("units", mark("Units"), NUMBER, "order"),
            Field("channel", mark("Channel"), TEXT, "order"),
            Field("country", mark("Country of the order"), TEXT, "order"),
            Field("coupon", mark("Coupon code"), TEXT, "order"),
        ),
    ),
    Kind(
        "purchase",
        mark("Product bought"),
        "lines",
        (
            *_bought("purchase"),
            Field("quantity", mark("Quantity"), NUMBER, "purchase"),
            Field("product", mark("Product"), TEXT, "purchase"),
            Field("category", mark("Category"), TEXT, "purchase"),
        ),
        hours=False,
    ),
    *(Kind(name, title, "events", _seen(name), name) for name, title in _EVENTS),
)
WINDOWS = ("ever", "last_days", "last_hours", "days_ago", "from", "until")
AGGREGATES = {
    "count": mark("number"),
    "sum": mark("sum"),
    "min": mark("least"),
    "max": mark("largest"),
    "distinct": mark("number of different ones"),
}


@dataclass(frozen=True)
class Catalogue:
    """Every field, kind of event and segment that a rule may name."""

    fields: Mapping[str, Field]
    kinds: Mapping[str, Kind]
    shipped: Mapping[str, str]
    """Title of each segment that ships, by name."""

    def to_json(self, say: Translator) -> dict[str, Any]:
        """Return all of it in a language, as a page that builds rules needs it."""
        return {
            "groups": [{"name": name, "title": say(title)} for name, title in GROUPS.items()],
            "types": [
                {
                    "name": kind,
                    "title": say(TYPES[kind]),
                    "operators": [
                        {"name": each.name, "title": say(each.title), "takes": each.takes} for each in some
                    ],
                }
                for kind, some in OPERATORS.items()
            ],
            "fields": [_told(each, say) for each in self.fields.values()],
            "events": [
                {
                    "name": kind.name,
                    "title": say(kind.title),
                    "windows": [*(w for w in WINDOWS if kind.hours or w != "last_hours")],
                    "properties": [_told(each, say) for each in kind.properties],
                }
                for kind in self.kinds.values()
            ],
            "aggregates": [{"name": name, "title": say(title)} for name, title in AGGREGATES.items()],
            "segments": [{"name": name, "title": say(title)} for name, title in self.shipped.items()],
        }


def _told(field: Field, say: Translator) -> dict[str, Any]:
    return {
        "name": field.name,
        "title": say(field.title),
        "type": field.kind,
        "unit": field.unit or ("currency" if field.kind == MONEY else ""),
        "lies_in": field.lies_in,
        "operators": [each.name for each in OPERATORS[field.kind]],
        "choices": [{"name": name, "title": say(title)} for name, title in field.choices],
    }


CATALOGUE = Catalogue(
    {each.name: each for each in FIELDS},
    {each.name: each for each in KINDS},
    {each.name: each.title for each in shipped.BEHAVIOUR},
)
