"""Customers: found, filtered, sorted, saved as lists, and taken along as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.http.response import HttpResponseBase

from regulars.access import actions as access
from regulars.customers import listing, searching, views
from regulars.customers.listing import NEW, SORTINGS, Listed, Wanted
from regulars.kit.errors import Kind, RegularsError
from regulars.kit.i18n import mark
from regulars.report.speech import Speech
from regulars.runtime.publication import published
from regulars.runtime.segmenting import FAMILY
from regulars.store.models import Run
from regulars.web.console import money, trouble
from regulars.web.console.csv_text import plain
from regulars.web.console.desk import currency, own_titles, titles
from regulars.web.console.overview import WORTH_A_LETTER
from regulars.web.console.pages import page
from regulars.web.console.visit import Visit, visit_of

NEWEST = mark("Newest customer")
COLUMNS = (
    "id",
    "name",
    "email",
    "country",
    "orders",
    "first_on",
    "last_on",
    "tier",
    "lifecycle",
    "rfm_group",
)
AMOUNTS = ("net", "clv", "clv_low", "clv_high")


@dataclass(frozen=True)
class Asked:
    """A list as its address says it.

    ``lost`` says that it asks for a segment or tier that there is not: everybody in its place would be written to by mistake.
    """

    wanted: Wanted
    cursor: str = ""
    lost: bool = False

    def address(self, path: str = "/customers", **more: str) -> str:
        """Return the address of this list with something else in it."""
        told = {"segment": self.wanted.segment, "tier": self.wanted.tier, "sort": self.wanted.sort} | more
        kept = urlencode({name: value for name, value in told.items() if value})
        return f"{path}?{kept}" if kept else path

    @property
    def kept(self) -> dict[str, str]:
        """Return what a saved list remembers."""
        return {"segment": self.wanted.segment, "tier": self.wanted.tier, "sort": self.wanted.sort}


def asked(visit: Visit, told: Mapping[str, str], run: Run | None) -> Asked:
    """Read a list's address: segments and tiers that there are, and a sorting that is for this role."""
    known_sorts = sorts(visit, run)
    sort = told.get("sort", "")
    sort = sort if sort in known_sorts else next(iter(known_sorts))
    segment, tier = told.get("segment", ""), told.get("tier", "")
    known = run.sizes if run else {}
    # The shop's own are looked for only where one of them is asked for.
    named = segment in known.get("behaviour", {}) or (segment and segment in own_titles(run))
    lost = bool((segment and not named) or (tier and tier not in known.get("tier", {})))
    wanted = Wanted(sort=sort) if lost else Wanted(segment, tier, sort)
    return Asked(wanted, told.get("after", "")[:100], lost)


def _lost() -> RegularsError:
    return RegularsError(
        "customers.list_lost",
        mark(
            "This list asks for a segment or tier that there is not, not any more, or not before the next refresh."
        ),
        hint=mark("Choose another one, or show everybody."),
        kind=Kind.MISSING,
    )


def sorts(visit: Visit, run: Run | None) -> dict[str, str]:
    """Return how a list can be sorted, by name with their titles, the usual one first."""
    found = {} if run is None else {name: sorting.title for name, sorting in SORTINGS.items()}
    if not visit.may("figures.read"):
        found = {name: title for name, title in found.items() if not SORTINGS[name].money}
        found = {name: found[name] for name in ("last", "orders", "quiet", "leaving") if name in found}
    if run is not None and not listing.forecast(run.id):
        found = {name: title for name, title in found.items() if name not in ("value", "leaving")}
    return found | {NEW: NEWEST}


def show(request: HttpRequest, error: RegularsError | None = None) -> HttpResponse:
    """Show a list, or what a search finds; what is found by its very name is opened at once."""
    visit, run = visit_of(request), published()
    query = request.GET.get("q", "").strip()[: searching.LONGEST]
    if query and error is None:
        key = searching.exactly(query)
        if key is not None:
            return HttpResponseRedirect(f"/customers/{key}")
    here = asked(visit, request.GET, run)
    if here.lost and not query:
        error = error or _lost()
    try:
        found, following = ([], "") if here.lost and not query else _found(run, here, query)
    except RegularsError as wrong:
        error, here = wrong, Asked(here.wanted)
        found, following = _found(run, here, "")
    return page(
        request,
        "customers.html.j2",
        error=error,
        **_words(visit, run),
        rows=found,
        query=query,
        here_list=here,
        sorts=sorts(visit, run),
        following=following,
        saved=views.of_user(visit.me),
        many=None if here.lost else _many(run, here, query),
        slipping=_slipping(run),
        may_export=visit.may("customers.export") and not query,
        money_shown=visit.may("figures.read"),
        run=run,
    )


