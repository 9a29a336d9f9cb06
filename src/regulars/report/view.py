"""What a template is handed: tables of ready texts, and charts that always carry their table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any


@dataclass(frozen=True, slots=True)
class Column:
    """A table's column; ``help`` is its definition, shown under the table."""

    title: str
    numeric: bool = True
    help: str = ""


@dataclass(frozen=True, slots=True)
class Cell:
    """A ready text, perhaps with a bar under it (0..1), a small note, or a tone (``ours``, ``quiet``, ``bad``).

    ``reach`` draws an interval: its lower end, its middle and its upper end, 0..1 of the column's scale.
    """

    text: str
    bar: float | None = None
    note: str = ""
    tone: str = ""
    reach: tuple[float, float, float] | None = None
    link: str = ""
    """Where more of it is, on a page that has neighbours."""


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of cells under columns; the first cell of a row is its header."""

    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    foot: tuple[Cell, ...] = ()


@dataclass(frozen=True, slots=True)
class Chart:
    """A picture drawn by the front-end from ``spec``, its label for those who cannot see it, and its table."""

    name: str
    label: str
    spec: dict[str, Any]
    table: Table
    height: int = 280


@dataclass(frozen=True, slots=True)
class HeatCell:
    """A cell of a heat map: text, how strong (0..1), whether the period still runs; ``kept`` marks who stayed where they were."""

    text: str
    strength: float
    hatched: bool = False
    note: str = ""
    kept: bool = False


@dataclass(frozen=True, slots=True)
class Heat:
    """A heat map that is a table: ``corner`` heads the rows' names, ``size`` the numbers beside them (none: no numbers).

    ``mean_last`` sets the last row apart.
    """

    caption: str
    corner: str
    size: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, str, tuple[HeatCell | None, ...]], ...] = field(default=())
    mean_last: bool = False


@dataclass(frozen=True, slots=True)
class Said:
    """One thing to know, ready to read: its number, what it says, why it matters, what to do.

    ``section`` is the id of the part of the page it comes from; ``theme`` keeps two findings about the same thing apart.
    """

    name: str
    theme: str
    number: str
    headline: str
    why: str
    action: str
    section: str


def linked(table: Table, addresses: Sequence[str]) -> Table:
    """Let the first cell of each row lead to an address; an empty one leads nowhere."""
    rows = tuple(
        (replace(row[0], link=address), *row[1:]) for row, address in zip(table.rows, addresses, strict=True)
    )
    return replace(table, rows=rows)


def with_open_end(bins: list[tuple[float, float, int]]) -> tuple[list[tuple[float, float, int]], bool]:
    """Draw a last bin that holds all the rest only as wide as its neighbour; tell whether it was one."""
    if len(bins) < 2:
        return bins, False
    (low, high, count), width = bins[-1], bins[-2][1] - bins[-2][0]
    if high - low <= 1.5 * width:
        return bins, False
    return [*bins[:-1], (low, low + width, count)], True


def texts(*values: str) -> tuple[Cell, ...]:
    """Make plain cells."""
    return tuple(Cell(value) for value in values)
