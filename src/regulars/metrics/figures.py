"""What a figure is: never a bare number, always with its unit, its definition, its window and the period before."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from regulars.kit.unknown import Unknown

if TYPE_CHECKING:
    import pyarrow as pa

Value = Decimal | float | int | date | Unknown
Window = tuple[date, date]


@dataclass(frozen=True, slots=True)
class Figure:
    """One number of a shop over one window of whole days, both ends included.

    ``title`` and ``definition`` are English message ids; ``values`` fills their placeholders after translation.
    ``unit`` is ``money``, ``share`` (0 to 1), ``count``, ``orders``, ``days``, ``years``, ``ratio`` or ``date``.
    ``previous`` is the same figure in the window of equal length before it; None where that makes no sense.
    """

    name: str
    title: str
    value: Value
    unit: str
    definition: str
    window: Window
    version: int = 1
    previous: Value | None = None
    values: tuple[tuple[str, object], ...] = ()

    @property
    def change(self) -> float | None:
        """Growth since the period before, 0.1 for a tenth more; None where either is unknown or the base is zero."""
        return _growth(self.value, self.previous)

    def to_json(self) -> dict[str, Any]:
        """Return the figure as JSON-ready data; money as a string, so that no cent is lost."""
        said: dict[str, Any] = {
            "name": self.name,
            "title": self.title.format(**dict(self.values)),
            "unit": self.unit,
            "value": plain(self.value),
            "definition": self.definition.format(**dict(self.values)),
            "window": [day.isoformat() for day in self.window],
            "version": self.version,
        }
        if isinstance(self.value, Unknown):
            said["unknown"] = {"code": self.value.code, "reason": str(self.value)}
        if self.previous is not None:
            said["previous"] = plain(self.previous)
        return said


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a :class:`Table`: its name in the rows, its marked English title and its unit.

    ``unit`` is one of the figure's units or ``text``, ``quantity`` (pieces, perhaps fractions), ``month`` (its first
    day), ``weekday`` (1 Monday … 7 Sunday), ``hour`` (0 … 23), ``flag``.
    """

    name: str
    title: str
    unit: str


@dataclass(frozen=True, slots=True)
class Table:
    """A figure per group. ``rows`` has exactly the columns of ``columns``, in that order, or is unknown.

    A null in a row means that this cell cannot be told. ``values`` fills placeholders as in :class:`Figure`.
    """

    name: str
    title: str
    definition: str
    columns: tuple[Column, ...]
    rows: pa.Table | Unknown
    window: Window
    version: int = 1
    values: tuple[tuple[str, object], ...] = ()

    def __bool__(self) -> bool:
        """Tell whether there is anything to show."""
        return not isinstance(self.rows, Unknown) and self.rows.num_rows > 0

    def records(self) -> list[dict[str, Any]]:
        """Return the rows as dictionaries; none if the table is unknown."""
        return [] if isinstance(self.rows, Unknown) else list(self.rows.to_pylist())

    def to_json(self) -> dict[str, Any]:
        """Return the table as JSON-ready data."""
        said: dict[str, Any] = {
            "name": self.name,
            "title": self.title.format(**dict(self.values)),
            "definition": self.definition.format(**dict(self.values)),
            "window": [day.isoformat() for day in self.window],
            "version": self.version,
            "columns": [
                {"name": column.name, "title": column.title, "unit": column.unit} for column in self.columns
            ],
        }
        if isinstance(self.rows, Unknown):
            said["unknown"] = {"code": self.rows.code, "reason": str(self.rows)}
        said["rows"] = [{name: plain(cell) for name, cell in row.items()} for row in self.records()]
        return said


@dataclass(frozen=True, slots=True)
class Figures:
    """Everything that orders (and costs, a margin) can tell about a shop until the end of the day ``as_of``."""

    currency: str | None
    time_zone: str
    delivery_counts: bool
    as_of: date
    margin: float | None
    margin_from: str
    """``given``, ``products`` (from product costs) or ``none`` (money is then net revenue, not profit)."""
    figures: dict[str, Figure] = field(default_factory=dict)
    tables: dict[str, Table] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Figure:
        """Return a figure by name."""
        return self.figures[name]

    def to_json(self) -> dict[str, Any]:
        """Return everything as JSON-ready data."""
        return {
            "currency": self.currency,
            "time_zone": self.time_zone,
            "delivery_counts": self.delivery_counts,
            "as_of": self.as_of.isoformat(),
            "margin": self.margin,
            "margin_from": self.margin_from,
            "figures": {name: figure.to_json() for name, figure in self.figures.items()},
            "tables": {name: table.to_json() for name, table in self.tables.items()},
        }


def plain(value: object) -> Any:
    """Return a value as JSON has it: decimals and dates as strings, unknowns and NaN as null."""
    if value is None or isinstance(value, Unknown) or (isinstance(value, float) and not math.isfinite(value)):
        return None
    if isinstance(value, Decimal):
        return str(
            value.quantize(Decimal("0.01")) if value == value.quantize(Decimal("0.01")) else value.normalize()
        )
    if isinstance(value, datetime | date):
        return value.isoformat()
    return value


def _growth(value: Value, previous: Value | None) -> float | None:
    if not isinstance(value, int | float | Decimal) or not isinstance(previous, int | float | Decimal):
        return None
    return float(value) / float(previous) - 1 if previous else None
