"""One base error: a stable code for programs, a kind for doors (exit codes, status codes), a sentence for people."""

from __future__ import annotations

from enum import StrEnum


class Kind(StrEnum):
    """What an error means to whoever asked."""

    INVALID = "invalid"
    MISSING = "missing"
    CONFLICT = "conflict"
    FORBIDDEN = "forbidden"
    UNAVAILABLE = "unavailable"


class RegularsError(Exception):
    """An error that a person can act on.

    ``code`` never changes once released (``source.no_date``); ``message`` says what happened, with which
    values; ``hint`` says what to try next.
    """

    def __init__(self, code: str, message: str, *, hint: str = "", kind: Kind = Kind.INVALID) -> None:
        super().__init__(message)
        self.code, self.message, self.hint, self.kind = code, message, hint, kind

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()
