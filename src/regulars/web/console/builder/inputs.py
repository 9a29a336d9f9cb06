"""What people type and what rules hold: numbers as a language writes them, shares in percent, lists one a line; exact both ways."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

from regulars.segments.rules.fields import REAL, WHOLE, Field
from regulars.segments.rules.operators import BOOLEAN, MONEY, NUMBER
from regulars.segments.rules.writing import written

SHARE = "share"
LONGEST = 40
_PLAIN = re.compile(r"[+-]?[0-9]+(\.[0-9]*)?", re.ASCII)
_THOUSANDS = {
    "en": re.compile(r"[+-]?[0-9]{1,3}(,[0-9]{3})+(\.[0-9]*)?", re.ASCII),
    "pl": re.compile(r"[+-]?[0-9]{1,3}(\.[0-9]{3})+,[0-9]*", re.ASCII),
}
_BLANKS = str.maketrans("", "", " \u00a0\u202f")


def number(text: str, language: str) -> Decimal | None:
    """Read a number with the signs of a language, a comma before its decimals too; None for what is none."""
    told = text.translate(_BLANKS)
    if len(told) > LONGEST:
        return None
    if _THOUSANDS[language].fullmatch(told):
        told = told.replace("." if language == "pl" else ",", "")
    told = told.replace(",", ".")
    return Decimal(told) if _PLAIN.fullmatch(told) else None


def typed(value: Any, of: Field, language: str) -> str:
    """Return a value of a rule as a person would type it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if of.kind not in (NUMBER, MONEY) or value == "":
        return str(value)
    told = Decimal(repr(value) if isinstance(value, float) else str(value))
    told = told.scaleb(2) if of.unit == SHARE else told
    text = written(told)
    return text.replace(".", ",") if language == "pl" else text


def untyped(text: str, of: Field, language: str) -> Any:
    """Return what a rule holds for what was typed; what cannot be read stays as it is, for the rule to be refused with it."""
    if of.kind == BOOLEAN:
        return {"true": True, "false": False}.get(text, text)
    if of.kind not in (NUMBER, MONEY):
        return text
    found = number(text, language)
    if found is None:
        return text
    if of.kind == NUMBER and of.form == WHOLE:
        return whole(text, language)
    found = found.scaleb(-2) if of.unit == SHARE else found
    return float(found) if of.form == REAL else written(found)


def whole(text: str, language: str) -> Any:
    """Return a whole number, or the text where it is none."""
    found = number(text, language)
    return text if found is None or found != int(found) else int(found)


def lines(text: str) -> list[str]:
    """Return the values of a list, one a line."""
    return [line for line in text.replace("\r", "").split("\n") if line]
