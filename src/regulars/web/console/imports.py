"""One load: how far it is, what became of every row, and the way to put right what could not be used."""

from __future__ import annotations

import csv
import io
import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pyarrow.parquet as pq
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.http.response import HttpResponseBase

from regulars.access import actions as access
from regulars.jobs import queries
from regulars.kit.errors import RegularsError, retold
from regulars.kit.i18n import mark, translator
from regulars.report.compose.reading import accounted
from regulars.report.page import shown
from regulars.report.speech import Speech
from regulars.runtime import asking, repairing, tasks, watching
from regulars.store import database
from regulars.store.models import Import, Job
from regulars.web.console import quality, trouble, uploading
from regulars.web.console.csv_text import plain
from regulars.web.console.data import STATES, STEPS, TONES, rejected
from regulars.web.console.desk import currency
from regulars.web.console.pages import page
from regulars.web.console.visit import visit_of

MEANT = {
    "ordered_at": mark("When it was ordered"),
    "customer_id": mark("Who bought: a number or an e-mail"),
    "amount": mark("What was paid"),
}
"""What every table of orders must say, by the names that columns are read under."""
TO_DO = {
    "source.no_date": mark("Say below which column it is."),
    "source.no_customer": mark("Say below which column it is."),
    "source.no_amount": mark("Say below which column it is."),
    "source.several_currencies": mark("Export one currency at a time, and upload each file."),
    "load.no_currency": mark("Choose the shop's currency under Settings, then load the file again."),
    "load.currency": mark("Export the orders in the shop's currency, and upload them again."),
}
"""What to try in the console, where an error's own advice speaks of the command."""


def failure(error: Mapping[str, Any] | None, language: str) -> tuple[str, str]:
    """Return what stopped a load, and what to do about it here; nothing where nothing did."""
    if not error:
        return "", ""
    message, hint = retold(error, language)
    here = TO_DO.get(error["code"])
    return message, translator(language)(here) if here else hint


def follow(request: HttpRequest, number: int) -> HttpResponse:
    """Show how far a load is that was asked for; lead on to what became of its rows once it has ended."""
    job = queries.job(number) if number < 1 << 63 else None
    if job is None or job.kind != tasks.LOAD:
        return trouble.page(request, 404)
    ended = _ended(job)
    if ended is not None:
        return HttpResponseRedirect(f"/data/imports/{ended}")
    speech = Speech(visit_of(request).language, currency() or None)
    return page(
        request, "data_load.html.j2", job=job, s=speech, states=STATES, tones=TONES, steps=STEPS,
        over=job.state in (Job.DONE, Job.DEAD, Job.CANCELLED), ahead=_ahead(job),
    )  # fmt: skip


def show(request: HttpRequest, number: int, error: RegularsError | None = None) -> HttpResponse:
    """Show one load, what became of its rows, and how to put them right."""
    found = watching.import_of(number) if number < 1 << 63 else None
    if found is None:
        return trouble.page(request, 404)
    visit = visit_of(request)
    known = bool(found.account.get("reconciliation"))
    told = replace(accounted(found.account), warnings=()) if known else None
    unit = found.account.get("currency") or currency() or None
    rows = repairing.rows_of(settings.REGULARS.home, found)
    # The report's own section, over a page that has nothing else.
    values = shown(SimpleNamespace(shop=SimpleNamespace(currency=unit), intake=told, backtest=None), visit.language, inside=True)  # type: ignore[arg-type]  # fmt: skip
    return page(
        request,
        "data_import.html.j2",
        error=error,
        **values
        | {
            "charts": None,
            "load": found,
            "states": STATES,
            "tones": TONES,
            "rejected": rejected,
            "findings": quality.findings(found.account) if known else [],
            "kept": rows and pq.read_metadata(rows).num_rows,
            "known": found.account.get("source") or {},
            "corrected": found.account.get("corrected", 0),
            "failure": failure(found.error, visit.language),
            "meant": MEANT,
            "columns": (found.error or {}).get("columns", ()),
        },
    )


