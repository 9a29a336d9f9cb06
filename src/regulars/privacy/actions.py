"""People say what may be done with them."""

from __future__ import annotations

from datetime import datetime

from regulars.kit.errors import RegularsError
from regulars.kit.i18n import mark
from regulars.privacy.queries import allows, current
from regulars.privacy.rules import PROFILING, checked
from regulars.store import database
from regulars.store.models import Consent, Customer, Membership, Score


def say(
    customer: int,
    purpose: str,
    *,
    granted: bool,
    at: datetime,
    source: str = "",
    wording: str = "",
    now: datetime,
) -> bool:
    """Write down what a customer said; return whether that is new. A word from before their latest one changes nothing that holds.

    Who objects to profiling has no scores and no segments from this moment on. Raises for a moment that has not come.
    """
    if at > now:
        raise RegularsError(
            "privacy.future",
            mark("{at} has not come yet."),
            hint=mark("Say when the customer said it."),
            at=at.isoformat(),
        )
    with database.writing("customers"):
        # Who was merged a moment ago is the other one by now.
        merged = Customer.objects.filter(id=customer).values_list("merged_into_id", flat=True).first()
        customer = merged or customer
        before = current(customer).get(checked(purpose))
        same = before is not None and (before.granted, before.at) == (granted, at)
        if same and before is not None and (before.source, before.wording) == (source, wording):
            return False
        Consent.objects.create(
            customer_id=customer,
            purpose=purpose,
            granted=granted,
            at=at,
            source=source,
            wording=wording,
            recorded_at=now,
        )
        obey(customer)
    return True


def obey(customer: int) -> None:
    """Forget scores and segments of a customer who objects to profiling; call inside the transaction in which that may have changed."""
    if not allows(customer, PROFILING):
        Score.objects.filter(customer=customer).delete()
        Membership.objects.filter(customer=customer).delete()
