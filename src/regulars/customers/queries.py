"""Customers as they are shown: who they are, what they are worth by a run, and which segments they are in."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, OuterRef

from regulars.store.models import Customer, Identifier, Membership, Merge, Score


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which customers are asked for; what is None does not matter."""

    segment: str | None = None
    tier: str | None = None
    email: str | None = None
    updated_since: datetime | None = None


def listed(run: int | None, wanted: Wanted, after: int, limit: int) -> list[Customer]:
    """Return customers with their identifiers in the order of their keys, from after a key on."""
    some = Customer.objects.filter(merged_into=None, id__gt=after)
    mine = {"run": run or -1, "customer": OuterRef("id")}
    if wanted.segment is not None:
        # Members lie in the order of their keys: with everybody asked in turn, those at the end would be found late.
        inside = Membership.objects.filter(run=run or -1, segment=wanted.segment, customer__gt=after)
        some = some.filter(id__in=inside.values("customer_id"))
    if wanted.tier is not None:
        some = some.filter(Exists(Score.objects.filter(tier=wanted.tier, **mine)))
    if wanted.email is not None:
        named = Identifier.objects.filter(kind=Identifier.EMAIL, value=wanted.email.strip().lower())
        some = some.filter(id__in=list(named.values_list("customer_id", flat=True)))
    if wanted.updated_since is not None:
        some = some.filter(updated_at__gte=wanted.updated_since)
    return list(some.order_by("id").prefetch_related("identifiers")[:limit])


def by_name(name: str) -> Customer | None:
    """Return the customer with the shop's own id, or with our key after ``key:``; None where there is none."""
    some = Customer.objects.filter(merged_into=None).prefetch_related("identifiers")
    found = some.filter(identifiers__kind=Identifier.STORE_ID, identifiers__value=name).first()
    key = name.removeprefix("key:")
    if found is None and key != name and key.isascii() and key.isdigit() and len(key) <= 18:
        found = some.filter(id=int(key)).first()
    return found


def merges(customer: int) -> list[Merge]:
    """Return the merges by which a customer absorbed others, latest first."""
    return list(Merge.objects.filter(kept=customer).order_by("-id"))


def scores(run: int | None, customers: Collection[int]) -> dict[int, Score]:
    """Return the scores of some customers by a run."""
    found = Score.objects.filter(run=run or -1, customer__in=customers)
    return {score.customer_id: score for score in found}


def all_scores(run: int, after: int, limit: int) -> list[Score]:
    """Return scores of a run with their customers, in the order of keys, from after a key on."""
    some = Score.objects.filter(run=run, customer_id__gt=after).order_by("customer_id")
    return list(some.prefetch_related("customer__identifiers")[:limit])


def segments(run: int | None, customers: Collection[int]) -> Mapping[int, list[str]]:
    """Return the names of the segments that some customers are in."""
    found: dict[int, list[str]] = {key: [] for key in customers}
    rows = Membership.objects.filter(run=run or -1, customer__in=customers).order_by("segment")
    for customer, segment in rows.values_list("customer_id", "segment"):
        found[customer].append(segment)
    return found


def members(run: int, segment: str, after: int, limit: int) -> list[Membership]:
    """Return the members of a segment with their identifiers, in the order of keys, from after a key on."""
    some = Membership.objects.filter(run=run, segment=segment, customer_id__gt=after)
    return list(some.order_by("customer_id").prefetch_related("customer__identifiers")[:limit])
