"""Where a list goes on: opaque to whoever reads it, checked when it comes back."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from regulars.kit.errors import RegularsError
from regulars.kit.i18n import mark

LARGEST = (1 << 63) - 1


def text(*parts: int | datetime) -> str:
    """Return the cursor after what has these keys."""
    told = [part.timestamp() if isinstance(part, datetime) else part for part in parts]
    return base64.urlsafe_b64encode(json.dumps(told).encode()).decode().rstrip("=")


def key(cursor: str | None) -> int:
    """Return the key that a cursor stands after; zero without one."""
    return 0 if cursor is None else _whole(_parts(cursor, 1)[0])


def moment(cursor: str | None) -> tuple[datetime, int] | None:
    """Return the moment and key that a cursor stands after."""
    if cursor is None:
        return None
    at, number = _parts(cursor, 2)
    if isinstance(at, bool) or not isinstance(at, int | float) or not -(10**11) < at < 10**11:
        raise _bad()
    try:
        return datetime.fromtimestamp(at, UTC), _whole(number)
    except (ValueError, OverflowError, OSError) as error:
        raise _bad() from error


def following(found: Sequence[Any], limit: int, name: str = "id") -> tuple[Sequence[Any], str | None]:
    """Return what fits on a page of one more than asked for, and the cursor of the next page."""
    page = found[:limit]
    return page, text(getattr(page[-1], name)) if len(found) > limit else None


def _parts(cursor: str, count: int) -> list[Any]:
    try:
        told = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (ValueError, binascii.Error, RecursionError) as error:
        raise _bad() from error
    if not isinstance(told, list) or len(told) != count:
        raise _bad()
    return told


def _whole(told: Any) -> int:
    if isinstance(told, bool) or not isinstance(told, int) or not 0 <= told <= LARGEST:
        raise _bad()
    return told


def _bad() -> RegularsError:
    return RegularsError(
        "api.cursor",
        mark("This cursor leads nowhere."),
        hint=mark("Use next of the page before, or begin without a cursor."),
        location="query.cursor",
    )
