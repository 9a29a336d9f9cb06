"""Who wants to be told of facts, and what became of each message to them."""

from __future__ import annotations

from django.db import models

from regulars.store.models.outbox import Outbox


class WebhookEndpoint(models.Model):
    """An address that gets facts."""

    url = models.CharField(max_length=500)
    description = models.CharField(max_length=200, blank=True, default="")
    facts = models.JSONField(default=list)
    """Names of the facts it gets; empty for all."""
    secret = models.TextField()
    """What its messages are signed with, encrypted."""
    previous_secret = models.TextField(blank=True, default="")
    """The secret before, encrypted; it signs too until ``previous_until``."""
    previous_until = models.DateTimeField(null=True)
    paused = models.BooleanField(default=False)
    """Messages wait meanwhile."""
    gone_at = models.DateTimeField(null=True)
    """When it said that it wants no more: it gets none until somebody resumes it."""
    failures = models.IntegerField(default=0)
    """One after another."""
    rest_until = models.DateTimeField(null=True)
    """After failures it is left alone for a while."""
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        db_table = "webhook_endpoints"


class WebhookDelivery(models.Model):
    """One fact to one address, until it has arrived or is given up."""

    WAITING, SENDING, DELIVERED, FAILED, DEAD = "waiting", "sending", "delivered", "failed", "dead"
    STATES = (WAITING, SENDING, DELIVERED, FAILED, DEAD)

    endpoint = models.ForeignKey(WebhookEndpoint, on_delete=models.CASCADE, related_name="deliveries")
    message = models.ForeignKey(Outbox, on_delete=models.CASCADE, related_name="deliveries")
    state = models.CharField(max_length=10)
    """``failed`` is sent again at ``next_at``, ``dead`` is not."""
    attempts = models.IntegerField(default=0)
    next_at = models.DateTimeField()
    lease_until = models.DateTimeField(null=True)
    owner = models.CharField(max_length=100, blank=True, default="")
    response_status = models.IntegerField(null=True)
    error = models.CharField(max_length=40, blank=True, default="")
    """What went wrong the last time, in one word."""
    created_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "webhook_deliveries"
        constraints = [models.UniqueConstraint(fields=["endpoint", "message"], name="deliveries_once")]
        indexes = [models.Index(fields=["endpoint", "state", "next_at"], name="deliveries_due")]
