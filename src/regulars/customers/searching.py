"""Finding a customer by what somebody says on the phone: a name, an e-mail, a number, the shop's id, an order.

Everything is looked up by how it begins, in an index; a part in the middle of a name is not found.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from django.db.models import Q
from django.db.models.functions import Coalesce

from regulars.store import database
from regulars.store.models import Customer, Identifier, Order

MOST = 50
LONGEST = 200
_LAST = "\U0010ffff"


def exactly(told: str) -> int | None:
    """Return the key of the customer whose id, e-mail, phone or order this is; None where it is nobody's, or of several people."""
    text = _clean(told)
    if not text:
        return None
    found = {
        *Identifier.objects.filter(
            kind__in=_KINDS, value__in={text, text.lower(), _digits(text)} - {""}
        ).values_list("customer_id", flat=True),
        *Order.objects.filter(order_id=text, customer__isnull=False).values_list("customer_id", flat=True),
    }
    return _kept(found.pop()) if len(found) == 1 else None


def found(told: str) -> list[int]:
    """Return the keys of at most :data:`MOST` customers, those found by what is theirs alone before those found by name."""
    text = _clean(told)
    if not text:
        return []
    keys: dict[int, None] = {}
    for some in (_by_order(text), _by_identifier(text), _by_name(text)):
        keys |= dict.fromkeys(islice(some, MOST))
        if len(keys) >= MOST:
            break
    return list(keys)[:MOST]


def _by_order(text: str) -> Iterable[int]:
    return Order.objects.filter(order_id=text, customer__isnull=False).values_list("customer_id", flat=True)


def _by_identifier(text: str) -> Iterable[int]:
    wanted = Q()
    for kind, value in (
        (Identifier.STORE_ID, text),
        (Identifier.EMAIL, text.lower()),
        (Identifier.PHONE, _digits(text)),
    ):
        if value:
            wanted |= Q(kind=kind) & _begins("value", value)
    return Identifier.objects.filter(wanted).values_list("customer_id", flat=True)[:MOST]


def _by_name(text: str) -> Iterator[int]:
    """Either name of one word; of several words first and last name in either order, and all of them as one name."""
    words = text.split()
    if len(words) > 1:
        # Last names tell people apart: they are looked up, and first names only compared.
        people = Customer.objects.alias(first=Coalesce("first_name", "first_name"))
        for first, last in ((words[0], " ".join(words[1:])), (" ".join(words[1:]), words[0])):
            yield from _keys(people.filter(_written("last_name", last), _written("first", first)))
    for field in ("last_name", "first_name"):
        yield from _keys(Customer.objects.filter(_written(field, text)))


def _keys(people: Any) -> Iterator[int]:
    yield from people.values_list("id", flat=True)[:MOST]


def _written(field: str, word: str) -> Q:
    """A name as it was typed, and as it may be written: an index knows no difference of case, so each way is asked for."""
    wanted = Q()
    for way in dict.fromkeys((word, word.lower(), word.upper(), word.title())):
        wanted |= _begins(field, way)
    return wanted


def _begins(field: str, text: str) -> Q:
    if database.is_postgres():
        return Q(**{f"{field}__startswith": text})
    # SQLite's LIKE with an escape walks the table; a range of the index is the same.
    return Q(**{f"{field}__gte": text, f"{field}__lt": text + _LAST})


def _clean(told: str) -> str:
    text = " ".join(told.split())[:LONGEST]
    return text if text.isprintable() else ""


def _digits(text: str) -> str:
    """Return a phone number as it is kept, if this may be the beginning of one."""
    kept = "".join(sign for sign in text if sign not in " -()./")
    plain = kept.removeprefix("+")
    return kept if len(plain) >= 5 and plain.isascii() and plain.isdigit() and kept.startswith("+") else ""


def _kept(key: int) -> int:
    record: Any = Customer.objects.filter(id=key).values_list("merged_into", flat=True).first()
    return int(record or key)


_KINDS = (Identifier.STORE_ID, Identifier.EMAIL, Identifier.PHONE)
