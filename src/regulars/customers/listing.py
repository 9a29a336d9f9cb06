"""Customers as the console lists them: by what they are worth or when they bought, by segment and tier, page after page.

Each sorting has an index that begins with the run, so that a page of a million takes what a page of a hundred takes; where few of a long list
are wanted, :mod:`regulars.customers.stretches` says which parts of it to walk.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from django.db.models import BooleanField, Exists, F, OuterRef, Q
from django.db.models.expressions import RawSQL
from django.db.models.functions import Coalesce

from regulars.customers import stretches
from regulars.customers.stretches import FEW, Mark, Span
from regulars.kit.errors import RegularsError
from regulars.kit.i18n import mark
from regulars.store.models import Customer, Membership, Score

PAGE = 50
LARGEST = (1 << 63) - 1
SEPARATOR = "~"


class Sorting(NamedTuple):
    """One way to sort a list: the column of a score, which end comes first, and its title."""

    column: str
    falling: bool
    title: str
    money: bool = False


SORTINGS = {
    "value": Sorting("clv_minor", True, mark("Highest expected value"), True),
    "net": Sorting("net_minor", True, mark("Highest net so far"), True),
    "orders": Sorting("orders", True, mark("Most orders")),
    "last": Sorting("last_on", True, mark("Latest order")),
    "quiet": Sorting("last_on", False, mark("Longest without an order")),
    "leaving": Sorting("p_alive", False, mark("Least likely to stay")),
}
"""The sortings of those who bought; ``new`` lists everybody, the latest known first."""
NEW = "new"
LATEST = Sorting(stretches.KEY, True, "")
"""How ``new`` sorts those of a tier, who all have a score."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which customers are asked for, and how they are sorted; what is empty does not matter."""

    segment: str = ""
    tier: str = ""
    sort: str = NEW


@dataclass(frozen=True, slots=True)
class Listed:
    """One customer of a list with their score, if they have one."""

    customer: Customer
    score: Score | None
    name: str
    email: str


def page(
    run: int | None, wanted: Wanted, cursor: str, *, size: int | None, limit: int = PAGE
) -> tuple[list[Listed], str]:
    """Return customers and the cursor of the next page, empty after the last; ``size`` is how many the segment has, if known.

    Raises :class:`~regulars.kit.errors.RegularsError` (``customers.cursor``) for a cursor that is none of ours.
    """  # fmt: skip
    if run is None or wanted.sort == NEW:
        return _everybody(run, wanted, cursor, size, limit)
    sorting = SORTINGS[wanted.sort]
    after = _read(cursor, sorting) if cursor else None
    if wanted.segment and _small(size):
        rows = _of_few(run, wanted, sorting, after, limit + 1)
    else:
        rows = _walked(run, wanted, sorting, after, limit + 1)
    following = _cursor(rows[limit - 1], sorting) if len(rows) > limit else ""
    return _named(rows[:limit]), following


def everybody(run: int | None, wanted: Wanted, *, size: int | None, limit: int = 1000) -> Iterator[Listed]:
    """Yield all customers of a list, a page after another: as many fit in memory as a page has."""
    cursor = ""
    while True:
        some, cursor = page(run, wanted, cursor, size=size, limit=limit)
        yield from some
        if not cursor:
            return


def forecast(run: int) -> bool:
    """Tell whether a run forecast its customers: all of them or none."""
    return bool(Score.objects.filter(run=run, clv_minor__isnull=False).exists())


def of(run: int | None, keys: Sequence[int]) -> list[Listed]:
    """Return customers by their keys, in that order; those who were merged into others are left out."""
    scores = {score.customer_id: score for score in Score.objects.filter(run=run or -1, customer__in=keys)}
    people = _people(keys)
    return [_listed(people[key], scores.get(key)) for key in keys if key in people]


def _small(size: int | None) -> bool:
    return size is not None and size <= FEW


def _of_few(
    run: int, wanted: Wanted, sorting: Sorting, after: tuple[Any, int] | None, limit: int
) -> list[Score]:
    """Look members up one by one, and sort them."""
    members = Membership.objects.filter(run=run, segment=wanted.segment)
    some = Score.objects.filter(run=run, customer__in=members.values("customer_id"))
    # What is worked out has no index: so none tempts the database to walk all scores for a few members.
    some = some.alias(by=Coalesce(sorting.column, sorting.column)).filter(by__isnull=False)
    if wanted.tier:
        some = some.alias(in_tier=Coalesce("tier", "tier")).filter(in_tier=wanted.tier)
    if after is not None:
        value, key = after
        beyond = "lt" if sorting.falling else "gt"
        same = Q(by=value, **{f"customer_id__{beyond}": key})
        some = some.filter(Q(**{f"by__{beyond}": value}) | same)
    return list(some.order_by(*_ends(sorting))[:limit])


