"""Who buys: people with a pseudonymous key, what they are known by, and which devices are theirs."""

from __future__ import annotations

from django.db import models


class Customer(models.Model):
    """A person who bought or signed up. ``id`` is the key that the lake knows; names and addresses stay here."""

    id = models.BigIntegerField(primary_key=True)
    first_name = models.CharField(max_length=200, blank=True, default="")
    last_name = models.CharField(max_length=200, blank=True, default="")
    language = models.CharField(max_length=20, blank=True, default="")
    country = models.CharField(max_length=100, blank=True, default="")
    region = models.CharField(max_length=100, blank=True, default="")
    city = models.CharField(max_length=100, blank=True, default="")
    gender = models.CharField(max_length=20, blank=True, default="")
    birthday = models.DateField(null=True)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    merged_into = models.ForeignKey(
        "self", null=True, on_delete=models.PROTECT, related_name="absorbed", db_index=False
    )
    """Whom this record's orders belong to since it was merged; such a record is shown to nobody."""

    class Meta:
        db_table = "customers"
        # People are looked for by the beginning of either name, and few are merged: with an index of all who are not, lists in the order
        # of keys were sorted out of it anew.
        indexes = [
            models.Index(
                fields=["merged_into"],
                name="customers_absorbed",
                condition=models.Q(merged_into__isnull=False),
            ),
            models.Index(fields=["first_name"], name="customers_by_first", opclasses=["varchar_pattern_ops"]),
            models.Index(fields=["last_name"], name="customers_by_last", opclasses=["varchar_pattern_ops"]),
        ]


class Identifier(models.Model):
    """One thing a customer is known by; nothing is known by two customers."""

    STORE_ID, EMAIL, PHONE = "store_id", "email", "phone"

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="identifiers")
    kind = models.CharField(max_length=20)
    value = models.CharField(max_length=320)
    """The shop's own id as it writes it, an e-mail in lower case, a phone number as E.164."""
    since = models.DateTimeField()

    class Meta:
        db_table = "identifiers"
        constraints = [models.UniqueConstraint(fields=["kind", "value"], name="identifiers_once")]


class Visitor(models.Model):
    """A device, and who was last known to use it. Events keep the visitor they came with."""

    id = models.CharField(primary_key=True, max_length=200)
    customer = models.ForeignKey(Customer, null=True, on_delete=models.SET_NULL, related_name="visitors")
    since = models.DateTimeField()

    class Meta:
        db_table = "visitors"


class Merge(models.Model):
    """A guest who turned out to be a known customer: what was moved, so that it can be moved back."""

    kept = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="merges")
    absorbed = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="+")
    reason = models.CharField(max_length=200)
    moved = models.JSONField(default=dict)
    """Ids of the orders, identifiers and visitors that changed hands."""
    at = models.DateTimeField()
    undone_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "merges"
