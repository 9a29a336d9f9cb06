"""Which jobs there are."""

from __future__ import annotations

from collections.abc import Mapping

from regulars.store.models import Job


def job(number: int) -> Job | None:
    """Return a job, None where there is none of that number."""
    return Job.objects.filter(id=number).first()


def jobs(state: str | None, kind: str | None, before: int | None, limit: int) -> list[Job]:
    """Return jobs, newest first, from before a number on."""
    some = Job.objects.order_by("-id")
    for name, value in (("state", state), ("kind", kind), ("id__lt", before)):
        some = some if value is None else some.filter(**{name: value})
    return list(some[:limit])


def waiting(kind: str) -> Job | None:
    """Return a job of a kind that nobody has begun, None where there is none."""
    return Job.objects.filter(kind=kind, state=Job.WAITING).order_by("id").first()


def counts() -> Mapping[str, int]:
    """Return how many jobs are in each state."""
    from django.db.models import Count

    found = dict(Job.objects.values_list("state").annotate(Count("id")))
    return {state: found.get(state, 0) for state in Job.STATES}
