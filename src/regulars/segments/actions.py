"""Segments of the shop's own are made, changed and deleted: one after the other, so that no two of them lead back to each other."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from datetime import datetime
from typing import Any

from regulars.kit.errors import Kind, RegularsError
from regulars.kit.i18n import mark
from regulars.segments import catalogue, queries
from regulars.segments.rules import CATALOGUE, Rule, canonical, check, named, read
from regulars.segments.rules.values import name as checked_name
from regulars.store import database
from regulars.store.models import Membership, Segment

MOST, LONGEST = 200, 100
TAKEN = frozenset(
    [
        each.name
        for some in (catalogue.BEHAVIOUR, catalogue.TIERS, catalogue.RFM, catalogue.LIFECYCLE)
        for each in some
    ]
) | {"catalogue", "preview"}
"""Names of what ships, and of what has an address of its own."""


def create(name: str, title: str, told: Any, now: datetime) -> Segment:
    """Make a segment; it has members when everybody has been held against its rule, by a refresh or between two.

    Raises ``segments.rule`` and ``segments.cycle`` for rules that cannot be, ``segments.taken`` and ``segments.too_many``.
    """
    checked_name(name, "name")
    title, rule = titled(title), read(told)
    with database.writing("segments"):
        if name in TAKEN or Segment.objects.filter(name=name).exists():
            raise RegularsError(
                "segments.taken",
                mark("There is a segment {name} already."),
                hint=mark("Take another name, or change that one."),
                kind=Kind.CONFLICT,
                name=name,
                location="body.name",
            )
        if Segment.objects.count() >= MOST:
            raise RegularsError(
                "segments.too_many",
                mark("There are {most} segments, as many as there may be."),
                hint=mark("Delete one that nobody needs."),
                kind=Kind.CONFLICT,
                most=MOST,
            )
        _checked(name, rule)
        return Segment.objects.create(
            name=name, title=title, rule=canonical(rule), created_at=now, updated_at=now
        )


def change(name: str, title: str, told: Any, now: datetime) -> Segment:
    """Say anew what a segment is; it keeps the members that it has until everybody has been held against its rule."""
    title, rule = titled(title), read(told)
    with database.writing("segments"):
        found = _locked(name)
        _checked(name, rule)
        if found.rule != canonical(rule):
            found.rule, found.version = canonical(rule), found.version + 1
        found.title, found.updated_at = title, now
        found.save()
        return found


def titled(text: str) -> str:
    """Return a title as it is kept; raises ``segments.title`` for none, a long one, and signs that cannot be seen."""
    told = " ".join(unicodedata.normalize("NFC", text).split())
    if not 1 <= len(told) <= LONGEST or not told.isprintable():
        raise RegularsError(
            "segments.title",
            mark("A segment's title has 1 to {longest} visible characters."),
            longest=LONGEST,
            location="body.title",
        )
    return told


def free_name(title: str) -> str:
    """Return a name for a title that no segment has yet; call inside the transaction that makes the segment."""
    stem = slug(title)
    for number in range(1, 2 * MOST + len(TAKEN) + 2):
        end = f"-{number}" if number > 1 else ""
        name = stem[: 40 - len(end)] + end
        if name not in TAKEN and not Segment.objects.filter(name=name).exists():
            return name
    raise AssertionError("more names are taken than there may be segments")


def slug(title: str) -> str:
    """Return a title as a name: a to z, 0 to 9 and -, a letter first."""
    plain = unicodedata.normalize("NFKD", title.lower().replace("ł", "l"))
    told = re.sub(r"[^a-z0-9]+", "-", plain.encode("ascii", "ignore").decode()).strip("-")
    return (told if told[:1].isalpha() else f"segment-{told}".strip("-"))[:40].strip("-")


def needing(name: str) -> list[str]:
    """Return the names of the segments whose rules name one."""
    rules, _ = queries.rules(queries.segments())
    return sorted(other for other, rule in rules.items() if name in named(rule) and other != name)


def delete(name: str) -> Segment:
    """Take a segment away with its members; raises ``segments.needed`` where others name it."""
    with database.writing("segments"):
        found = _locked(name)
        if others := needing(name):
            raise RegularsError(
                "segments.needed",
                mark("Other segments name {name}: {others}."),
                hint=mark("Change or delete them first."),
                kind=Kind.CONFLICT,
                name=name,
                others=", ".join(others),
            )
        Membership.objects.filter(segment=name).delete()
        Segment.objects.filter(name=name).delete()
        return found


def drop_others(run: int, own: Collection[str]) -> None:
    """Take away what a run found for segments that were deleted meanwhile; call where the run is published, under the lock of segments."""
    kept = set(Segment.objects.values_list("name", flat=True))
    for gone in sorted(set(own) - kept):
        Membership.objects.filter(run=run, segment=gone).delete()


def missing(name: str) -> RegularsError:
    """Return the error for a segment that there is not."""
    return RegularsError(
        "segments.missing",
        mark("There is no segment {name}."),
        hint=mark("GET /v1/segments lists all there are."),
        kind=Kind.MISSING,
        name=repr(name),
    )


def _locked(name: str) -> Segment:
    found = Segment.objects.select_for_update().filter(name=name).first()
    if found is None:
        raise missing(name)
    return found


def _checked(name: str, rule: Rule) -> None:
    others, _ = queries.rules(queries.segments())
    check(name, rule, {other: each for other, each in others.items() if other != name}, CATALOGUE.shipped)
