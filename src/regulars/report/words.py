"""What can be said on the page: sentences with values, numbers that may be unknown, and their units."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from regulars.kit.unknown import Unknown

Unit: TypeAlias = Literal["money", "count", "share", "days", "number", "ratio", "orders", "years"]
"""How a number is written: ``money`` with the currency, ``share`` as percent, ``ratio`` as 3.4×, ``orders`` with one decimal."""

Better: TypeAlias = Literal["up", "down"] | None
"""Which direction of change is good news; ``None``: neither."""

Number: TypeAlias = float | Unknown


@dataclass(frozen=True, slots=True)
class Sentence:
    """An English message id with named ``{placeholders}``; numbers and dates among the values are written by locale."""

    message: str
    values: tuple[tuple[str, Any], ...] = ()

    @classmethod
    def of(cls, message: str, **values: Any) -> Sentence:
        """Build a sentence from its message id and the values of its placeholders."""
        return cls(message, tuple(sorted(values.items())))


@dataclass(frozen=True, slots=True)
class Money:
    """An amount inside a sentence, written to the cent with the shop's currency."""

    amount: float


@dataclass(frozen=True, slots=True)
class Month:
    """A month of the year inside a sentence, 1 to 12."""

    number: int


@dataclass(frozen=True, slots=True)
class Share:
    """A share inside a sentence, 0..1, written as percent."""

    part: float


Words: TypeAlias = str | Sentence
