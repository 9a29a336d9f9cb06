"""The store as the one Django app of the house."""

from __future__ import annotations

from django.apps import AppConfig


class StoreConfig(AppConfig):
    """Every record of the house, under the label ``store``."""

    name = "regulars.store"
    label = "store"
    verbose_name = "Regulars"
    default_auto_field = "django.db.models.BigAutoField"
