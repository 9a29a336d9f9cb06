"""What is known of each customer now: published by a refresh in one switch, read one by one."""

from __future__ import annotations

from django.db import models

from regulars.store.models.customers import Customer


class Score(models.Model):
    """A customer's figures and forecast of one run; only those of the published run are shown."""

    pk = models.CompositePrimaryKey("run", "customer_id")
    run = models.IntegerField()
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="+", db_constraint=False)
    orders = models.IntegerField()
    net_minor = models.BigIntegerField()
    aov_minor = models.BigIntegerField()
    first_on = models.DateField()
    last_on = models.DateField()
    p_alive = models.FloatField(null=True)
    expected_orders = models.FloatField(null=True)
    clv_minor = models.BigIntegerField(null=True)
    clv_low_minor = models.BigIntegerField(null=True)
    clv_high_minor = models.BigIntegerField(null=True)
    clv_lifetime_minor = models.BigIntegerField(null=True)
    next_order_from = models.DateField(null=True)
    next_order_until = models.DateField(null=True)
    tier = models.CharField(max_length=40, blank=True, default="")
    rfm = models.CharField(max_length=6, blank=True, default="")
    """Recency, frequency and monetary scores, such as ``R5F3M4``."""
    rfm_group = models.CharField(max_length=40, blank=True, default="")
    lifecycle = models.CharField(max_length=40, blank=True, default="")
    reason = models.CharField(max_length=400, blank=True, default="")
    """Why so much is expected, in English."""

    class Meta:
        db_table = "scores"
        # The orders in which the console lists customers, and the tiers it asks for.
        indexes = [
            models.Index(fields=["run", "clv_minor", "customer"], name="scores_by_clv"),
            models.Index(fields=["run", "net_minor", "customer"], name="scores_by_net"),
            models.Index(fields=["run", "orders", "customer"], name="scores_by_orders"),
            models.Index(fields=["run", "last_on", "customer"], name="scores_by_last"),
            models.Index(fields=["run", "p_alive", "customer"], name="scores_by_alive"),
            models.Index(fields=["run", "tier", "clv_minor", "customer"], name="scores_by_tier"),
        ]


class Membership(models.Model):
    """A customer in a segment, of one run."""

    pk = models.CompositePrimaryKey("run", "segment", "customer_id")
    run = models.IntegerField()
    segment = models.CharField(max_length=60)
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="+", db_constraint=False)

    class Meta:
        db_table = "memberships"


class Stretches(models.Model):
    """Of a list of a run's customers: where each thousand begins, and how many of a segment or tier stand in each.

    Lists are long: a page of those who stand at its end is found without walking there.
    """

    pk = models.CompositePrimaryKey("run", "sort", "segment", "tier")
    run = models.IntegerField()
    sort = models.CharField(max_length=20)
    """The column of scores that the list is sorted by."""
    segment = models.CharField(max_length=60, blank=True, default="")
    tier = models.CharField(max_length=40, blank=True, default="")
    told = models.JSONField()
    """Without segment and tier: value and customer's key with which each stretch begins; else how many of them are in each."""

    class Meta:
        db_table = "stretches"
