"""Customers as the console lists them: by what they are worth or when they bought, by segment and tier, page after page.

Each sorting has an index that begins with the run, so that a page of a million takes what a page of a hundred takes.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from django.db.models import Exists, F, OuterRef, Q
from django.db.models.functions import Coalesce

from regulars.kit.errors import RegularsError
from regulars.kit.i18n import mark
from regulars.store.models import Customer, Membership, Score

PAGE = 50
FEW = 20_000
"""Segments of no more than so many are looked up by their members; in larger ones the sorted list is walked until a page is full."""
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
        return _everybody(run, wanted, cursor, limit)
    sorting = SORTINGS[wanted.sort]
    some = _scored(run, wanted, sorting, size)
    if cursor:
        some = _after(some, sorting, cursor)
    rows = list(some[: limit + 1])
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


def _scored(run: int, wanted: Wanted, sorting: Sorting, size: int | None) -> Any:
    some = Score.objects.filter(run=run)
    by: Any = F(sorting.column)
    tier: Any = F("tier")
    if wanted.segment:
        members = Membership.objects.filter(run=run, segment=wanted.segment)
        if size is not None and size <= FEW:
            some = some.filter(customer__in=members.values("customer_id"))
            # What is worked out has no index: so none tempts the database to walk all scores for a few members.
            by, tier = Coalesce(by, by), Coalesce(tier, tier)
        else:
            some = some.filter(Exists(members.filter(customer_id=OuterRef("customer_id"))))
    if wanted.tier:
        some = some.alias(in_tier=tier).filter(in_tier=wanted.tier)
    ends = ("-by", "-customer_id") if sorting.falling else ("by", "customer_id")
    return some.alias(by=by).filter(by__isnull=False).order_by(*ends)


def _after(some: Any, sorting: Sorting, cursor: str) -> Any:
    value, key = _read(cursor, sorting)
    beyond, up_to = ("lt", "lte") if sorting.falling else ("gt", "gte")
    # The first condition is what an index can begin with, the second leaves out what was seen.
    return some.filter(**{f"by__{up_to}": value}).filter(
        Q(**{f"by__{beyond}": value}) | Q(**{f"customer_id__{beyond}": key})
    )


def _everybody(run: int | None, wanted: Wanted, cursor: str, limit: int) -> tuple[list[Listed], str]:
    """Everybody by their keys; those who were merged into others are left out of a page when it is made, as most have no such mark."""
    some = Customer.objects.order_by("-id")
    mine = {"run": run or -1, "customer": OuterRef("id")}
    if wanted.segment:
        some = some.filter(Exists(Membership.objects.filter(segment=wanted.segment, **mine)))
    if wanted.tier:
        some = some.filter(Exists(Score.objects.filter(tier=wanted.tier, **mine)))
    if cursor:
        some = some.filter(id__lt=_key(cursor))
    keys = list(some.values_list("id", flat=True)[: limit + 1])
    return of(run, keys[:limit]), str(keys[limit - 1]) if len(keys) > limit else ""


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
