"""What is sold."""

from __future__ import annotations

from django.db import models


class Product(models.Model):
    """One thing of the catalogue, or one that only orders tell of."""

    id = models.BigIntegerField(primary_key=True)
    product_id = models.CharField(max_length=200, unique=True)
    """The shop's own id, as it writes it."""
    title = models.CharField(max_length=500, blank=True, default="")
    category = models.CharField(max_length=300, blank=True, default="")
    brand = models.CharField(max_length=200, blank=True, default="")
    price_minor = models.BigIntegerField(null=True)
    cost_minor = models.BigIntegerField(null=True)
    currency = models.CharField(max_length=3, blank=True, default="")
    available = models.BooleanField(default=True)
    url = models.CharField(max_length=1000, blank=True, default="")
    image_url = models.CharField(max_length=1000, blank=True, default="")
    attributes = models.JSONField(default=dict)
    listed = models.BooleanField(default=False)
    """Whether a catalogue names it; one that is only in orders is not."""
    updated_at = models.DateTimeField()

    class Meta:
        db_table = "products"
