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
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import duckdb

_BLANK = re.compile(rb"\n(?:[ \t]*\r?\n)+")


class Loss(NamedTuple):
    """A line that could not be split into cells."""

    place: int
    """1-based byte offset in the plain text."""
    kind: str
    """DuckDB's name of what was wrong."""
    snippet: str

    @property
    def span(self) -> int:
        """How many physical lines it covers; DuckDB counts empty lines before it as a part of it."""
        return 1 + self.snippet.strip("\r\n").count("\n")


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
    quote: str = '"'
    losses: tuple[Loss, ...] = ()
    _shifts: tuple[list[int], list[int]] | None = field(default=None, repr=False)

    @classmethod
    def steady(cls, path: Path, rows: str, first_line: int, total: int) -> Lines:
        """Build the simple case: one line a record, without gaps."""
        return cls(path, rows, (), first_line, total, _shifts=([0], [first_line - 1]))

    def settle(self, con: duckdb.DuckDBPyConnection) -> tuple[list[int], list[int]]:
        """Return (first rows, shifts): from each of these rows on, line = row + shift. Found once, then kept."""
        if self._shifts is None:
            self._shifts = self._find(con)
        return self._shifts

    def line_of(self, con: duckdb.DuckDBPyConnection, row: int) -> int:
        """Return the physical line at which a row begins."""
        starts, shifts = self.settle(con)
        return row + shifts[bisect_right(starts, row) - 1]

    def last_line(self, con: duckdb.DuckDBPyConnection) -> int:
        """Return the last physical line of the last row."""
        inside = self._embedded(con)
        extra = inside[-1][1] if inside and inside[-1][0] == self.total else 0
        return self.line_of(con, self.total) + extra if self.total else self.first_line - 1

    def unaccounted(self, con: duckdb.DuckDBPyConnection) -> int:
        """Return how many lines after the header are neither in a row, nor rejected, nor blank; 0 when all is well."""
        rejected = sum(loss.span for loss in self.losses)
        with _content(self.path) as content:
            missing = self._lines_below(content) - self.total - rejected
            if missing:
                missing -= sum(extra for _, extra in self._embedded(con))
            if missing:
                missing -= sum(count for _, count in self._blank(content))
        return missing

    def _find(self, con: duckdb.DuckDBPyConnection) -> tuple[list[int], list[int]]:
        starts, shifts = [0], [self.first_line - 1]
        with _content(self.path) as content:
            below = self._lines_below(content)
            if below == self.total:
                return starts, shifts
            inside = self._embedded(con)
            at = physical_lines(self.path, [loss.place for loss in self.losses])
            lost = {line: loss.span for line, loss in zip(at, self.losses, strict=True)}
            if below != self.total + sum(extra for _, extra in inside) + sum(lost.values()):
                for line, count in self._blank(content):
                    lost.setdefault(line, count)
        shift = shifts[0]
        waiting = iter(sorted(lost.items()))
        gap = next(waiting, None)
        for row, extra in [*inside, (self.total + 1, 0)]:
            while gap and gap[0] <= row + shift:
                begin = gap[0] - shift
                shift += gap[1]
                _grow(starts, shifts, begin, shift)
                gap = next(waiting, None)
            if extra:
                shift += extra
                _grow(starts, shifts, row + 1, shift)
        return starts, shifts

    def _lines_below(self, content: mmap.mmap) -> int:
        """Count the physical lines below the header, the last one even if nothing ends it."""
        size = len(content)
        unfinished = 1 if content[size - 1 : size] != b"\n" else 0
        return _ends(content, 0, size) + unfinished - (self.first_line - 1)

    def _embedded(self, con: duckdb.DuckDBPyConnection) -> list[tuple[int, int]]:
        """Return (row, line ends inside its cells) of the rows that have any."""
        if not self.cells:
            return []
        any_end = " OR ".join(f"contains({cell}, chr(10))" for cell in self.cells)
        ends = " + ".join(f"coalesce(length({c}) - length(replace({c}, chr(10), '')), 0)" for c in self.cells)
        return con.execute(
            f"SELECT file_row_number + 1 AS row, {ends} AS extra FROM {self.rows} WHERE {any_end} ORDER BY row"
        ).fetchall()

    def _blank(self, content: mmap.mmap) -> Iterator[tuple[int, int]]:
        """Yield (first line, how many) of empty lines below the header and outside quotes."""
        quotes = done = 0
        line = 1
        for match in _BLANK.finditer(content):
            line += _ends(content, done, match.start())
            if self.quote:
                quotes += content[done : match.start()].count(self.quote.encode())
            done = match.start()
            if quotes % 2 == 0 and line + 1 >= self.first_line:
                yield line + 1, match.group().count(b"\n") - 1


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
            line += _ends(content, done, start)
            done = start
            found.append(line)
    return found


def _grow(starts: list[int], shifts: list[int], row: int, shift: int) -> None:
    if starts[-1] == row:
        shifts[-1] = shift
    else:
        starts.append(row)
        shifts.append(shift)


def _ends(content: mmap.mmap, begin: int, end: int) -> int:
    return sum(content[at : min(at + (1 << 22), end)].count(b"\n") for at in range(begin, end, 1 << 22))


def _content(path: Path) -> mmap.mmap:
    with path.open("rb") as handle:
        return mmap.mmap(handle.fileno(), 0, access=mmap.ACCESS_READ)
