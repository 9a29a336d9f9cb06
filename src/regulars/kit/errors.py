"""One base error: a stable code for programs, a kind for doors (exit codes, status codes), a sentence for people."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from enum import StrEnum
from functools import partial
from numbers import Integral
from typing import Any

from regulars.kit.i18n import LANGUAGES, Phrase, fill

_PLAIN = str | int | float | Decimal | date | Phrase | tuple


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
    values; ``hint`` says what to try next. Both are given as marked English sentences with named ``{placeholders}``
    for ``values``; as attributes they are filled, and :meth:`said` fills them in another language.
    """

    def __init__(
        self, code: str, message: str, /, *, hint: str = "", kind: Kind = Kind.INVALID, **values: object
    ) -> None:
        self.code, self.kind = code, kind
        self.template, self.hint_template = message, hint
        # Paths, exceptions and the like are kept as text, so that an error can be copied between processes.
        self.values = {
            name: value
            if isinstance(value, _PLAIN)
            else int(value)
            if isinstance(value, Integral)
            else str(value)
            for name, value in values.items()
        }
        self.message, self.hint = self.said()
        super().__init__(self.message)

    def said(self, language: str = "en") -> tuple[str, str]:
        """Return message and hint in a language."""
        return fill(self.template, self.values, language), fill(self.hint_template, self.values, language)

    def kept(self) -> dict[str, Any]:
        """Return it as JSON, to be told later to whoever asks then, in their language (:func:`retold`)."""
        others = {language: list(self.said(language)) for language in LANGUAGES if language != "en"}
        return {"code": self.code, "message": self.message, "hint": self.hint, "said": others}

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()

    def __reduce__(self) -> tuple[Any, ...]:
        """Build copies from what the error was made of; an exception's own way knows only one argument."""
        again = partial(type(self), hint=self.hint_template, kind=self.kind, **self.values)
        return again, (self.code, self.template), self.__dict__


def retold(kept: Mapping[str, Any], language: str) -> tuple[str, str]:
    """Return message and hint of an error that was kept; in English where an earlier version kept it."""
    message, hint = kept.get("said", {}).get(language) or (kept.get("message"), kept.get("hint"))
    return message or "", hint or ""
