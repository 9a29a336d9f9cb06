"""What the merchant decided, and what the house remembers about itself, by name."""

from __future__ import annotations

from django.db import models


class Setting(models.Model):
    """One value by its name."""

    name = models.CharField(primary_key=True, max_length=60)
    value = models.JSONField()
    updated_at = models.DateTimeField()

    class Meta:
        db_table = "settings"
