"""Work is put into the queue, taken, held, and ended: each in one transaction.

Work is done at least once: who holds it may die after the work and before saying so. So it has to be such that doing it
twice does no more than doing it once.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from enum import Enum
from typing import Any

from django.db.models import Q

from regulars.jobs import rules
from regulars.kit.errors import Kind, RegularsError
from regulars.kit.i18n import mark
from regulars.store import database, leases
from regulars.store.models import Job

LOST = "jobs.lost"
"""The error code of work whose holder went silent."""


class Hold(Enum):
    """Whether work is still whose it was."""

    HELD = "held"
    CANCELLED = "cancelled"
    """It is, and somebody wants it to stop."""
    LOST = "lost"
    """Somebody else has it, or it was ended."""


def enqueue(
    kind: str,
    payload: dict[str, Any],
    now: datetime,
    *,
    unique: str | None = None,
    most_attempts: int = rules.MOST_ATTEMPTS,
) -> tuple[Job, bool]:
    """Put work into the queue; return it, and whether it is new: ``unique`` names work that is there once, whatever became of it."""
    made = {
        "kind": kind,
        "payload": payload,
        "state": Job.WAITING,
        "run_at": now,
        "created_at": now,
        "most_attempts": most_attempts,
    }
    with database.writing():
        if unique is None:
            return Job.objects.create(**made), True
        job, fresh = Job.objects.get_or_create(unique_key=unique, defaults=made)
        return job, fresh


def regularly(kind: str, turn: str, now: datetime) -> None:
    """Put work into the queue that comes round often: once a ``turn``, and only the last that was done is remembered."""
    unique = f"{kind}:{turn}"
    if Job.objects.filter(unique_key=unique).exists():
        return
    with database.writing():
        turns = Job.objects.filter(kind=kind, unique_key__startswith=f"{kind}:")
        turns.filter(state=Job.DONE).delete()
        # One that could not be done until now is done by this one.
        turns.filter(state__in=(Job.WAITING, Job.FAILED)).delete()
        enqueue(kind, {}, now, unique=unique)


def take(owner: str, kinds: Collection[str], now: datetime, lease: timedelta = rules.LEASE) -> Job | None:
    """Take the work that has been due for longest, or whose holder went silent; None where there is none.

    Work that was lost as often as it may be tried is given up here; lost work that somebody wanted to stop is not begun again.
    """
    due = Q(state__in=(Job.WAITING, Job.FAILED), run_at__lte=now)
    lost = Q(state=Job.RUNNING, lease_until__lte=now)
    some = Job.objects.filter(due | lost, kind__in=kinds).order_by("run_at", "id")
    with database.writing():
        while found := leases.locked(some, 1):
            (job,) = found
            if job.state == Job.RUNNING:
                job.error_code = LOST
                if job.cancel_asked_at is not None or job.attempts >= job.most_attempts:
                    _end(job, Job.DEAD if job.cancel_asked_at is None else Job.CANCELLED, now)
                    continue
            job.state, job.owner, job.lease_until = Job.RUNNING, owner, now + lease
            job.attempts, job.started_at, job.ended_at = job.attempts + 1, now, None
            job.progress, job.step = 0.0, ""
            job.save()
            return job
    return None


def renew(
    job: Job, now: datetime, progress: float = 0.0, step: str = "", lease: timedelta = rules.LEASE
) -> Hold:
    """Hold work for longer and say how far it is; return whether it still is whose it was."""
    with database.writing():
        held = _held(job).update(
            lease_until=now + lease, progress=min(max(progress, 0.0), 1.0), step=step[:100]
        )
        if not held:
            return Hold.LOST
        asked = Job.objects.filter(id=job.id, cancel_asked_at__isnull=False).exists()
    return Hold.CANCELLED if asked else Hold.HELD


def finish(job: Job, result: Any, now: datetime) -> bool:
    """Say that work is done; false where it is no longer whose it was."""
    with database.writing():
        return bool(
            _held(job).update(
                state=Job.DONE, result=result, ended_at=now, lease_until=None, owner="", progress=1.0, step="", error_code="",
            )
        )  # fmt: skip


def fail(job: Job, code: str, now: datetime, *, again: bool = True) -> bool:
    """Say that work failed; it is tried ``again`` later unless that was the last attempt. False where it is no longer whose it was."""
    with database.writing():
        found = _held(job).first()
        if found is None:
            return False
        found.error_code = code[:100]
        if again and found.attempts < found.most_attempts and found.cancel_asked_at is None:
            found.state, found.run_at = Job.FAILED, now + rules.wait(found.attempts)
            found.lease_until, found.owner = None, ""
            found.save()
        else:
            _end(found, Job.DEAD if found.cancel_asked_at is None else Job.CANCELLED, now)
    return True


def stopped(job: Job, now: datetime) -> bool:
    """Say that work stopped because somebody wanted it to."""
    with database.writing():
        found = _held(job).first()
        if found is not None:
            _end(found, Job.CANCELLED, now)
    return found is not None


def give_back(job: Job, now: datetime) -> bool:
    """Give work back that was begun, as if it had never been taken: who held it ends."""
    with database.writing():
        found = _held(job).first()
        if found is None:
            return False
        if found.cancel_asked_at is not None:
            _end(found, Job.CANCELLED, now)
            return True
        found.state, found.run_at, found.attempts = Job.WAITING, now, found.attempts - 1
        found.lease_until, found.owner, found.progress, found.step = None, "", 0.0, ""
        found.save()
    return True


def cancel(number: int, now: datetime) -> Job:
    """Let work not be done: at once where it waits; where it runs, its holder stops it soon. Raises where it has ended."""
    with database.writing():
        job = _locked(number)
        if job.state in (Job.DONE, Job.DEAD):
            raise RegularsError(
                "jobs.ended",
                mark("Job {number} has ended: {state}."),
                kind=Kind.CONFLICT,
                number=number,
                state=job.state,
            )
        if job.state == Job.RUNNING and job.cancel_asked_at is None:
            job.cancel_asked_at = now
            job.save(update_fields=["cancel_asked_at"])
        elif job.state in (Job.WAITING, Job.FAILED):
            job.cancel_asked_at = now
            _end(job, Job.CANCELLED, now)
    return job


def retry(number: int, now: datetime) -> Job:
    """Let work that failed, was given up or cancelled be tried at once, as often as if it were new. Raises for any other."""
    with database.writing():
        job = _locked(number)
        if job.state not in (Job.FAILED, Job.DEAD, Job.CANCELLED):
            raise RegularsError(
                "jobs.no_retry",
                mark("Job {number} has not failed: {state}."),
                hint=mark("Only jobs that are failed, dead or cancelled are tried again."),
                kind=Kind.CONFLICT,
                number=number,
                state=job.state,
            )
        job.state, job.run_at, job.attempts = Job.WAITING, now, 0
        job.cancel_asked_at, job.ended_at = None, None
        job.save()
    return job


def forget(now: datetime) -> int:
    """Forget work that ended long ago; return how much."""
    with database.writing():
        return int(Job.objects.filter(ended_at__lt=now - rules.KEPT).delete()[0])


def _held(job: Job) -> Any:
    """The work as long as it is its holder's; locked where it is read."""
    return Job.objects.select_for_update().filter(id=job.id, owner=job.owner, state=Job.RUNNING)


def _locked(number: int) -> Job:
    found = Job.objects.select_for_update().filter(id=number).first()
    if found is None:
        raise missing(number)
    return found


def missing(number: int) -> RegularsError:
    """Return the error for a job that there is not."""
    return RegularsError(
        "jobs.missing",
        mark("There is no job {number}."),
        hint=mark("GET /v1/jobs lists all there are."),
        kind=Kind.MISSING,
        number=str(number)[:20],
    )


def _end(job: Job, state: str, now: datetime) -> None:
    job.state, job.ended_at, job.lease_until, job.owner = state, now, None, ""
    job.save()
