"""What was paid to win customers."""

from __future__ import annotations

from django.db import models


class AdvertisingCost(models.Model):
    """What one channel, or one campaign of it, cost on a day. A table by months stands on the first day of each."""

    spent_on = models.DateField()
    channel = models.CharField(max_length=100, blank=True, default="")
    """As orders name it; empty for what was spent on no channel in particular."""
    campaign = models.CharField(max_length=200, blank=True, default="")
    spend_minor = models.BigIntegerField()
    """In the smallest unit of the shop's currency."""
    updated_at = models.DateTimeField()

    class Meta:
        db_table = "advertising_costs"
        constraints = [
            models.UniqueConstraint(fields=["spent_on", "channel", "campaign"], name="advertising_costs_once")
        ]
