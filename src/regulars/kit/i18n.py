"""Every sentence a person reads can be translated: message ids are the English sentences, catalogues are gettext.

English needs no catalogue. Other languages are read from ``locale/<language>/LC_MESSAGES/regulars.po`` on first use.
"""

from __future__ import annotations

import string
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache, reduce
from pathlib import Path
from typing import Any

from regulars.kit.catalogue import Catalogue, read_catalogue

LANGUAGES = ("en", "pl")
LOCALE_FOLDER = Path(__file__).parent.parent / "locale"
_NUMBERS = {"pl": str.maketrans({",": "\u00a0", ".": ","})}
"""How the signs in an English number are written in other languages."""
_spoken: ContextVar[str] = ContextVar("spoken", default="en")


def mark(message: str) -> str:
    """Mark a sentence for translation where it is written; it is translated where it is shown."""
    return message


class Translator:
    """Sentences in one language, with plurals."""

    def __init__(self, language: str = "en") -> None:
        if language not in LANGUAGES:
            msg = f"No translation into {language!r}; there are: {', '.join(LANGUAGES)}."
            raise ValueError(msg)
        self.language = language
        self._catalogue = None if language == "en" else _catalogue(language)

    def __call__(self, message: str, **values: object) -> str:
        """Translate one sentence and fill its named placeholders."""
        text = self._catalogue.sentences.get(message, message) if self._catalogue else message
        return text.format(**values) if values else text

    def plural(self, one: str, many: str, number: int, **values: object) -> str:
        """Translate a sentence that counts something; ``{n}`` is the number."""
        forms = self._catalogue.counted.get(one) if self._catalogue else None
        if forms and self._catalogue:
            text = forms[self._catalogue.form(number)]
        else:
            text = one if number == 1 else many
        return text.format(n=number, **values)


@cache
def translator(language: str = "en") -> Translator:
    """Return the shared translator of a language."""
    return Translator(language)


@cache
def _catalogue(language: str) -> Catalogue:
    return read_catalogue(LOCALE_FOLDER / language / "LC_MESSAGES" / "regulars.po")


# The language of whoever runs the program, for what is said outside of tables and reports.


def spoken() -> str:
    """Return the language in which the program speaks to the person who runs it; English unless told otherwise."""
    return _spoken.get()


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """Let the program speak a language while the block runs."""
    before = _spoken.set(language)
    try:
        yield
    finally:
        _spoken.reset(before)


# Sentences with values, translated long after they were put together.


@dataclass(frozen=True, slots=True)
class Phrase:
    """A sentence, or a part of one, to be translated where it is shown: a marked message with its values."""

    message: str
    values: tuple[tuple[str, object], ...] = ()

    @classmethod
    def of(cls, message: str, **values: object) -> Phrase:
        """Build a phrase from a marked message with named placeholders."""
        return cls(message, tuple(sorted(values.items())))

    def __str__(self) -> str:
        return fill(self.message, dict(self.values))


@dataclass(frozen=True, slots=True)
class Counted:
    """A part of a sentence that counts something: each language has its own form of it for each ``number``."""

    one: str
    many: str
    number: int

    def __str__(self) -> str:
        return translator().plural(self.one, self.many, self.number)


def plural(one: str, many: str, number: int) -> Counted:
    """Mark words that count something for translation where they are written; ``{n}`` is the number."""
    return Counted(one, many, number)


def joined(words: Sequence[object], message: str) -> object:
    """Return words joined two by two by a marked message such as ``{one} and {other}``."""
    return reduce(lambda one, other: Phrase.of(message, one=one, other=other), words)


def fill(message: str, values: Mapping[str, object], language: str = "en") -> str:
    """Translate a message and fill its placeholders; phrases, numbers and tuples of them speak the same language.

    Only the message is a template: braces in the values stay as they are. A message without values is no template.
    """
    text = translator(language)(message)
    return _Filler(language).vformat(text, (), values) if values else text


class _Filler(string.Formatter):
    def __init__(self, language: str) -> None:
        self.language = language

    def get_value(self, key: int | str, args: Any, kwargs: Any) -> Any:  # noqa: ARG002
        # A sentence with a hole still says more than a second error about the first.
        return kwargs.get(key, f"{{{key}}}")

    def format_field(self, value: Any, format_spec: str) -> str:
        if isinstance(value, Phrase):
            value = fill(value.message, dict(value.values), self.language)
        elif isinstance(value, Counted):
            value = translator(self.language).plural(value.one, value.many, value.number)
        elif isinstance(value, tuple):
            value = ", ".join(self.format_field(part, "") for part in value)
        try:
            text = str(format(value, format_spec))
        except (TypeError, ValueError):
            text = str(value)
        if isinstance(value, int | float) and self.language in _NUMBERS:
            return text.translate(_NUMBERS[self.language])
        return text
