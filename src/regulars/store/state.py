"""What the house remembers about itself, by name."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from regulars.store.models import Setting


def recall(name: str, default: Any) -> Any:
    """Return what was remembered under a name, or the default."""
    found = Setting.objects.filter(name=name).first()
    return default if found is None else found.value


def remember(name: str, value: Any) -> None:
    """Remember something under a name."""
    Setting.objects.update_or_create(name=name, defaults={"value": value, "updated_at": datetime.now(UTC)})
