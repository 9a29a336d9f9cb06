"""Segments that the shop says itself: a name, and the rule by which customers belong to it."""

from __future__ import annotations

from django.db import models


class Segment(models.Model):
    """One segment. Who is in it stands in the memberships of the published run, as for those that ship."""

    name = models.CharField(primary_key=True, max_length=40)
    title = models.CharField(max_length=100)
    rule = models.JSONField()
    """In its canonical form."""
    version = models.IntegerField(default=1)
    """Goes up with each other rule: tells whether members were found by the one that holds now."""
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        db_table = "segments"
