"""What advertising cost, day by day: what a new customer costs is worked out from it at each refresh."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from typing import Annotated

from django.http import HttpRequest
from ninja import Query, Router

from regulars.advertising import actions, queries
from regulars.advertising.rules import Place, Spend
from regulars.kit.errors import RegularsError
from regulars.kit.i18n import mark
from regulars.runtime import spending
from regulars.web.api import cursors, money, shop
from regulars.web.api.auth import Scope
from regulars.web.api.once import note, now, write
from regulars.web.api.schemas.common import Cursor, Limit
from regulars.web.api.schemas.costs import CostOut, Costs, CostsIn, CostsPut

router = Router(tags=["Costs"])
Since = Annotated[date | None, Query(description="The first day that is wanted.")]
Until = Annotated[date | None, Query(description="The last day that is wanted.")]


@router.get("", response=Costs, auth=Scope("costs:read"))
def list_costs(
    request: HttpRequest,  # noqa: ARG001
    since: Since = None,
    until: Until = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Costs:
    """List what is known of costs."""
    currency = shop.currency()
    found = queries.listed(since, until, cursors.key(cursor), limit + 1)
    page, following = cursors.following(found, limit)
    rows = [
        CostOut(
            day=row.spent_on.isoformat(),
            channel=row.channel,
            campaign=row.campaign,
            spend=money.text(row.spend_minor, currency) or "",
        )
        for row in page
    ]
    return Costs(currency=currency, costs=rows, next=following)


@router.put("", response=CostsPut, auth=Scope("costs:write"))
@write
def put_costs(request: HttpRequest, told: CostsIn) -> tuple[int, CostsPut]:
    """Tell costs; they take the place of what was known of their days and channels, all of them or none."""
    currency = spending.shop_currency(shop.settings())
    if told.currency != currency:
        raise RegularsError(
            "costs.currency",
            mark("The costs are in {told}, the shop in {shop}."),
            hint=mark("Tell them in {shop}."),
            told=told.currency,
            shop=currency,
            location="body.currency",
        )
    rows = [
        Spend(
            Place(row.day, row.channel, row.campaign),
            money.minor(row.spend, currency, f"body.costs.{at}.spend"),
        )
        for at, row in enumerate(told.costs)
    ]
    arrived = actions.arrive(rows, now())
    note(request, "cost.put", f"{len(rows)} rows", **asdict(arrived))
    return 200, CostsPut(**asdict(arrived))