def save(request: HttpRequest) -> HttpResponse:
    """Keep a list under a name, or take one away."""
    visit, run = visit_of(request), published()
    gone = request.POST.get("forget", "")
    if gone:
        if not (gone.isascii() and gone.isdigit() and len(gone) < 19):
            return trouble.page(request, 400)
        views.forget(visit.me, int(gone))
        return HttpResponseRedirect("/customers")
    here = asked(visit, request.POST, run)
    if here.lost:
        return show(request, _lost())
    try:
        views.save(visit.me, request.POST.get("name", "")[:200], here.kept, visit.now)
    except RegularsError as error:
        return show(request, error)
    return HttpResponseRedirect(here.address())


def export(request: HttpRequest) -> HttpResponseBase:
    """Answer with a whole list as CSV, a part after another; who took it along is written down."""
    visit, run = visit_of(request), published()
    here = asked(visit, request.GET, run)
    if here.lost:
        return show(request)
    access.note(f"user:{visit.me.id}", "customers.export", "customers", here.kept, visit.now)
    unit, with_money = currency(), visit.may("figures.read")
    name = "-".join(part for part in ("customers", here.wanted.segment, here.wanted.tier) if part)
    headers = {"Content-Disposition": f'attachment; filename="{name}.csv"'}
    return StreamingHttpResponse(
        _lines(run, here.wanted, unit, with_money), content_type="text/csv; charset=utf-8", headers=headers
    )


def _found(run: Run | None, here: Asked, query: str) -> tuple[list[Listed], str]:
    if query:
        return listing.of(run and run.id, searching.found(query)), ""
    return listing.page(run and run.id, here.wanted, here.cursor, size=_size(run, here.wanted))


def _size(run: Run | None, wanted: Wanted) -> int | None:
    known = run.sizes if run else {}
    shipped, own = known.get("behaviour", {}), known.get(FAMILY, {})
    found = shipped.get(wanted.segment) or own.get(wanted.segment) or {}
    size: int | None = found.get("customers")
    return size


def _slipping(run: Run | None) -> str:
    """The first of the segments that wait for a letter and has anybody in it."""
    known = (run.sizes if run else {}).get("behaviour", {})
    return next((name for name in WORTH_A_LETTER if known.get(name, {}).get("customers")), "")


def _many(run: Run | None, here: Asked, query: str) -> int | None:
    """How many customers a list has, where that is known without counting."""
    wanted = here.wanted
    if run is None or query or (wanted.segment and wanted.tier):
        return None
    if wanted.segment:
        return _size(run, wanted)
    tiers = run.sizes.get("tier", {})
    if wanted.tier:
        size: int | None = tiers[wanted.tier].get("customers")
        return size
    return None if wanted.sort == NEW else sum(each.get("customers") or 0 for each in tiers.values()) or None


def _words(visit: Visit, run: Run | None) -> dict[str, Any]:
    unit = currency()
    speech = Speech(visit.language, unit or None)
    return {
        "s": speech,
        "titles": titles(run, visit.t),
        "amount": lambda minor, cents=None: money.told(minor, speech, cents=cents),
    }


def _lines(run: Run | None, wanted: Wanted, unit: str, with_money: bool) -> Iterator[bytes]:
    out = io.StringIO()
    write = csv.writer(out).writerow
    amounts = AMOUNTS if with_money else ()
    # Spreadsheets know by the mark at the beginning that it is UTF-8.
    out.write("\ufeff")
    write([*COLUMNS, *amounts, "p_alive"])
    for row in listing.everybody(run and run.id, wanted, size=_size(run, wanted)):
        write(_cells(row, unit, amounts))
        if out.tell() > 1 << 16:
            yield out.getvalue().encode()
            out.seek(0)
            out.truncate()
    yield out.getvalue().encode()


def _cells(row: Listed, unit: str, amounts: tuple[str, ...]) -> list[Any]:
    person, score = row.customer, row.score
    names = " ".join(part for part in (person.first_name, person.last_name) if part)
    ids = sorted(one.value for one in person.identifiers.all() if one.kind == "store_id")
    told: list[Any] = [
        plain(ids[0] if ids else f"key:{person.id}"),
        plain(names),
        plain(row.email),
        plain(person.country),
    ]
    if score is None:
        return told
    told += [score.orders, score.first_on.isoformat(), score.last_on.isoformat()]
    told += [plain(each) for each in (score.tier, score.lifecycle, score.rfm_group)]
    told += [money.major(getattr(score, f"{name}_minor"), unit) for name in amounts]
    return [*told, None if score.p_alive is None else round(score.p_alive, 4)]
