"""Where the shop's data come from: files that wait, loads with what became of every row, refreshes, and background work."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from regulars.access import actions as access
from regulars.jobs import actions as jobs
from regulars.jobs import queries
from regulars.kit.errors import RegularsError, retold
from regulars.kit.i18n import mark
from regulars.report.speech import Speech
from regulars.runtime import asking, watching
from regulars.sources.files.folders import SUFFIXES
from regulars.store import database
from regulars.store.models import Import, Job, Order
from regulars.web.console import trouble, uploading
from regulars.web.console.desk import currency
from regulars.web.console.pages import page
from regulars.web.console.visit import visit_of

MOST = 20
SAID = {
    "asked": mark("It is asked for, and begins as soon as the worker has time."),
    "cancelled": mark("It will not be done."),
    "again": mark("It is tried again."),
    "removed": mark("The file is gone from the inbox. What was loaded from it stays."),
    "uploaded": mark("The files are here, and are loaded one after the other."),
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
        most_mb=settings.REGULARS.upload_mb,
        endings=",".join(sorted(SUFFIXES)),
        imports=watching.imports(None, MOST),
        runs=watching.runs(None, MOST),
        jobs=some,
        busy=any(job.state in (Job.WAITING, Job.RUNNING) for job in some),
        orders=Order.objects.exists(),
        rejected=rejected,
        told=lambda kept: retold(kept, visit.language)[0],
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
            elif act == "remove":
                file = request.POST.get("file", "")[:300]
                asking.remove(settings.REGULARS, file)
                access.note(who, "import.remove", "", {"file": file}, visit.now)
            elif act in ("cancel", "retry"):
                number = _number(request.POST.get("job", ""))
                (jobs.cancel if act == "cancel" else jobs.retry)(number, visit.now)
                access.note(who, f"job.{act}", str(number), {}, visit.now)
            else:
                return trouble.page(request, 400)
    except RegularsError as error:
        return show(request, error)
    if act == "load":
        return HttpResponseRedirect(f"/data/loads/{made.id}")
    done = {"cancel": "cancelled", "retry": "again", "remove": "removed"}.get(act, "asked")
    return HttpResponseRedirect(f"/data?done={done}")


def upload(request: HttpRequest) -> HttpResponse:
    """Keep the files that a form brings in the inbox, and ask for each to be loaded."""
    visit = visit_of(request)
    who = f"user:{visit.me.id}"
    try:
        names = uploading.settled(request)
        with database.writing():
            asked = [asking.load(settings.REGULARS, name, visit.now) for name in names]
            for name, job in zip(names, asked, strict=True):
                access.note(who, "import.upload", str(job.id), {"file": name}, visit.now)
    except RegularsError as error:
        return show(request, error)
    return HttpResponseRedirect(f"/data/loads/{asked[0].id}" if len(asked) == 1 else "/data?done=uploaded")


def rejected(found: Import) -> int:
    """Return how many rows of a load could not be used."""
    rows: int = (found.account.get("rejected") or {}).get("rows", 0)
    return rows


def _number(told: str) -> int:
    number = int(told) if told.isascii() and told.isdigit() and len(told) < 19 else 0
    if not number:
        raise jobs.missing(number)
    return number
