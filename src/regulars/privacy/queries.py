"""What people said, and what therefore holds."""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import Exists, OuterRef, Q

from regulars.privacy.rules import UNSAID, checked
from regulars.store.models import Consent, Identifier, Visitor


def history(customer: int) -> list[Consent]:
    """Return all that a customer ever said, latest first."""
    return list(Consent.objects.filter(customer=customer).order_by("-at", "-id"))


def current(customer: int) -> dict[str, Consent]:
    """Return a customer's latest word on each purpose that they said anything about."""
    found: dict[str, Consent] = {}
    for said in history(customer):
        found.setdefault(said.purpose, said)
    return found


def allows(customer: int, purpose: str) -> bool:
    """Tell whether something may be done for a purpose: what the customer said last, else what holds unsaid."""
    said = current(customer).get(checked(purpose))
    return UNSAID[purpose] if said is None else said.granted


def refusing(purpose: str) -> set[int]:
    """Return the keys of the customers whose latest word on a purpose is no."""
    later = Consent.objects.filter(
        Q(at__gt=OuterRef("at")) | Q(at=OuterRef("at"), id__gt=OuterRef("id")),
        customer=OuterRef("customer"),
        purpose=purpose,
    )
    said = Consent.objects.filter(purpose=checked(purpose), granted=False)
    return set(said.exclude(Exists(later)).values_list("customer_id", flat=True))


def latest() -> int:
    """Return a number that grows with each word that anybody says: whoever remembers what is refused asks again when it has grown."""
    return Consent.objects.order_by("-id").values_list("id", flat=True).first() or 0


def store_ids(customers: Collection[int]) -> set[str]:
    """Return the shop's own ids of some customers."""
    some = Identifier.objects.filter(kind=Identifier.STORE_ID, customer__in=list(customers))
    return set(some.values_list("value", flat=True))


def visitors(customers: Collection[int]) -> set[str]:
    """Return the devices that some customers use."""
    return set(Visitor.objects.filter(customer__in=list(customers)).values_list("id", flat=True))
