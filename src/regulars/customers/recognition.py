"""Who somebody is, by the rules that a load follows: an id, else an e-mail; two known customers are never merged."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from regulars.customers.actions import merge, was_undone
from regulars.store import bulk, database, outbox
from regulars.store.models import Customer, Identifier


def recognise(store_id: str, email: str, country: str, first_at: datetime, now: datetime) -> int | None:
    """Find or make the customer with an id, an e-mail (in lower case) or both; None where neither is told.

    Call inside the transaction of what the customer does; nobody else recognises customers until it ends.
    """
    if not store_id and not email:
        return None
    with database.writing("customers"):
        by_id = _owner(Identifier.STORE_ID, store_id)
        by_mail = _owner(Identifier.EMAIL, email)
        guest = by_mail is not None and _is_guest(by_mail)
        if not store_id:
            found = by_mail
        else:
            found = by_id if by_id is not None else by_mail if guest else None
        if found is None:
            found = _made(country, first_at, now)
        if store_id and by_id is None:
            _known_by(found, Identifier.STORE_ID, store_id, now)
        if email and by_mail is None:
            _known_by(found, Identifier.EMAIL, email, now)
        elif guest and by_mail is not None and by_mail != found and not was_undone(found, by_mail):
            merge(found, by_mail, reason="email", now=now)
        return found


def met(store_ids: Collection[str], now: datetime) -> dict[str, int]:
    """Return the customers of many of the shop's ids; an id that is met for the first time becomes a customer."""
    ids = Identifier.objects.filter(kind=Identifier.STORE_ID)
    known = dict(bulk.found(ids, "value", "customer_id", store_ids))
    if len(known) == len(set(store_ids)):
        return known
    with database.writing("customers"):
        known |= dict(bulk.found(ids, "value", "customer_id", set(store_ids) - known.keys()))
        fresh = sorted(set(store_ids) - known.keys())
        keys = database.numbers("customer", len(fresh)) if fresh else range(0)
        given = dict(zip(fresh, keys, strict=True))
        Customer.objects.bulk_create([Customer(id=key, created_at=now, updated_at=now) for key in keys])
        Identifier.objects.bulk_create(
            [
                Identifier(customer_id=key, kind=Identifier.STORE_ID, value=name, since=now)
                for name, key in given.items()
            ]
        )
        outbox.tell_all(
            outbox.CUSTOMER_CREATED, [(f"key:{key}", {"customer": f"key:{key}"}) for key in keys], now
        )
    return known | given


def _owner(kind: str, value: str) -> int | None:
    if not value:
        return None
    return Identifier.objects.filter(kind=kind, value=value).values_list("customer_id", flat=True).first()


def _is_guest(customer: int) -> bool:
    return not Identifier.objects.filter(kind=Identifier.STORE_ID, customer=customer).exists()


def _made(country: str, first_at: datetime, now: datetime) -> int:
    (key,) = database.numbers("customer", 1)
    Customer.objects.create(id=key, country=country, created_at=first_at, updated_at=now)
    outbox.tell(outbox.CUSTOMER_CREATED, f"key:{key}", now, customer=f"key:{key}")
    return key


def _known_by(customer: int, kind: str, value: str, now: datetime) -> None:
    Identifier.objects.create(customer_id=customer, kind=kind, value=value, since=now)
