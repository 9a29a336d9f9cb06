"""Notes that the service team keeps about customers, and who wrote them."""

from __future__ import annotations

from datetime import datetime

from regulars.kit.errors import Kind, RegularsError
from regulars.kit.i18n import mark
from regulars.store import database
from regulars.store.models import Customer, Note, User

LONGEST = 4000


def of_customer(customer: int, limit: int) -> list[Note]:
    """Return the notes about a customer and those who were merged into them, the latest first, with who wrote them."""
    absorbed = Customer.objects.filter(merged_into=customer).values("id")
    some = Note.objects.filter(customer=customer) | Note.objects.filter(customer__in=absorbed)
    return list(some.select_related("author").order_by("-at", "-id")[:limit])


def add(customer: int, text: str, author: User, now: datetime) -> Note:
    """Write a note down; raises for none and for one that is too long."""
    told = _checked(text)
    with database.writing():
        return Note.objects.create(customer_id=customer, author=author, text=told, at=now)


def remove(customer: int, note: int, who: User) -> None:
    """Take a note away: its author may, and an owner. Raises for others, and where there is none."""
    with database.writing():
        found = (
            Note.objects.filter(id=note).filter(customer=customer).first()
            or Note.objects.filter(id=note, customer__merged_into=customer).first()
        )
        if found is None:
            raise RegularsError(
                "customers.no_note",
                mark("That note is not there any more."),
                hint=mark("Open the page again."),
                kind=Kind.MISSING,
            )
        if found.author_id != who.pk and "owner" not in who.roles:
            raise RegularsError(
                "customers.not_your_note",
                mark("Only who wrote a note, or an owner, takes it away."),
                hint=mark("Ask an owner."),
                kind=Kind.FORBIDDEN,
            )
        found.delete()


def _checked(text: str) -> str:
    # Lines stay, other signs that cannot be seen do not.
    told = "\n".join(
        "".join(sign for sign in line if sign.isprintable() or sign == "\t").rstrip()
        for line in text.replace("\r\n", "\n").split("\n")
    ).strip()
    if not 1 <= len(told) <= LONGEST:
        raise RegularsError(
            "customers.note_length",
            mark("A note has 1 to {longest} characters."),
            hint=mark("Write a shorter one, or several."),
            longest=LONGEST,
        )
    return told
