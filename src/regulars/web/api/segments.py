"""Segments of the published run and who is in them, and those that the shop says itself."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja import Router

from regulars.customers import queries
from regulars.kit.errors import RegularsError
from regulars.kit.i18n import translator
from regulars.runtime import asking
from regulars.runtime.previewing import preview
from regulars.runtime.segmenting import FAMILY
from regulars.segments import actions
from regulars.segments import queries as own
from regulars.segments.rules import CATALOGUE, canonical, read, said
from regulars.store.models import Customer, Segment
from regulars.web.api import cursors, shop
from regulars.web.api.auth import Scope
from regulars.web.api.once import note, now, write
from regulars.web.api.schemas.common import Cursor, Limit, day, instant
from regulars.web.api.schemas.customers import Member, Members, SegmentOut, Segments
from regulars.web.api.schemas.segments import (
    CatalogueOut,
    Language,
    Overlap,
    OwnSegment,
    Preview,
    PreviewIn,
    SegmentIn,
    SegmentPut,
)

router = Router(tags=["Segments"])


@router.get("", response=Segments, auth=Scope("segments:read"))
def list_segments(request: HttpRequest) -> Segments:  # noqa: ARG001
    """List every segment with its size and worth."""
    run = shop.published()
    told = [SegmentOut(**_told(row)) for row in _rows(run)]
    return Segments(
        run=run and run.id, as_of=day(run.as_of) if run else None, currency=shop.currency(), segments=told
    )


@router.post("", response={201: OwnSegment}, auth=Scope("segments:write"))
@write
def create_segment(request: HttpRequest, told: SegmentIn) -> tuple[int, OwnSegment]:
    """Make a segment by a rule; its members are found in the background, within a minute where nothing else is being worked on."""
    made = actions.create(told.name, told.title, told.rule, now())
    note(request, "segment.create", made.name)
    asking.segments(now())
    return 201, _own(made)


@router.get("/catalogue", response=CatalogueOut, auth=Scope("segments:read"))
def rule_catalogue(request: HttpRequest, language: Language = "en") -> CatalogueOut:  # noqa: ARG001
    """Return every field, event, operator and segment that a rule may name."""
    found = CATALOGUE.to_json(translator(language))
    found["segments"] += [{"name": each.name, "title": each.title} for each in own.segments()]
    return CatalogueOut(**found)


@router.post(
    "/preview", response=Preview, auth=Scope("segments:read"), openapi_extra={"x-changes-nothing": True}
)
def preview_rule(request: HttpRequest, told: PreviewIn) -> Preview:  # noqa: ARG001
    """Count whom a rule finds now, and show some of them; nothing is kept."""
    found = preview(shop.settings(), told.rule, now(), name=told.name, sample=told.sample)
    people = Customer.objects.prefetch_related("identifiers").in_bulk(found.sample)
    sample = [Member(customer=shop.name_of(people[key]), key=key) for key in found.sample if key in people]
    words = said(found.rule, told.language, titles=_titles())
    return Preview(
        rule=canonical(found.rule),
        said=words,
        members=found.members,
        customers=found.customers,
        sample=sample,
    )


@router.get("/{name}", response=OwnSegment, auth=Scope("segments:read"))
def read_segment(request: HttpRequest, name: str, language: Language = "en") -> OwnSegment:  # noqa: ARG001
    """Return a segment of the shop's own with its rule."""
    found = own.segment(name)
    if found is None:
        raise actions.missing(name)
    return _own(found, language)


@router.put("/{name}", response=OwnSegment, auth=Scope("segments:write"))
@write
def change_segment(request: HttpRequest, name: str, told: SegmentPut) -> tuple[int, OwnSegment]:
    """Say anew what a segment is; until its members are found, in the background, it keeps those that it has."""
    found = actions.change(name, told.title, told.rule, now())
    note(request, "segment.change", found.name)
    asking.segments(now())
    return 200, _own(found)


@router.delete("/{name}", response=OwnSegment, auth=Scope("segments:write"))
@write
def delete_segment(request: HttpRequest, name: str) -> tuple[int, OwnSegment]:
    """Take a segment away with its members; refused while others name it."""
    found = actions.delete(name)
    note(request, "segment.delete", found.name)
    return 200, _own(found)


@router.get("/{name}/overlap/{other}", response=Overlap, auth=Scope("segments:read"))
def segment_overlap(request: HttpRequest, name: str, other: str) -> Overlap:  # noqa: ARG001
    """Count the customers that two segments of the published run have in common."""
    run = shop.published()
    for each in (name, other):
        if run is None or each not in {row["name"] for row in _rows(run)}:
            raise actions.missing(each)
    assert run is not None
    one, second, both = own.overlap(run.id, name, other)
    return Overlap(one=one, other=second, both=both, run=run.id)


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
        raise actions.missing(name)
    found = queries.members(run.id, name, cursors.key(cursor), limit + 1)
    page, following = cursors.following(found, limit, "customer_id")
    told = [Member(customer=shop.name_of(each.customer), key=each.customer_id) for each in page]
    return Members(segment=name, run=run.id, members=told, next=following)


def _rows(run: Any) -> list[dict[str, Any]]:
    """Return what a run says of each segment; not of those that were deleted since."""
    families = run.summary.get("segments", {}).get("families", {}) if run else {}
    kept = {each.name for each in own.segments()} if FAMILY in families else set()
    return [
        row | {"family": name}
        for name, family in families.items()
        for row in family["segments"]
        if name != FAMILY or row["name"] in kept
    ]


def _titles() -> dict[str, str]:
    return {each.name: each.title for each in own.segments()}


def _own(found: Segment, language: str = "en") -> OwnSegment:
    rows = {row["name"]: row for row in _rows(shop.published()) if row["family"] == FAMILY}
    row = rows.get(found.name, {})
    try:
        words = said(read(found.rule), language, titles=_titles())
    except RegularsError:
        words = ""
    return OwnSegment(
        name=found.name,
        title=found.title,
        rule=found.rule,
        said=words,
        version=found.version,
        customers=row.get("customers"),
        current=row.get("version") == found.version,
        created_at=instant(found.created_at) or "",
        updated_at=instant(found.updated_at) or "",
    )


def _told(row: dict[str, Any]) -> dict[str, Any]:
    names = ("name", "family", "title", "definition", "customers", "share", "net", "clv", "unknown")
    return {name: row.get(name) for name in names}
