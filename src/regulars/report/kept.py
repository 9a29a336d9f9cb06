"""A page as plain JSON and back, so that a refresh can keep what it found and the console show it in any language.

Every record is written with the name of its class. What a later version adds is left out by an earlier one where the field has a
default; a page that cannot be read any more is None, and the next refresh writes a new one.
"""

from __future__ import annotations

import math
from dataclasses import fields, is_dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from regulars.kit.i18n import Counted, Phrase
from regulars.kit.unknown import Unknown
from regulars.kit.words import Money, Month, Share
from regulars.report import forecasts, groupings, model, recommended, tracking
from regulars.report.model import Page

KIND = "is"
"""Names the class of what is written."""
_ROOMS = (model, forecasts, groupings, recommended, tracking)
CLASSES: dict[str, type[Any]] = {
    each.__name__: each
    for each in (
        *(thing for room in _ROOMS for thing in vars(room).values() if is_dataclass(thing)),
        Counted, Phrase, Unknown, Money, Month, Share,
    )
    if isinstance(each, type)
}  # fmt: skip


def written(page: Page) -> dict[str, Any]:
    """Return a page as JSON-ready data."""
    told: dict[str, Any] = _written(page)
    return told


def read(told: Any) -> Page | None:
    """Return the page that was written; None for nothing, and for what this version cannot read."""
    try:
        found = _read(told)
    except (KeyError, TypeError, ValueError):
        return None
    return found if isinstance(found, Page) else None


def _written(thing: Any) -> Any:
    if is_dataclass(thing) and not isinstance(thing, type):
        name = type(thing).__name__
        if CLASSES.get(name) is not type(thing):
            raise TypeError(f"{name} is no part of a page")
        return {KIND: name} | {
            each.name: _written(getattr(thing, each.name)) for each in fields(thing) if each.init
        }
    if isinstance(thing, tuple | list):
        return [_written(each) for each in thing]
    if isinstance(thing, date):
        return {KIND: "date", "day": thing.isoformat()}
    if isinstance(thing, Decimal):
        return {KIND: "decimal", "text": str(thing)}
    if isinstance(thing, float) and not math.isfinite(thing):
        return {KIND: "float", "text": str(thing)}
    if thing is None or isinstance(thing, str | int | float):
        return thing
    # Numbers of other libraries are numbers all the same.
    if hasattr(thing, "item"):
        return _written(thing.item())
    raise TypeError(f"{type(thing).__name__} cannot be kept")


def _read(told: Any) -> Any:
    if isinstance(told, list):
        return tuple(_read(each) for each in told)
    if not isinstance(told, dict):
        return told
    kind = told[KIND]
    if kind == "date":
        return date.fromisoformat(told["day"])
    if kind == "decimal":
        return Decimal(told["text"])
    if kind == "float":
        return float(told["text"])
    known = CLASSES[kind]
    names = {each.name for each in fields(known) if each.init}
    return known(**{name: _read(value) for name, value in told.items() if name in names})
