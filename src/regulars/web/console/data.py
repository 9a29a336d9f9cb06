"""Where the shop's data come from: files that wait, loads with what became of every row, refreshes, and background work."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pyarrow.parquet as pq
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.http.response import HttpResponseBase

from regulars.access import actions as access
from regulars.jobs import actions as jobs
from regulars.jobs import queries
from regulars.kit.errors import RegularsError
from regulars.kit.i18n import mark
from regulars.report.compose.reading import accounted
from regulars.report.page import shown
from regulars.report.speech import Speech
from regulars.runtime import asking, watching
from regulars.store import database
from regulars.store.models import Import, Job, Order
from regulars.web.console import trouble
from regulars.web.console.csv_text import plain
from regulars.web.console.desk import currency
from regulars.web.console.pages import page
from regulars.web.console.visit import visit_of

MOST = 20
SAID = {
    "asked": mark("It is asked for, and begins as soon as the worker has time."),
    "cancelled": mark("It will not be done."),
    "again": mark("It is tried again."),
}
STATES = {
    "waiting": mark("waiting"),
    "running": mark("running"),
    "done": mark("done"),
    "failed": mark("failed"),
    "dead": mark("given up"),
    "cancelled": mark("cancelled"),
    "published": mark("published"),
}
TONES = {
    "done": "good",
    "published": "good",
    "failed": "bad",
    "dead": "bad",
    "running": "busy",
    "waiting": "busy",
}
KINDS = {"refresh": mark("Refresh"), "load": mark("Load"), "segments": mark("Members of segments")}
STEPS = {
    "": mark("beginning"),
    "reading": mark("reading"),
    "loading": mark("loading"),
    "lake": mark("bringing orders together"),
    "value": mark("working out values"),
    "recommendations": mark("fitting recommendations"),
    "publishing": mark("publishing"),
}  # fmt: skip


def show(request: HttpRequest, error: RegularsError | None = None) -> HttpResponse:
    """Show files, loads, refreshes and jobs, newest first."""
    visit = visit_of(request)
    some = queries.jobs(None, None, None, MOST)
    return page(
        request,
        "data.html.j2",
        error=error,
        s=Speech(visit.language, currency() or None),
        said=SAID.get(request.GET.get("done", ""), ""),
        files=asking.waiting_files(settings.REGULARS),
        imports=watching.imports(None, MOST),
        runs=watching.runs(None, MOST),
        jobs=some,
        busy=any(job.state in (Job.WAITING, Job.RUNNING) for job in some),
        orders=Order.objects.exists(),
        rejected=_rejected,
        states=STATES,
        tones=TONES,
        kinds=KINDS,
        steps=STEPS,
    )


def ask(request: HttpRequest) -> HttpResponse:
    """Ask for a refresh or a load, or let a job be cancelled or tried again."""
    visit = visit_of(request)
    who, act = f"user:{visit.me.id}", request.POST.get("act", "")
    try:
        with database.writing():
            if act == "refresh":
                made, fresh = asking.refresh(visit.now)
                if fresh:
                    access.note(who, "refresh.ask", str(made.id), {}, visit.now)
            elif act == "load":
                file = request.POST.get("file", "")[:300]
                made = asking.load(settings.REGULARS, file, visit.now)
                access.note(who, "import.ask", str(made.id), {"file": file}, visit.now)
            elif act in ("cancel", "retry"):
                number = _number(request.POST.get("job", ""))
                (jobs.cancel if act == "cancel" else jobs.retry)(number, visit.now)
                access.note(who, f"job.{act}", str(number), {}, visit.now)
            else:
                return trouble.page(request, 400)
    except RegularsError as error:
        return show(request, error)
    done = {"cancel": "cancelled", "retry": "again"}.get(act, "asked")
    return HttpResponseRedirect(f"/data?done={done}")


def show_import(request: HttpRequest, number: int) -> HttpResponse:
    """Show one load and what became of its rows."""
    found = watching.import_of(number) if number < 1 << 63 else None
    if found is None:
        return trouble.page(request, 404)
    visit = visit_of(request)
    told = accounted(found.account) if found.account.get("reconciliation") else None
    unit = found.account.get("currency") or currency() or None
    # The report's own section, over a page that has nothing else.
    values = shown(SimpleNamespace(shop=SimpleNamespace(currency=unit), intake=told, backtest=None), visit.language, inside=True)  # type: ignore[arg-type]  # fmt: skip
    return page(
        request,
        "data_import.html.j2",
        **values | {"charts": None, "load": found, "states": STATES, "tones": TONES, "rejected": _rejected},
    )


def rejects(request: HttpRequest, number: int) -> HttpResponseBase:
    """Answer with the rejected rows of a load as CSV, with line, column and reason."""
    found = watching.import_of(number) if number < 1 << 63 else None
    file = None if found is None else _file(found)
    if file is None:
        return trouble.page(request, 404)
    visit = visit_of(request)
    access.note(f"user:{visit.me.id}", "import.rejects", str(number), {}, visit.now)
    headers = {"Content-Disposition": f'attachment; filename="rejects-{number}.csv"'}
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


def _file(found: Import) -> Path | None:
    if not found.rejects:
        return None
    file = settings.REGULARS.home / found.rejects
    return file if file.is_file() else None


def _rejected(found: Import) -> int:
    rows: int = (found.account.get("rejected") or {}).get("rows", 0)
    return rows


def _number(told: str) -> int:
    number = int(told) if told.isascii() and told.isdigit() and len(told) < 19 else 0
    if not number:
        raise jobs.missing(number)
    return number
