"""Refreshes: when everything was worked out anew, how far that came, and what was published."""

from __future__ import annotations

from django.db import models


class Run(models.Model):
    """One refresh. The published one is the last that was finished."""

    RUNNING, PUBLISHED, FAILED = "running", "published", "failed"

    id = models.IntegerField(primary_key=True)
    state = models.CharField(max_length=10)
    step = models.CharField(max_length=60, blank=True, default="")
    as_of = models.DateField(null=True)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    error = models.JSONField(null=True)
    summary = models.JSONField(default=dict)
    page = models.JSONField(null=True)
    """What the console shows of the shop, as ``report.kept`` writes it; none before there was a console."""
    sizes = models.JSONField(default=dict)
    """Title and ``customers`` of each segment by family and name; no number where nobody can tell."""

    class Meta:
        db_table = "runs"
