"""People say what may be done with them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from regulars.kit.errors import RegularsError
from regulars.kit.i18n import mark
from regulars.privacy.queries import allows, current
from regulars.privacy.rules import PROFILING, checked
from regulars.store import bulk, database, outbox
from regulars.store.models import Consent, Customer, Identifier, Membership, Score, Visitor


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
        if before is None or (at >= before.at and before.granted != granted):
            told = {
                "customer": f"key:{customer}",
                "purpose": purpose,
                "granted": granted,
                "at": at.isoformat(),
            }
            outbox.tell(outbox.CONSENT_CHANGED, f"key:{customer}", now, **told)
    return True


def refused_on(devices: Mapping[str, str], now: datetime) -> None:
    """Remember on which devices customers were who refuse to be measured (a device's id to the shop's own id of the customer).

    Nothing else is kept of what they did there: it is how what the device sends without a name is known to be refused as well.
    """
    if not devices:
        return
    some = Identifier.objects.filter(kind=Identifier.STORE_ID)
    with database.writing("customers"):
        whose = dict(bulk.found(some, "value", "customer_id", set(devices.values())))
        Visitor.objects.bulk_create(
            [
                Visitor(id=each, customer_id=whose[name], since=now)
                for each, name in sorted(devices.items())
                if name in whose
            ],
            update_conflicts=True,
            unique_fields=["id"],
            update_fields=["customer"],
            batch_size=500,
        )


def obey(customer: int) -> None:
    """Forget scores and segments of a customer who objects to profiling; call inside the transaction in which that may have changed."""
    if not allows(customer, PROFILING):
        Score.objects.filter(customer=customer).delete()
        Membership.objects.filter(customer=customer).delete()
