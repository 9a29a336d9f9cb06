"""Background work: asked for, followed, stopped and tried again."""

from __future__ import annotations

from typing import Annotated

from django.http import HttpRequest
from ninja import Query, Router

from regulars.jobs import actions, queries
from regulars.runtime import asking
from regulars.web.api import cursors, shown
from regulars.web.api.auth import Scope
from regulars.web.api.once import note, now, write
from regulars.web.api.schemas.common import Cursor, Limit
from regulars.web.api.schemas.jobs import JobOut, Jobs, JobState

router = Router(tags=["Jobs"])
Wanted = Annotated[JobState | None, Query(description="Only jobs in this state.")]
Sort = Annotated[str | None, Query(max_length=40, description="Only jobs of this kind.")]


@router.get("/jobs", response=Jobs, auth=Scope("jobs:read"))
def list_jobs(
    request: HttpRequest,  # noqa: ARG001
    state: Wanted = None,
    kind: Sort = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Jobs:
    """List jobs, newest first."""
    found = queries.jobs(state, kind, cursors.key(cursor) or None, limit + 1)
    page, following = cursors.following(found, limit)
    return Jobs(jobs=[shown.job(each) for each in page], next=following)


@router.get("/jobs/{number}", response=JobOut, auth=Scope("jobs:read"))
def read_job(request: HttpRequest, number: int) -> JobOut:  # noqa: ARG001
    """Return one job: how far it is, or what became of it."""
    found = queries.job(_known(number))
    if found is None:
        raise actions.missing(number)
    return shown.job(found)


@router.post("/jobs/{number}/cancel", response=JobOut, auth=Scope("jobs:write"))
@write
def cancel_job(request: HttpRequest, number: int) -> tuple[int, JobOut]:
    """Let a job not be done: at once where it waits, within seconds where it runs. What it published stays."""
    found = actions.cancel(_known(number), now())
    note(request, "job.cancel", str(number))
    return 200, shown.job(found)


@router.post("/jobs/{number}/retry", response=JobOut, auth=Scope("jobs:write"))
@write
def retry_job(request: HttpRequest, number: int) -> tuple[int, JobOut]:
    """Try a job that failed, was given up or cancelled at once, as often as if it were new."""
    found = actions.retry(_known(number), now())
    note(request, "job.retry", str(number))
    return 200, shown.job(found)


@router.post("/refreshes", response={202: JobOut, 200: JobOut}, auth=Scope("jobs:write"))
@write
def start_refresh(request: HttpRequest) -> tuple[int, JobOut]:
    """Work everything out anew, as a job. One that waits already is not asked for twice; one that runs may have begun too early."""
    made, fresh = asking.refresh(now())
    if not fresh:
        return 200, shown.job(made)
    note(request, "refresh.ask", str(made.id))
    return 202, shown.job(made)


def _known(number: int) -> int:
    """Return a number that a store can hold; raises for any other."""
    if not 0 < number <= cursors.LARGEST:
        raise actions.missing(number)
    return number
