"""Every sentence a person reads can be translated: message ids are the English sentences, catalogues are gettext.

English needs no catalogue. Other languages are read from ``locale/<language>/LC_MESSAGES/regulars.po`` on first use.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from babel.messages.catalog import Catalog

LANGUAGES = ("en", "pl")
LOCALE_FOLDER = Path(__file__).parent.parent / "locale"


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
        self._catalog = None if language == "en" else _catalog(language)

    def __call__(self, message: str, **values: object) -> str:
        """Translate one sentence and fill its named placeholders."""
        found = self._catalog.get(message) if self._catalog else None
        text = found.string if found and isinstance(found.string, str) and found.string else message
        return text.format(**values) if values else text

    def plural(self, one: str, many: str, number: int, **values: object) -> str:
        """Translate a sentence that counts something; ``{n}`` is the number."""
        found = self._catalog.get((one, many)) or self._catalog.get(one) if self._catalog else None
        if found and self._catalog and isinstance(found.string, tuple) and all(found.string):
            index = int(self._catalog.plural_forms and _plural_index(self._catalog, number))
            text = found.string[index]
        else:
            text = one if number == 1 else many
        return text.format(n=number, **values)


@cache
def translator(language: str = "en") -> Translator:
    """Return the shared translator of a language."""
    return Translator(language)


@cache
def _catalog(language: str) -> Catalog:
    from babel.messages.pofile import read_po

    with (LOCALE_FOLDER / language / "LC_MESSAGES" / "regulars.po").open("rb") as handle:
        return read_po(handle, locale=language)


def _plural_index(catalog: Catalog, number: int) -> int:
    from gettext import c2py

    return int(c2py(catalog.plural_expr)(number))