def again(request: HttpRequest, number: int) -> HttpResponse:
    """Ask for the file of a load to be loaded again, read in another way."""
    found = watching.import_of(number) if number < 1 << 63 else None
    if found is None:
        return trouble.page(request, 404)
    told = request.POST
    first = {"day": True, "month": False}.get(told.get("first", ""))
    more: dict[str, Any] = {} if first is None else {"day_first": first}
    meant = _meant(request, (found.error or {}).get("columns", ()))
    if meant:
        # What was said of other columns before still holds.
        more["mapping"] = (found.account.get("source") or {}).get("mapping", {}) | meant
    return _asked(request, found, {"drop_repeats": "repeats" in told} | more)


def _meant(request: HttpRequest, columns: Sequence[str]) -> dict[str, str]:
    """Return which column was said to be what; only columns that the file has."""
    told = {name: request.POST.get(f"is_{name}", "") for name in MEANT}
    return {name: column for name, column in told.items() if column in columns}


def correct(request: HttpRequest, number: int) -> HttpResponse:
    """Take rejected rows that were corrected, and ask for their file to be loaded with them."""
    found = watching.import_of(number) if number < 1 << 63 else None
    if found is None:
        return trouble.page(request, 404)
    try:
        before = repairing.again(settings.REGULARS.home, found)
        (name,) = uploading.settled(request, lambda told: secrets.token_hex(16) + Path(told).suffix.lower())
    except RegularsError as error:
        return show(request, number, error)
    return _asked(request, found, {"corrected": [*before["corrected"], name]})


def _asked(request: HttpRequest, found: Import, more: dict[str, Any]) -> HttpResponse:
    visit, home = visit_of(request), settings.REGULARS.home
    try:
        told = repairing.again(home, found) | more
        with database.writing():
            job = asking.load(settings.REGULARS, told.pop("file"), visit.now, told)
            access.note(
                f"user:{visit.me.id}", "import.again", str(job.id), {"import": found.pk} | told, visit.now
            )
    except RegularsError as error:
        return show(request, found.pk, error)
    return HttpResponseRedirect(f"/data/loads/{job.id}")


def rejects(request: HttpRequest, number: int) -> HttpResponseBase:
    """Answer with what is wrong as CSV: one line a rejected row, with line, column and reason."""
    found = watching.import_of(number) if number < 1 << 63 else None
    file = settings.REGULARS.home / found.rejects if found is not None and found.rejects else None
    return _downloaded(request, number, file, "rejects")


def rows(request: HttpRequest, number: int) -> HttpResponseBase:
    """Answer with the rejected rows as the file has them, to be corrected and sent back."""
    found = watching.import_of(number) if number < 1 << 63 else None
    file = None if found is None else repairing.rows_of(settings.REGULARS.home, found)
    return _downloaded(request, number, file, "rows")


def _downloaded(request: HttpRequest, number: int, file: Path | None, name: str) -> HttpResponseBase:
    if file is None or not file.is_file():
        return trouble.page(request, 404)
    visit = visit_of(request)
    access.note(f"user:{visit.me.id}", f"import.{name}", str(number), {}, visit.now)
    headers = {"Content-Disposition": f'attachment; filename="{name}-{number}.csv"'}
    return StreamingHttpResponse(_lines(file), content_type="text/csv; charset=utf-8", headers=headers)


def _lines(file: Path) -> Iterator[bytes]:
    out = io.StringIO()
    write = csv.writer(out).writerow
    out.write("\ufeff")
    with pq.ParquetFile(file) as source:
        write(source.schema_arrow.names)
        for batch in source.iter_batches(5000):
            for row in batch.to_pylist():
                write([plain(cell) if isinstance(cell, str) else cell for cell in row.values()])
            yield out.getvalue().encode()
            out.seek(0)
            out.truncate()
    yield out.getvalue().encode()


def _ended(job: Job) -> int | None:
    """Return the load that a job became, once it has ended; None for one that never began to read."""
    if job.state == Job.DONE:
        return int((job.result or {}).get("import") or 0) or None
    if job.state != Job.DEAD or job.started_at is None:
        return None
    failed: Sequence[Import] = Import.objects.filter(
        origin=job.payload["file"], state=Import.FAILED, started_at__gte=job.started_at
    ).order_by("-id")[:1]
    return failed[0].pk if failed else None


def _ahead(job: Job) -> int:
    """Return how many jobs come before one that waits."""
    if job.state != Job.WAITING:
        return 0
    return Job.objects.filter(state__in=(Job.WAITING, Job.RUNNING), id__lt=job.id).count()
