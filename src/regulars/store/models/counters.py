"""Numbers given out once: keys of customers, products and orders are known before a row is written, on every database alike."""

from __future__ import annotations

from django.db import models


class Counter(models.Model):
    """The last number that was given out under a name."""

    name = models.CharField(primary_key=True, max_length=40)
    last = models.BigIntegerField(default=0)

    class Meta:
        db_table = "counters"
