"""What people said, and what therefore holds."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Any

from django.db.models import Count, Exists, Max, OuterRef, Q

from regulars.privacy.rules import UNSAID, checked
from regulars.store.bulk import LOOKED_UP
from regulars.store.models import Consent, Identifier, Merge, Visitor


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


def refusing_of(purpose: str, customers: Collection[int]) -> set[int]:
    """Return which of some customers said no last: asked for them alone, however many others did."""
    checked(purpose)
    found: dict[int, bool] = {}
    keys = sorted(customers)
    for start in range(0, len(keys), LOOKED_UP):
        some = Consent.objects.filter(purpose=purpose, customer__in=keys[start : start + LOOKED_UP])
        for customer, granted in some.order_by("-at", "-id").values_list("customer_id", "granted"):
            found.setdefault(customer, granted)
    return {customer for customer, granted in found.items() if not granted}


def words() -> dict[str, tuple[int, int]]:
    """Return for each purpose how many customers said yes last, and how many no."""
    later = Consent.objects.filter(
        Q(at__gt=OuterRef("at")) | Q(at=OuterRef("at"), id__gt=OuterRef("id")),
        customer=OuterRef("customer"),
        purpose=OuterRef("purpose"),
    )
    some = Consent.objects.filter(customer__merged_into=None).exclude(Exists(later))
    return _counted(some)


def words_since(moment: datetime) -> dict[str, tuple[int, int]]:
    """Return for each purpose how often yes and how often no was said from a moment on."""
    return _counted(Consent.objects.filter(at__gte=moment))


def _counted(some: Any) -> dict[str, tuple[int, int]]:
    found = {purpose: [0, 0] for purpose in UNSAID}
    for purpose, granted, count in some.values_list("purpose", "granted").annotate(Count("id")).order_by():
        if purpose in found:
            found[purpose][0 if granted else 1] = count
    return {purpose: (yes, no) for purpose, (yes, no) in found.items()}


def latest() -> tuple[int, ...]:
    """Return numbers that change with each word that anybody says and each merge: whoever remembers what is refused asks again then."""
    merged = Merge.objects.aggregate(last=Max("id"), undone=Count("undone_at"))
    return (
        Consent.objects.order_by("-id").values_list("id", flat=True).first() or 0,
        merged["last"] or 0,
        merged["undone"],
    )


def store_ids(customers: Collection[int]) -> set[str]:
    """Return the shop's own ids of some customers."""
    some = Identifier.objects.filter(kind=Identifier.STORE_ID)
    return set(_of(some, customers, "value"))


def visitors(customers: Collection[int]) -> set[str]:
    """Return the devices that some customers use."""
    return set(_of(Visitor.objects.all(), customers, "id"))


def _of(records: Any, customers: Collection[int], name: str) -> Iterator[str]:
    """Yield a column of the records of some customers, asked for in parts that every database takes."""
    keys = sorted(customers)
    for start in range(0, len(keys), LOOKED_UP):
        some = records.filter(customer__in=keys[start : start + LOOKED_UP])
        yield from some.values_list(name, flat=True)
