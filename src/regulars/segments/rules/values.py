"""Values of a rule, each taken as the type that its field has, exactly as it was written."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Collection, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from regulars.kit.i18n import Phrase, mark
from regulars.segments.rules.fields import EXACT, REAL, WHOLE, Field
from regulars.segments.rules.operators import (
    BOOLEAN,
    CHOICE,
    DATE,
    DAYS,
    MANY,
    MONEY,
    NOTHING,
    NUMBER,
    PAIR,
    Operator,
)
from regulars.segments.rules.refusals import refused
from regulars.segments.rules.syntax import Plain, Value

MOST_DAYS, MOST_VALUES, LONGEST = 3650, 500, 200
LARGEST = 10**12
_AMOUNT = re.compile(r"-?[0-9]{1,13}(\.[0-9]{1,4})?", re.ASCII)
_NAME = re.compile(r"[a-z][a-z0-9_-]{0,39}", re.ASCII)
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)


def only(told: Mapping[Any, Any], known: Collection[str], place: str) -> None:
    """Raise where there is a key that nothing is known of."""
    for key in told:
        if key not in known:
            raise refused(
                f"{place}.{key}" if place else str(key),
                told[key],
                Phrase.of(mark("only {names}"), names=", ".join(known)),
            )


def taken(told: Any, field: Field, how: Operator, place: str) -> Value:
    """Return what a field is compared with; raises where the operator takes something else."""
    if how.takes == NOTHING:
        return None
    if how.takes == DAYS:
        return whole(told, place, 1, MOST_DAYS)
    if how.takes == PAIR:
        if not isinstance(told, list) or len(told) != 2:
            raise refused(place, told, Phrase.of(mark("a list of two, the smaller first")))
        first, last = (single(each, field, f"{place}[{number}]") for number, each in enumerate(told))
        if first > last:  # type: ignore[operator]
            raise refused(place, told, Phrase.of(mark("the smaller first")))
        return first, last
    if how.takes == MANY:
        if not isinstance(told, list) or len(told) > MOST_VALUES:
            raise refused(place, told, Phrase.of(mark("a list of at most {most}"), most=MOST_VALUES))
        found = (single(each, field, f"{place}[{number}]") for number, each in enumerate(told))
        # Their order means nothing, so equal rules have it alike.
        return tuple(sorted(set(found)))
    return single(told, field, place)


def single(told: Any, field: Field, place: str) -> Plain:
    """Return one value of a field."""
    if field.kind == BOOLEAN:
        if not isinstance(told, bool):
            raise refused(place, told, Phrase.of(mark("true or false")))
        return told
    if field.kind in (NUMBER, MONEY):
        return _number(told, field, place)
    if field.kind == DATE:
        return day(told, place)
    text = _text(told, place)
    if field.kind == CHOICE and text not in dict(field.choices):
        raise refused(place, told, ", ".join(dict(field.choices)))
    return text


def whole(told: Any, place: str, least: int, most: int) -> int:
    """Return a whole number within bounds."""
    if isinstance(told, bool) or not isinstance(told, int) or not least <= told <= most:
        raise refused(
            place, told, Phrase.of(mark("a whole number from {least} to {most}"), least=least, most=most)
        )
    return told


def day(told: Any, place: str) -> date:
    """Return a day of the calendar."""
    try:
        if not isinstance(told, str) or not _DAY.fullmatch(told):
            raise ValueError
        found = date.fromisoformat(told)
        if not 1900 <= found.year <= 2200:
            raise ValueError
    except ValueError:
        raise refused(place, told, Phrase.of(mark("a day such as 2025-12-31, from 1900 to 2200"))) from None
    return found


def name(told: Any, place: str) -> str:
    """Return what a segment is called."""
    if not isinstance(told, str) or not _NAME.fullmatch(told):
        raise refused(
            place,
            told,
            Phrase.of(mark("a segment's name: a to z, 0 to 9, _ and -, a letter first, at most 40")),
        )
    return told


def _number(told: Any, field: Field, place: str) -> Plain:
    number = not isinstance(told, bool) and isinstance(told, int | float | Decimal)
    if field.form == WHOLE and field.kind == NUMBER:
        if not number or not math.isfinite(told) or told != int(told) or abs(told) > LARGEST:
            raise refused(place, told, Phrase.of(mark("a whole number")))
        return int(told)
    if field.form == REAL:
        if not number or not math.isfinite(told) or abs(told) > LARGEST:
            raise refused(place, told, Phrase.of(mark("a number")))
        # Nothing is less than nothing: minus zero is zero, so that equal rules are written alike.
        return float(told) + 0.0
    assert field.form == EXACT
    text = (
        told if isinstance(told, str) else format(Decimal(str(told)), "f") if number and _short(told) else ""
    )
    text = re.sub(r"\.0+$", "", text) if not isinstance(told, str) else text
    if not _AMOUNT.fullmatch(text) or abs(Decimal(text)) > LARGEST:
        raise refused(
            place,
            told,
            Phrase.of(mark("a number or text such as 19.99, at most four digits after the point")),
        )
    return Decimal(text).quantize(Decimal("0.0001")) + 0


def _short(told: Any) -> bool:
    return math.isfinite(told) and abs(told) <= LARGEST


def _text(told: Any, place: str) -> str:
    if not isinstance(told, str) or not 0 < len(told) <= LONGEST:
        raise refused(place, told, Phrase.of(mark("text of 1 to {longest} characters"), longest=LONGEST))
    if any(unicodedata.category(sign) in ("Cc", "Cs") for sign in told):
        raise refused(place, told, Phrase.of(mark("text without control characters")))
    return told
