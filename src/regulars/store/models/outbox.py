"""What happened, for whoever listens: written in the transaction in which it happened, so that neither is there without the other."""

from __future__ import annotations

from django.db import models


class Outbox(models.Model):
    """One fact."""

    message_id = models.CharField(max_length=40, unique=True)
    """The same however often it is sent."""
    fact = models.CharField(max_length=60)
    object_id = models.CharField(max_length=260)
    payload = models.JSONField(default=dict)
    """Ids, states and the shop's own totals; never a name or an e-mail."""
    at = models.DateTimeField(db_index=True)
    dispatched_at = models.DateTimeField(null=True)
    """When it was handed to those who listen."""

    class Meta:
        db_table = "outbox"
        indexes = [models.Index(fields=["id"], name="outbox_waiting", condition=models.Q(dispatched_at=None))]
