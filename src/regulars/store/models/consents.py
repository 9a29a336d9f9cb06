"""What people agreed to and refused, as they said it, each time they said it."""

from __future__ import annotations

from django.db import models

from regulars.store.models.customers import Customer


class Consent(models.Model):
    """One word of one customer about one purpose; the latest holds, the earlier ones are the proof of what held before."""

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="consents")
    purpose = models.CharField(max_length=20)
    granted = models.BooleanField()
    at = models.DateTimeField()
    """When they said so."""
    source = models.CharField(max_length=100, blank=True, default="")
    """Where: a page, a form, a letter."""
    wording = models.CharField(max_length=2000, blank=True, default="")
    """What they were asked, or the version of it."""
    recorded_at = models.DateTimeField()

    class Meta:
        db_table = "consents"
        indexes = [
            models.Index(fields=["customer", "purpose", "at"], name="consents_of_customer"),
            models.Index(fields=["purpose", "granted"], name="consents_by_purpose"),
        ]
