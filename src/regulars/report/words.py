"""What can be said on the page: sentences with values, numbers that may be unknown, and their units."""

from __future__ import annotations

from typing import Literal, TypeAlias

from regulars.kit.i18n import Phrase
from regulars.kit.unknown import Unknown

Unit: TypeAlias = Literal["money", "count", "share", "days", "number", "ratio", "orders", "years"]
"""How a number is written: ``money`` with the currency, ``share`` as percent, ``ratio`` as 3.4×, ``orders`` with one decimal."""

Better: TypeAlias = Literal["up", "down"] | None
"""Which direction of change is good news; ``None``: neither."""

Number: TypeAlias = float | Unknown

Sentence: TypeAlias = Phrase
"""A message with values; on the page numbers and dates among them are written by locale."""

Words: TypeAlias = str | Sentence
