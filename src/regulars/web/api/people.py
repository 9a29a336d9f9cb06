"""What customers said, and who turned out to be whom."""

from __future__ import annotations

from django.http import HttpRequest
from ninja import Router

from regulars.customers import actions, queries
from regulars.kit.errors import Kind, RegularsError
from regulars.kit.i18n import mark
from regulars.privacy import actions as privacy
from regulars.privacy import queries as consents
from regulars.privacy.rules import UNSAID
from regulars.store.models import Customer, Merge
from regulars.web.api import shop
from regulars.web.api.auth import Scope
from regulars.web.api.customers import found_customer
from regulars.web.api.once import note, now, write
from regulars.web.api.schemas.common import instant
from regulars.web.api.schemas.people import (
    ConsentIn,
    ConsentOut,
    Consents,
    MergeIn,
    MergeOut,
    Merges,
    Purpose,
)

router = Router(tags=["Customers"])


@router.get("/{path:customer_id}/consents", response=Consents, auth=Scope("customers:read"))
def read_consents(request: HttpRequest, customer_id: str) -> Consents:  # noqa: ARG001
    """Say for what a customer may be asked, and what they ever said."""
    return _consents(found_customer(customer_id))


@router.put(
    "/{path:customer_id}/consents/{purpose}",
    response={201: Consents, 200: Consents},
    auth=Scope("customers:write"),
)
@write
def put_consent(
    request: HttpRequest, customer_id: str, purpose: Purpose, told: ConsentIn
) -> tuple[int, Consents]:
    """Write down what a customer said. The latest word holds; the earlier ones are kept as proof.

    Without ``analytics`` nothing more of them is collected; who objects to ``profiling`` has no scores, no segments and nothing personal.
    """
    customer, at = found_customer(customer_id), now()
    fresh = privacy.say(
        customer.id,
        purpose,
        granted=told.granted,
        at=shop.instant(told.at) if told.at else at,
        source=told.source,
        wording=told.wording,
        now=at,
    )
    if fresh:
        note(request, "consent.put", shop.name_of(customer), purpose=purpose, granted=told.granted)
    return (201 if fresh else 200), _consents(customer)


@router.get("/{path:customer_id}/merges", response=Merges, auth=Scope("customers:read"))
def read_merges(request: HttpRequest, customer_id: str) -> Merges:  # noqa: ARG001
    """List the records that turned out to be this customer."""
    customer = found_customer(customer_id)
    found = [_merge(each, customer) for each in queries.merges(customer.id)]
    return Merges(customer=shop.name_of(customer), merges=found)


@router.post("/{path:customer_id}/merges", response={201: MergeOut}, auth=Scope("customers:write"))
@write
def merge_customers(request: HttpRequest, customer_id: str, told: MergeIn) -> tuple[int, MergeOut]:
    """Say that two records are one person: this one gets all that the other has. It can be taken back."""
    kept, absorbed = found_customer(customer_id), found_customer(told.absorbed)
    if kept.id == absorbed.id:
        raise RegularsError(
            "customers.same",
            mark("That is the same customer."),
            hint=mark("Name the other record of this person."),
            location="body.absorbed",
        )
    made = actions.join(kept.id, absorbed.id, reason=told.reason or "api", now=now())
    note(request, "customer.merge", shop.name_of(kept), absorbed=absorbed.id, merge=made.pk)
    return 201, _merge(made, kept)


@router.post("/{path:customer_id}/merges/{merge_id}/undo", response=MergeOut, auth=Scope("customers:write"))
@write
def undo_merge(request: HttpRequest, customer_id: str, merge_id: int) -> tuple[int, MergeOut]:
    """Take a merge back: everything that moved moves back, and it is not made again by itself."""
    kept = found_customer(customer_id)
    found = next((each for each in queries.merges(kept.id) if each.pk == merge_id), None)
    if found is None:
        raise RegularsError(
            "customers.no_merge",
            mark("Customer {customer} has no merge {merge}."),
            hint=mark("GET /v1/customers/ID/merges lists what there is."),
            kind=Kind.MISSING,
            customer=repr(customer_id),
            merge=merge_id,
        )
    if actions.part(found, now()):
        note(request, "customer.unmerge", shop.name_of(kept), absorbed=found.absorbed_id, merge=found.pk)
    return 200, _merge(found, kept)


def _consents(customer: Customer) -> Consents:
    words = consents.history(customer.id)
    latest = consents.current(customer.id)
    return Consents(
        customer=shop.name_of(customer),
        allowed={
            purpose: latest[purpose].granted if purpose in latest else unsaid
            for purpose, unsaid in UNSAID.items()
        },
        history=[
            ConsentOut(
                purpose=each.purpose,
                granted=each.granted,
                at=instant(each.at) or "",
                source=each.source,
                wording=each.wording,
                recorded_at=instant(each.recorded_at) or "",
            )
            for each in words
        ],
    )


def _merge(made: Merge, kept: Customer) -> MergeOut:
    return MergeOut(
        id=made.pk,
        kept=shop.name_of(kept),
        absorbed_key=made.absorbed_id,
        reason=made.reason,
        at=instant(made.at) or "",
        undone_at=instant(made.undone_at),
        orders=len(made.moved["orders"]),
    )
