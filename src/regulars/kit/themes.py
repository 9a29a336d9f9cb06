"""What trees go by, told in a few themes instead of many columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Theme:
    """A theme, as a sentence to translate, and its share of what is gone by, 0 to 1."""

    title: str
    share: float


def by_theme(importance: Mapping[str, float], columns: Mapping[str, Sequence[str]]) -> tuple[Theme, ...]:
    """Sum the importance of columns by theme, the most important first; themes of no importance are left out."""
    found = (
        Theme(title, sum(importance.get(name, 0.0) for name in names)) for title, names in columns.items()
    )
    return tuple(sorted((each for each in found if each.share > 0), key=lambda each: -each.share))
