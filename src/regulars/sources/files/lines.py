"""Tell at which physical line of a text file a record begins, although records may span lines and lines may be lost.

DuckDB counts records. A record's line is its number plus a shift, and the shift grows with every line end inside a cell,
every rejected line and every blank line before it. The places where it grows are looked for only when somebody asks.
"""

from __future__ import annotations

import mmap
import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb

_BLANK = re.compile(rb"\n(?:[ \t]*\r?\n)+")


@dataclass
class Lines:
    """What is needed to turn row numbers of one file into line numbers."""

    path: Path
    rows: str
    """FROM item of the rows in order, blank ones included."""
    cells: tuple[str, ...]
    first_line: int
    total: int
    """Rows, blank ones included."""
    errors: tuple[tuple[int, str, str], ...] = ()
    """(byte offset, kind, snippet) of rejected lines, in order."""
    _shifts: tuple[list[int], list[int]] | None = field(default=None, repr=False)

    def settle(self, con: duckdb.DuckDBPyConnection) -> tuple[list[int], list[int]]:
        """Return (first rows, shifts): from each of these rows on, line = row + shift. Found once, then kept."""
        if self._shifts is None:
            self._shifts = self._find(con)
        return self._shifts

    def line_of(self, con: duckdb.DuckDBPyConnection, row: int) -> int:
        """Return the physical line at which a row begins."""
        starts, shifts = self.settle(con)
        return row + shifts[bisect_right(starts, row) - 1]

    def unaccounted(self, con: duckdb.DuckDBPyConnection) -> int:
        """Return how many lines after the header are neither in a row, nor rejected, nor blank."""
        inside = sum(extra for _, extra in self._embedded(con))
        rejected = sum(1 + snippet.strip("\r\n").count("\n") for _, _, snippet in self.errors)
        with _content(self.path) as content:
            blank = sum(match.group().count(b"\n") - 1 for match in _BLANK.finditer(content))
            lines = _count(content, 0, len(content)) - (self.first_line - 1)
        return lines - self.total - inside - rejected - blank

    def _find(self, con: duckdb.DuckDBPyConnection) -> tuple[list[int], list[int]]:
        starts, shifts = [0], [self.first_line - 1]
        with _content(self.path) as content:
            lines = _count(content, 0, len(content)) - (self.first_line - 1)
            if lines == self.total:
                return starts, shifts
            inside = self._embedded(con)
            lost = list(self._lost(content, {place for place, _, _ in self.errors}, lines, inside))
        shift = shifts[0]
        waiting = iter(lost)
        next_lost = next(waiting, None)
        for row, extra in [*inside, (self.total + 1, 0)]:
            while next_lost and next_lost[0] <= row + shift:
                at = next_lost[0] - shift
                shift += next_lost[1]
                _grow(starts, shifts, at, shift)
                next_lost = next(waiting, None)
            if extra:
                shift += extra
                _grow(starts, shifts, row + 1, shift)
        return starts, shifts

    def _embedded(self, con: duckdb.DuckDBPyConnection) -> list[tuple[int, int]]:
        """Return (row, line ends inside its cells) of the rows that have any."""
        any_end = " OR ".join(f"contains({cell}, chr(10))" for cell in self.cells)
        ends = " + ".join(f"coalesce(length({c}) - length(replace({c}, chr(10), '')), 0)" for c in self.cells)
        return con.execute(
            f"SELECT file_row_number + 1 AS row, {ends} AS extra FROM {self.rows} WHERE {any_end} ORDER BY row"
        ).fetchall()

    def _lost(
        self, content: mmap.mmap, rejected: set[int], lines: int, inside: list[tuple[int, int]]
    ) -> Iterator[tuple[int, int]]:
        """Yield (physical line, how many lines) of what lies between rows: rejected and blank lines."""
        places = sorted(rejected)
        at = physical_lines(self.path, places)
        found = {
            line: 1 + snippet.strip("\r\n").count("\n")
            for line, (_, _, snippet) in zip(at, self.errors, strict=True)
        }
        known = self.total + sum(extra for _, extra in inside) + sum(found.values())
        if lines != known:
            quotes = line = done = 0
            for match in _BLANK.finditer(content):
                line += _count_exactly(content, done, match.start())
                quotes += content[done : match.start()].count(b'"')
                done = match.start()
                if quotes % 2 == 0 and line + 2 >= self.first_line:
                    found.setdefault(line + 2, match.group().count(b"\n") - 1)
        yield from sorted(found.items())


def physical_lines(path: Path, places: Sequence[int]) -> list[int]:
    """Return the physical line of each 1-based byte offset; offsets ascend.

    DuckDB counts empty lines before a rejected line as a part of it, so the line ends at the offset are skipped.
    """
    if not places:
        return []
    found, line, done = [], 1, 0
    with _content(path) as content:
        for place in places:
            start = max(0, place - 1)
            while content[start : start + 1] in {b"\n", b"\r"}:
                start += 1
            line += _count_exactly(content, done, start)
            done = start
            found.append(line)
    return found


def _grow(starts: list[int], shifts: list[int], row: int, shift: int) -> None:
    if starts[-1] == row:
        shifts[-1] = shift
    else:
        starts.append(row)
        shifts.append(shift)


def _count(content: mmap.mmap, begin: int, end: int) -> int:
    """Count lines, the last one even if nothing ends it."""
    counted = _count_exactly(content, begin, end)
    return counted + (1 if end > begin and content[end - 1 : end] != b"\n" else 0)


def _count_exactly(content: mmap.mmap, begin: int, end: int) -> int:
    return sum(content[at : min(at + (1 << 22), end)].count(b"\n") for at in range(begin, end, 1 << 22))


def _content(path: Path) -> mmap.mmap:
    with path.open("rb") as handle:
        return mmap.mmap(handle.fileno(), 0, access=mmap.ACCESS_READ)
