"""When everybody was offered something: the shop's promotions, past and planned, as days of its calendar."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from regulars.kit.errors import RegularsError
from regulars.kit.i18n import mark
from regulars.numeric.seasonal_time import Effect
from regulars.value.summary import EPOCH

if TYPE_CHECKING:
    from numpy.typing import NDArray

FIRST, LAST = date(1900, 1, 1), date(2149, 12, 31)
"""Days that the clock of a shop knows."""


def read(given: Any) -> tuple[Effect, ...]:
    """Return promotions by name, each with all its days, in the order in which they are first named.

    ``given`` is a table (Arrow, pandas, Polars, or a dict of columns) with ``from``, ``until`` and perhaps ``name``, or rows of
    ``(from, until)`` or ``(from, until, name)``; both days are inclusive. Days are dates, or texts such as 2025-12-31. Promotions
    of one name are occasions of the same one, and those without a name are too; None or no rows are no promotions.
    Raises :class:`RegularsError` for a row that is none.
    """
    days: dict[str, list[NDArray[np.int64]]] = {}
    written: dict[str, str] = {}
    for place, begin, end, name in _rows(given):
        first, last = _day(begin, place, "from"), _day(end, place, "until")
        if last < first:
            raise RegularsError(
                "promotions.reversed",
                mark("Row {place} of the promotions ends ({until}) before it begins ({begin})."),
                hint=mark("Exchange the two days."),
                place=place,
                begin=first,
                until=last,
            )
        span = np.arange((first - EPOCH).days, (last - EPOCH).days + 1, dtype=np.int64)
        days.setdefault(name.casefold(), []).append(span)
        written.setdefault(name.casefold(), name)
    return tuple(Effect(written[key], np.unique(np.concatenate(spans))) for key, spans in days.items())


def _rows(given: Any) -> Iterator[tuple[int, object, object, str]]:
    """Yield where a row stands, its two days and its name without outer space."""
    if given is None:
        return
    is_table = isinstance(given, dict) or hasattr(given, "__arrow_c_stream__")
    records = _records(pa.table(given)) if is_table else _tuples(given)
    for place, begin, end, name in records:
        yield place, begin, end, _name(name)


def _name(cell: object) -> str:
    return "" if cell is None or cell != cell else " ".join(str(cell).split())


def _records(table: pa.Table) -> Iterator[tuple[int, object, object, object]]:
    missing = [name for name in ("from", "until") if name not in table.column_names]
    if missing and table.num_columns:
        raise RegularsError(
            "promotions.columns",
            mark("The table of promotions has no column for {missing}; its columns are: {columns}."),
            hint=mark("It needs the columns from and until, and may have a name."),
            missing=missing[0],
            columns=", ".join(table.column_names),
        )
    for place, row in enumerate(table.to_pylist(), start=1):
        yield row.get("row", place), row["from"], row["until"], row.get("name")


def _tuples(given: Iterable[Any]) -> Iterator[tuple[int, object, object, object]]:
    for place, row in enumerate(given, start=1):
        parts = tuple(row) if isinstance(row, Iterable) and not isinstance(row, str) else (row,)
        if len(parts) not in (2, 3):
            raise RegularsError(
                "promotions.row",
                mark("Row {place} of the promotions is {row}."),
                hint=mark("Give a first day, a last day and perhaps a name."),
                place=place,
                row=repr(row),
            )
        yield place, parts[0], parts[1], parts[2] if len(parts) == 3 else None


def _day(cell: object, place: int, end: str) -> date:
    found = cell.date() if isinstance(cell, datetime) else cell
    if not isinstance(found, date):
        try:
            found = date.fromisoformat(str(cell).strip()[:10])
        except ValueError:
            found = None
    if not isinstance(found, date) or found != found or not FIRST <= found <= LAST:
        raise RegularsError(
            "promotions.date",
            mark("Row {place} of the promotions has {cell} as its day in the column {column}."),
            hint=mark("Write it as 2025-12-31, between the years 1900 and 2149."),
            place=place,
            cell=repr(cell),
            column=end,
        )
    return found
