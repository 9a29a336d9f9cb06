"""Work that is done in the background: who does it until when, how far it is, and what became of it."""

from __future__ import annotations

from django.db import models


class Job(models.Model):
    """One piece of work. Whoever takes it holds it by a lease; a lease that ran out lets somebody else take it."""

    WAITING, RUNNING, DONE, FAILED, DEAD, CANCELLED = (
        "waiting", "running", "done", "failed", "dead", "cancelled",
    )  # fmt: skip
    STATES = (WAITING, RUNNING, DONE, FAILED, DEAD, CANCELLED)

    kind = models.CharField(max_length=40)
    payload = models.JSONField(default=dict)
    """What the work needs to know: ids, never a person's data."""
    state = models.CharField(max_length=10)
    """``failed`` is tried again at ``run_at``, ``dead`` is not."""
    run_at = models.DateTimeField()
    lease_until = models.DateTimeField(null=True)
    owner = models.CharField(max_length=100, blank=True, default="")
    """Who holds it: of two who think they do, the other one."""
    attempts = models.IntegerField(default=0)
    most_attempts = models.IntegerField()
    error_code = models.CharField(max_length=100, blank=True, default="")
    """Of the last attempt that failed."""
    progress = models.FloatField(default=0.0)
    """From 0 to 1."""
    step = models.CharField(max_length=100, blank=True, default="")
    result = models.JSONField(null=True)
    unique_key = models.CharField(max_length=200, null=True, unique=True)
    """No second job has it, also when this one has ended."""
    cancel_asked_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    """Of the last attempt."""
    ended_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "jobs"
        indexes = [models.Index(fields=["state", "run_at"], name="jobs_due")]
