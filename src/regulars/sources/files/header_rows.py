"""Find the header among the first rows of a table, below titles and above data."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

_VALUE = re.compile(
    r"""\s*(?:
        [-+(]?\s*[^\w\s]?\s*\d[\d\s.,'’%)]*(?:\s*[^\W\d]{1,3})?     # numbers and money
      | \d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}(?:[T\s].*)?                 # dates
      | [^@\s]+@[^@\s]+\.[^@\s]+                                    # e-mail addresses
    )\s*""",
    re.VERBOSE,
)


@dataclass(frozen=True)
class Header:
    """Where the header is among the rows looked at, and how many cells a data row has."""

    index: int | None
    """Position of the header row; nothing when the first row is data already."""
    first_data: int
    names: tuple[str, ...]
    width: int
    """The usual number of cells of a data row; may differ from the number of names."""
    share: float
    """Which part of the rows below the header has the usual width (1.0 when there are none)."""
    coverage: float
    """The same of all rows, titles above the header included; what competing ways to split are compared by."""


def find_header(rows: Sequence[Sequence[str | None]]) -> Header | None:
    """Take the first row that is about as wide as the table is; lines of title above it are skipped.

    ``rows`` are the first rows of the table, blank ones as empty sequences. Returns nothing when no row has a cell.
    """
    widths = [len(row) for row in rows if any(row)]
    if not any(_filled(row) for row in rows):
        return None
    width = _usual(widths)
    needed = min(width, max(2, (width + 1) // 2))
    start = next((i for i, row in enumerate(rows) if _filled(row) >= needed), None)
    if start is None:
        return None
    first = rows[start]
    if start == 0 and len(widths) > 1 and _looks_like_data(first):
        return Header(
            None, 0, tuple("" for _ in range(width)), width, _share(widths, width), _share(widths, width)
        )
    below = [len(row) for row in rows[start + 1 :] if any(row)]
    width = _usual(below) if below else len(first)
    names = [(cell or "").strip() for cell in first]
    while len(names) > width and not names[-1]:
        names.pop()
    names += [""] * (width - len(names))
    coverage = (_share(below, width) * len(below) + 1) / len(widths)
    return Header(start, start + 1, tuple(names), width, _share(below, width), coverage)


def _filled(row: Sequence[str | None]) -> int:
    return sum(1 for cell in row if cell and cell.strip())


def _usual(widths: Sequence[int]) -> int:
    counted = Counter(widths)
    return max(counted, key=lambda width: (counted[width], width))


def _share(widths: Sequence[int], width: int) -> float:
    return sum(1 for each in widths if each == width) / len(widths) if widths else 1.0


def _looks_like_data(row: Sequence[str | None]) -> bool:
    cells = [cell for cell in row if cell and cell.strip()]
    values = sum(1 for cell in cells if _VALUE.fullmatch(cell))
    return 3 * values >= len(cells) > 0 and values > 0
