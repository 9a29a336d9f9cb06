"""What a customer says of themselves: names, language, where they live; told by the shop's server, or by themselves in ``identify``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any

from regulars.customers.recognition import recognise
from regulars.kit.errors import Kind, RegularsError
from regulars.kit.i18n import mark
from regulars.store import database
from regulars.store.models import Customer, Identifier


@dataclass(frozen=True, slots=True)
class Details:
    """What is told of a customer; None leaves what was known."""

    first_name: str | None = None
    last_name: str | None = None
    language: str | None = None
    country: str | None = None
    region: str | None = None
    city: str | None = None
    gender: str | None = None
    birthday: date | None = None

    def told(self) -> dict[str, Any]:
        """Return what is told, by name."""
        pairs = ((each.name, getattr(self, each.name)) for each in fields(self))
        return {name: value for name, value in pairs if value is not None}


def introduce(store_id: str, details: Details, *, email: str = "", phone: str = "", now: datetime) -> str:
    """Make a customer known by the shop's own id, or tell more of them; return ``added``, ``changed`` or ``unchanged``.

    ``email`` is in lower case, ``phone`` as E.164; a guest with that e-mail turns out to be this customer. Raises where either is another known customer's.
    """
    with database.writing("customers"):
        known = Identifier.objects.filter(kind=Identifier.STORE_ID, value=store_id).exists()
        mails = Identifier.objects.filter(kind=Identifier.EMAIL, value=email)
        before = mails.values_list("customer_id", flat=True).first()
        customer = recognise(store_id, email, details.country or "", now, now)
        assert customer is not None
        changed = _told(customer, details, email, phone, now) or before != (customer if email else None)
    return "changed" if known and changed else "unchanged" if known else "added"


def tell(customer: int, details: Details, *, email: str = "", phone: str = "", now: datetime) -> bool:
    """Tell more of a customer, guests included; return whether anything is new. Raises as :func:`introduce` does."""
    with database.writing("customers"):
        return _told(customer, details, email, phone, now)


def _told(customer: int, details: Details, email: str, phone: str, now: datetime) -> bool:
    changed = write(customer, details, now)
    for kind, value in ((Identifier.EMAIL, email), (Identifier.PHONE, phone)):
        if value and not _mine(customer, kind, value):
            Identifier.objects.create(customer_id=customer, kind=kind, value=value, since=now)
            changed = True
    return changed


def write(customer: int, details: Details, now: datetime) -> bool:
    """Write what is told of a customer; return whether anything is new."""
    told = details.told()
    if not told or Customer.objects.filter(id=customer, **told).exists():
        return False
    Customer.objects.filter(id=customer).update(**told, updated_at=now)
    return True


def _mine(customer: int, kind: str, value: str) -> bool:
    """Tell whether a customer is known by something; raises where another one is."""
    found = Identifier.objects.filter(kind=kind, value=value).first()
    if found is not None and found.customer_id != customer:
        mail = mark("Another customer is known by this e-mail.")
        raise RegularsError(
            "customers.taken",
            mail if kind == Identifier.EMAIL else mark("Another customer is known by this phone number."),
            hint=mark("Two known customers are never merged by themselves: look whose it is."),
            kind=Kind.CONFLICT,
        )
    return found is not None


_SAID: Mapping[str, tuple[str, ...]] = {
    "first_name": ("firstName", "first_name"),
    "last_name": ("lastName", "last_name"),
    "language": ("language", "locale"),
    "country": ("country",),
    "region": ("region", "state"),
    "city": ("city",),
    "gender": ("gender",),
    "birthday": ("birthday",),
}
"""Our names, and those of the traits that trackers send."""
_MOST = {"first_name": 200, "last_name": 200, "language": 20, "gender": 20}
_MOST_OF_OTHERS = 100


def of_traits(traits: Mapping[str, Any]) -> Details:
    """Return what the traits of an ``identify`` say, address included; whatever cannot be is left out.

    E-mail and telephone are not among them: they say who somebody is, and that only the shop's own server may say.
    """
    address = traits.get("address")
    where = {**traits, **address} if isinstance(address, dict) else traits
    found: dict[str, Any] = {}
    for name, names in _SAID.items():
        text = next((where[one] for one in names if isinstance(where.get(one), str)), None)
        if text is None or not text.strip() or not text.isprintable():
            continue
        if name == "birthday":
            found[name] = _day(text)
        else:
            found[name] = text.strip()[: _MOST.get(name, _MOST_OF_OTHERS)]
    return Details(**found)


def _day(text: str) -> date | None:
    try:
        found = date.fromisoformat(text.strip()[:10])
    except ValueError:
        return None
    return found if 1900 <= found.year <= date.today().year else None  # noqa: DTZ011 - a year is enough
