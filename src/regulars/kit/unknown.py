"""Too little data is a value of its own: an ``Unknown`` with its reason, never a zero and never a NaN."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Unknown:
    """A figure that cannot be told, and why.

    ``code`` is stable (``too_few_customers``); ``reason`` is an English sentence, the message id of its translation
    after its ``{placeholders}`` are filled from ``values``.
    """

    code: str
    reason: str
    values: tuple[tuple[str, object], ...] = ()

    @classmethod
    def because(cls, code: str, reason: str, **values: object) -> Unknown:
        """Build an unknown from a sentence with named placeholders."""
        return cls(code, reason, tuple(sorted(values.items())))

    def __str__(self) -> str:
        return self.reason.format(**dict(self.values))

    def __bool__(self) -> bool:
        """An unknown is falsy, so that ``if figure:`` asks whether there is something to show."""
        return False
