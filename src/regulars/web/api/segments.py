"""Segments of the published run, and who is in them."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja import Router

from regulars.customers import queries
from regulars.kit.errors import Kind, RegularsError
from regulars.kit.i18n import mark
from regulars.web.api import cursors, shop
from regulars.web.api.auth import Scope
from regulars.web.api.schemas.common import Cursor, Limit, day
from regulars.web.api.schemas.customers import Member, Members, SegmentOut, Segments

router = Router(tags=["Segments"])


@router.get("", response=Segments, auth=Scope("segments:read"))
def list_segments(request: HttpRequest) -> Segments:  # noqa: ARG001
    """List every segment with its size and worth."""
    run = shop.published()
    told = [SegmentOut(**_told(row)) for row in _rows(run)]
    return Segments(
        run=run and run.id, as_of=day(run.as_of) if run else None, currency=shop.currency(), segments=told
    )


@router.get("/{name}/members", response=Members, auth=Scope("segments:read"))
def segment_members(
    request: HttpRequest,  # noqa: ARG001
    name: str,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Members:
    """List who is in a segment, in the order of keys."""
    run = shop.published()
    if run is None or name not in {row["name"] for row in _rows(run)}:
        raise RegularsError(
            "segments.missing",
            mark("There is no segment {name}."),
            hint=mark("GET /v1/segments lists all there are."),
            kind=Kind.MISSING,
            name=repr(name),
        )
    found = queries.members(run.id, name, cursors.key(cursor), limit + 1)
    page, following = cursors.following(found, limit, "customer_id")
    told = [Member(customer=shop.name_of(each.customer), key=each.customer_id) for each in page]
    return Members(segment=name, run=run.id, members=told, next=following)


def _rows(run: Any) -> list[dict[str, Any]]:
    families = run.summary.get("segments", {}).get("families", {}) if run else {}
    return [row | {"family": name} for name, family in families.items() for row in family["segments"]]


def _told(row: dict[str, Any]) -> dict[str, Any]:
    names = ("name", "family", "title", "definition", "customers", "share", "net", "clv", "unknown")
    return {name: row.get(name) for name in names}
