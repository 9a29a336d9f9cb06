"""Customers: who they are, what they are worth, what they bought, and what to show them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Query, Router

from regulars.customers import details, queries
from regulars.customers.queries import Wanted
from regulars.kit.errors import Kind, RegularsError
from regulars.kit.i18n import mark
from regulars.orders import queries as orders
from regulars.privacy import queries as privacy
from regulars.privacy.rules import PROFILING
from regulars.runtime import history
from regulars.runtime.projection import lake_of
from regulars.store.models import Customer
from regulars.web.api import cursors, shop, shown
from regulars.web.api.auth import Scope
from regulars.web.api.once import note, now, write
from regulars.web.api.recommending import recommended
from regulars.web.api.schemas.common import Cursor, Limit, Moment
from regulars.web.api.schemas.customers import CustomerOut, Customers, History, Recommendations, Timeline
from regulars.web.api.schemas.people import CustomerIn, CustomerPut

router = Router(tags=["Customers"])
Text = Annotated[str | None, Query(max_length=320)]


@router.get("", response=Customers, auth=Scope("customers:read"))
def list_customers(
    request: HttpRequest,  # noqa: ARG001
    segment: Text = None,
    tier: Text = None,
    email: Text = None,
    updated_since: Moment | None = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Customers:
    """List customers in the order of their keys, with value and segments; filters hold together."""
    run = shop.published()
    since = None if updated_since is None else shop.instant(updated_since)
    wanted = Wanted(segment, tier, email, since)
    found = queries.listed(run and run.id, wanted, cursors.key(cursor), limit + 1)
    page, following = cursors.following(found, limit)
    return Customers(customers=_shown(page), next=following)


@router.get("/{path:customer_id}/timeline", response=Timeline, auth=Scope("customers:read"))
def customer_timeline(
    request: HttpRequest,  # noqa: ARG001
    customer_id: str,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Timeline:
    """List a customer's orders and credit notes, newest first."""
    found = found_customer(customer_id)
    some = orders.of_customer(found.id, cursors.moment(cursor), limit + 1)
    page, name = some[:limit], shop.name_of(found)
    following = cursors.text(page[-1].ordered_at, page[-1].id) if len(some) > limit else None
    told = [shown.order(each, each.lines.all(), name) for each in page]
    return Timeline(customer=name, orders=told, next=following)


@router.get("/{path:customer_id}/history", response=History, auth=Scope("customers:read"))
def customer_history(request: HttpRequest, customer_id: str) -> History:  # noqa: ARG001
    """Say what was expected of a customer at each refresh, the latest first; nothing for who objects to profiling."""
    found = found_customer(customer_id)
    allowed = privacy.allows(found.id, PROFILING)
    past = history.of(lake_of(shop.settings()), found.id) if allowed else []
    return History(customer=shop.name_of(found), runs=[shown.then(each, shop.currency()) for each in past])


@router.get("/{path:customer_id}/recommendations", response=Recommendations, auth=Scope("customers:read"))
def customer_recommendations(
    request: HttpRequest,  # noqa: ARG001
    customer_id: str,
    slot: Annotated[str, Query(max_length=40)] = "for_you",
    k: Annotated[int, Query(ge=1, le=100)] = 10,
) -> Recommendations:
    """Say what to show a customer; where nothing personal can be said, what is popular, and a warning that it is."""
    return recommended(found_customer(customer_id), slot, k)


@router.get("/{path:customer_id}", response=CustomerOut, auth=Scope("customers:read"))
def read_customer(request: HttpRequest, customer_id: str) -> CustomerOut:  # noqa: ARG001
    """Return one customer, by the shop's own id or by ``key:123``."""
    return _shown([found_customer(customer_id)])[0]


@router.patch(
    "/{path:customer_id}", response={201: CustomerPut, 200: CustomerPut}, auth=Scope("customers:write")
)
@write
def tell_customer(request: HttpRequest, customer_id: str, told: CustomerIn) -> tuple[int, CustomerPut]:
    """Tell of a customer by the shop's own id, one that nobody has told of yet included; what is left out stays."""
    said = details.Details(**told.model_dump(exclude={"email", "phone"}, exclude_none=True))
    known_by: dict[str, Any] = {"email": told.email or "", "phone": told.phone or "", "now": now()}
    if customer_id.startswith("key:"):
        changed = details.tell(found_customer(customer_id).id, said, **known_by)
        state = "changed" if changed else "unchanged"
    else:
        state = details.introduce(shop.checked_id(customer_id), said, **known_by)
    if state != "unchanged":
        note(request, "customer.patch", customer_id, state=state, told=sorted(told.model_fields_set))
    return (201 if state == "added" else 200), CustomerPut(id=customer_id, state=state)


def found_customer(name: str) -> Customer:
    """Return a customer; raises where there is none."""
    found = queries.by_name(name)
    if found is None:
        raise RegularsError(
            "customers.missing",
            mark("There is no customer {customer}."),
            hint=mark("Ask by the shop's own id, or by our key: key:123."),
            kind=Kind.MISSING,
            customer=repr(name),
        )
    return found


def _shown(page: Sequence[Customer]) -> list[CustomerOut]:
    run, keys, currency = shop.published(), [each.id for each in page], shop.currency()
    scores, segments = queries.scores(run and run.id, keys), queries.segments(run and run.id, keys)
    return [
        CustomerOut(
            **shown.customer(
                each,
                shown.worth(scores[each.id], run, currency) if run and each.id in scores else None,
                segments[each.id],
            )
        )
        for each in page
    ]