def _walked(
    run: int, wanted: Wanted, sorting: Sorting, after: tuple[Any, int] | None, limit: int
) -> list[Score]:
    """Walk a list in the order of its index until there are enough, past all stretches in which nobody is wanted."""
    mark = None if after is None else _mark(after)
    parts = _spans(run, wanted, sorting, mark)
    column, falling = sorting.column, sorting.falling
    some = Score.objects.filter(run=run).alias(by=F(column)).filter(by__isnull=False)
    if mark is not None:
        some = some.filter(_beside(column, "<" if falling else ">", mark))
    if wanted.segment:
        mine = {"run": run, "segment": wanted.segment, "customer_id": OuterRef("customer_id")}
        some = some.filter(Exists(Membership.objects.filter(**mine)))
    if wanted.tier:
        # Only the index of tiers by value goes on in this order: by any other, a whole tier would be sorted.
        tier: Any = F("tier") if column == "clv_minor" else Coalesce("tier", "tier")
        some = some.alias(in_tier=tier).filter(in_tier=wanted.tier)
    rows: list[Score] = []
    for part in parts:
        if len(rows) < limit:
            rows += _within(some, column, part).order_by(*_ends(sorting))[: limit - len(rows)]
    return rows


def _spans(run: int, wanted: Wanted, sorting: Sorting, mark: Mark | None) -> list[Span]:
    # Who is in a tier by value is what an index begins with.
    needed = wanted.segment or (wanted.tier and sorting.column != "clv_minor")
    found = None
    if needed:
        told = (run, sorting.column, wanted.segment, wanted.tier)
        found = stretches.spans(*told, falling=sorting.falling, after=mark)
    return [Span()] if found is None else found


def _within(some: Any, column: str, part: Span) -> Any:
    if part.first is not None:
        some = some.filter(_beside(column, ">=", part.first))
    if part.beyond is not None:
        some = some.filter(_beside(column, "<", part.beyond))
    return some


def _beside(column: str, how: str, mark: Mark) -> RawSQL:
    """Compare value and key together, as an index has them: many have the same value."""
    pair = f'("scores"."{column}", "scores"."customer_id") {how} (%s, %s)'
    return RawSQL(pair, mark, output_field=BooleanField())  # noqa: S611 - the column is one of ours


def _ends(sorting: Sorting) -> tuple[str, str]:
    return ("-by", "-customer_id") if sorting.falling else ("by", "customer_id")


def _mark(after: tuple[Any, int]) -> Mark:
    value, key = after
    return (value.isoformat() if isinstance(value, date) else value, key)


def _everybody(
    run: int | None, wanted: Wanted, cursor: str, size: int | None, limit: int
) -> tuple[list[Listed], str]:
    """Everybody by their keys; those who were merged into others are left out of a page when it is made, as most have no such mark."""
    before = _key(cursor) if cursor else None
    if run is not None and wanted.tier and not (wanted.segment and _small(size)):
        after = None if before is None else (before, before)
        keys = [row.customer_id for row in _walked(run, wanted, LATEST, after, limit + 1)]
    else:
        some, name = _keys(run, wanted)
        if before is not None:
            some = some.filter(**{f"{name}__lt": before})
        keys = list(some.order_by(f"-{name}").values_list(name, flat=True)[: limit + 1])
    return of(run, keys[:limit]), str(keys[limit - 1]) if len(keys) > limit else ""


def _keys(run: int | None, wanted: Wanted) -> tuple[Any, str]:
    """Return where to read keys from, and their column: the index of members has them in this order."""
    if not wanted.segment:
        some: Any = Customer.objects
        if wanted.tier:
            some = some.none()  # Without a run there are no tiers.
        return some, "id"
    found = Membership.objects.filter(run=run or -1, segment=wanted.segment)
    if wanted.tier:
        mine = {"run": run or -1, "customer_id": OuterRef("customer_id"), "tier": wanted.tier}
        found = found.filter(Exists(Score.objects.filter(**mine)))
    return found, "customer_id"


def _named(rows: Sequence[Score]) -> list[Listed]:
    people = _people([row.customer_id for row in rows])
    return [_listed(people[row.customer_id], row) for row in rows if row.customer_id in people]


def _people(keys: Collection[int]) -> dict[int, Customer]:
    # Asked for "not merged" SQLite would look through all of those.
    some = Customer.objects.filter(id__in=keys).prefetch_related("identifiers")
    return {each.id: each for each in some if each.merged_into_id is None}


def _listed(customer: Customer, score: Score | None) -> Listed:
    known: dict[str, list[str]] = {}
    for one in customer.identifiers.all():
        known.setdefault(one.kind, []).append(one.value)
    email = min(known.get("email", [""]))
    names = " ".join(part for part in (customer.first_name, customer.last_name) if part)
    return Listed(
        customer, score, names or min(known.get("store_id", [""])) or email or f"key:{customer.id}", email
    )


def _cursor(row: Score, sorting: Sorting) -> str:
    value = getattr(row, sorting.column)
    told = value.isoformat() if isinstance(value, date) else repr(value)
    return f"{told}{SEPARATOR}{row.customer_id}"


def _read(cursor: str, sorting: Sorting) -> tuple[Any, int]:
    told, separator, key = cursor.partition(SEPARATOR)
    try:
        if not separator or not told.isascii():
            raise ValueError
        if sorting.column == "last_on":
            return date.fromisoformat(told), _key(key)
        if sorting.column == "p_alive":
            number = float(told)
            if not 0 <= number <= 1:
                raise ValueError
            return number, _key(key)
        whole = int(told)
        if abs(whole) > LARGEST:
            raise ValueError
        return whole, _key(key)
    except ValueError as error:
        raise _bad() from error


def _key(told: str) -> int:
    if not (told.isascii() and told.isdigit() and len(told) <= 18):
        raise _bad()
    return int(told)


def _bad() -> RegularsError:
    return RegularsError(
        "customers.cursor",
        mark("This place in the list is not known."),
        hint=mark("Begin with the first page."),
    )
