"""Files and databases that were loaded: how far each came, and what became of its rows."""

from __future__ import annotations

from django.db import models


class Import(models.Model):
    """One load of one origin. What was committed stays when a load is cut off; loading again goes on from there."""

    RUNNING, DONE, FAILED = "running", "done", "failed"

    origin = models.CharField(max_length=500)
    """What was loaded, without passwords."""
    state = models.CharField(max_length=10)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    orders = models.IntegerField(default=0)
    """Orders in the source; ``committed`` of them are through."""
    committed = models.IntegerField(default=0)
    added = models.IntegerField(default=0)
    changed = models.IntegerField(default=0)
    unchanged = models.IntegerField(default=0)
    account = models.JSONField(default=dict)
    """What was read, accepted, repaired and rejected, rule by rule."""
    rejects = models.CharField(max_length=200, blank=True, default="")
    """The file of rejected rows, inside the home folder."""
    error = models.JSONField(null=True)

    class Meta:
        db_table = "imports"
