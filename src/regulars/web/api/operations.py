"""How the server is: health, metrics, loads and refreshes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from ninja import Router, Status

from regulars.jobs import queries as jobs
from regulars.kit.errors import Kind, RegularsError
from regulars.kit.i18n import mark
from regulars.runtime import asking, watching
from regulars.web.api import cursors, shown
from regulars.web.api.auth import Scope
from regulars.web.api.once import note, now, write
from regulars.web.api.schemas.common import Cursor, Limit, day, instant
from regulars.web.api.schemas.jobs import JobOut, LoadIn
from regulars.web.api.schemas.operations import Health, ImportOut, Imports, ImportWhole, RunOut, Runs
from regulars.web.api.shop import settings
from regulars.webhooks import queries as webhooks

router = Router(tags=["Server"])
_COUNTED = ("orders", "committed", "added", "changed", "unchanged")


@router.get("/health", response={200: Health, 503: Health}, auth=None)
def health(request: HttpRequest) -> Status:  # noqa: ARG001
    """Say whether the server answers; needs no key, and tells nothing of the shop."""
    try:
        state = watching.state()
    except DatabaseError:
        return Status(
            503,
            Health(
                status="down",
                store=False,
                published_run=None,
                published_at=None,
                running=False,
                unprojected=None,
            ),
        )
    return Status(
        200,
        Health(
            status="ok",
            store=True,
            published_run=state.run,
            published_at=instant(state.published_at),
            running=state.running,
            unprojected=state.unprojected,
        ),
    )


@router.get("/metrics", auth=Scope("metrics:read"), openapi_extra={"x-media-type": "text/plain"})
def metrics(request: HttpRequest) -> HttpResponse:  # noqa: ARG001
    """Return counts and ages as Prometheus reads them."""
    state, lines = watching.state(), []
    for name, count in watching.given_out().items():
        lines += _metric(f"{name}s_made_total", "counter", f"How many {name}s were ever made.", count)
    lines += _metric(
        "orders_unprojected", "gauge", "Orders that the lake has not got yet.", state.unprojected
    )
    lines += _metric("refresh_running", "gauge", "Whether a refresh is being worked on.", int(state.running))
    lines += _by_state("jobs", "Jobs by state.", jobs.counts())
    lines += _by_state("webhook_deliveries", "Webhook messages by state.", webhooks.counts())
    ages = {"published": state.published_at, "import": watching.last_import()}
    for name, at in ages.items():
        if at is not None:
            seconds = max((now() - at).total_seconds(), 0)
            lines += _metric(f"{name}_age_seconds", "gauge", f"Age of the last {name}.", round(seconds, 3))
    lines += _by_state("imports", "Loads by state.", watching.import_states())
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain; version=0.0.4; charset=utf-8")


@router.get("/imports", response=Imports, auth=Scope("imports:read"))
def list_imports(request: HttpRequest, limit: Limit = 50, cursor: Cursor = None) -> Imports:  # noqa: ARG001
    """List loads, newest first."""
    found = watching.imports(cursors.key(cursor) or None, limit + 1)
    page, following = cursors.following(found, limit)
    return Imports(imports=[ImportOut(**_import(each)) for each in page], next=following)


@router.post("/imports", response={202: JobOut}, auth=Scope("jobs:write"))
@write
def start_import(request: HttpRequest, told: LoadIn) -> tuple[int, JobOut]:
    """Load a file of the folder `inbox` in the server's home, as a job."""
    made = asking.load(settings(), told.file, now())
    note(request, "import.ask", str(made.id), file=told.file)
    return 202, shown.job(made)


@router.get("/imports/{number}", response=ImportWhole, auth=Scope("imports:read"))
def read_import(request: HttpRequest, number: int) -> ImportWhole:  # noqa: ARG001
    """Return one load, and what became of its rows."""
    found = watching.import_of(number) if 0 < number <= cursors.LARGEST else None
    if found is None:
        raise RegularsError(
            "imports.missing",
            mark("There is no load {number}."),
            hint=mark("GET /v1/imports lists all there are."),
            kind=Kind.MISSING,
            number=str(number)[:20],
        )
    return ImportWhole(**_import(found), account=found.account)


@router.get("/runs", response=Runs, auth=Scope("imports:read"))
def list_runs(request: HttpRequest, limit: Limit = 50, cursor: Cursor = None) -> Runs:  # noqa: ARG001
    """List refreshes, newest first."""
    found = watching.runs(cursors.key(cursor) or None, limit + 1)
    page, following = cursors.following(found, limit)
    told = [
        RunOut(
            run=each.id,
            state=each.state,
            step=each.step,
            as_of=day(each.as_of),
            started_at=instant(each.started_at) or "",
            ended_at=instant(each.ended_at),
            error=each.error,
        )
        for each in page
    ]
    return Runs(runs=told, next=following)


def _import(found: Any) -> dict[str, Any]:
    return {
        "id": found.id,
        "origin": found.origin,
        "state": found.state,
        "started_at": instant(found.started_at),
        "ended_at": instant(found.ended_at),
        **{name: getattr(found, name) for name in _COUNTED},
        "error": found.error,
    }


def _by_state(name: str, about: str, counts: Mapping[str, int]) -> list[str]:
    rows = [f'regulars_{name}{{state="{state}"}} {count}' for state, count in counts.items()]
    return [f"# HELP regulars_{name} {about}", f"# TYPE regulars_{name} gauge", *rows]


def _metric(name: str, kind: str, about: str, value: float) -> list[str]:
    full = f"regulars_{name}"
    return [f"# HELP {full} {about}", f"# TYPE {full} {kind}", f"{full} {value}"]
