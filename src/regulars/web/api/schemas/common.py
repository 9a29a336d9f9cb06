"""Texts, amounts, moments and pages as every schema has them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Annotated, Any

from ninja import Query
from pydantic import AfterValidator, ConfigDict, Field

if TYPE_CHECKING:
    # Values come as text and rows, and are checked when they are taken in, not by their types here.
    from ninja import Schema as Base
else:
    # Ninja's own class would look every value up once more, which takes most of the time of a page.
    from pydantic import BaseModel as Base

DOCUMENTED = "2024-05-17T18:05:00+02:00"


class Told(Base):
    """A schema whose fields are described where they stand."""

    model_config = ConfigDict(use_attribute_docstrings=True)


def example(**told: Any) -> ConfigDict:
    """Return a schema's settings: it takes nothing that it does not name, and shows an example."""
    return ConfigDict(extra="forbid", json_schema_extra={"example": told})


def _in_our_times(moment: datetime) -> datetime:
    if not 1970 <= moment.year <= 2200:
        msg = "must lie between 1970 and 2200"
        raise ValueError(msg)
    return moment


def _no_blank(text: str) -> str:
    if text != text.strip() or not text.isprintable():
        msg = "must not begin or end with blanks, nor hold control characters"
        raise ValueError(msg)
    return text


def _mail(text: str) -> str:
    folded = text.strip().lower()
    if "@" not in folded or any(sign.isspace() for sign in folded):
        msg = "must be an e-mail address"
        raise ValueError(msg)
    return folded


Amount = Annotated[str, Field(pattern=r"^[0-9]{1,10}(\.[0-9]{1,3})?$", examples=["19.99"])]
"""Decimal text in the currency's own units."""
Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$", examples=["EUR"])]
Id = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_no_blank)]
Email = Annotated[str, Field(min_length=3, max_length=320), AfterValidator(_mail)]
Moment = Annotated[datetime, AfterValidator(_in_our_times)]
Short = Annotated[str, Field(max_length=100)]
Limit = Annotated[int, Query(ge=1, le=200, description="Most rows of one page.")]
Cursor = Annotated[str | None, Query(max_length=200, description="`next` of the page before.")]


def day(told: date | None) -> str | None:
    """Return a day as text."""
    return None if told is None else told.isoformat()


def instant(told: datetime | None) -> str | None:
    """Return a moment as text in UTC."""
    if told is None:
        return None
    return told.astimezone(UTC).isoformat().replace("+00:00", "Z")


class Page(Told):
    """A part of a list."""

    next: str | None = None
    """The cursor of the page after this; null on the last."""
