"""What people who work with the shop write down: notes about customers, and lists that they come back to."""

from __future__ import annotations

from django.db import models

from regulars.store.models.customers import Customer
from regulars.store.models.users import User


class Note(models.Model):
    """What somebody of the shop wrote down about a customer. It goes with the customer when one is erased."""

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="notes")
    author = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    text = models.CharField(max_length=4000)
    at = models.DateTimeField()

    class Meta:
        db_table = "notes"
        indexes = [models.Index(fields=["customer", "at"], name="notes_of_customer")]


class SavedView(models.Model):
    """A list of customers that somebody asks for again and again, under a name of their own."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="views")
    name = models.CharField(max_length=60)
    asked = models.JSONField(default=dict)
    """What stands in the list's address: filters and order, never a search, which may be somebody's name."""
    created_at = models.DateTimeField()

    class Meta:
        db_table = "saved_views"
        constraints = [models.UniqueConstraint(fields=["user", "name"], name="saved_views_once")]
