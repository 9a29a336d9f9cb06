"""A terminal or a pipe to print to: tables and colour in the one, plain aligned text in the other, never the two mixed.

In a pipe a table is one line of titles and one line a row, columns at least two spaces apart, without colour, boxes or
cut-off cells, so that ``grep``, ``awk -F'  +'`` and a diff work. Names from the shop's own files lose their
control characters before they reach a terminal.
"""

from __future__ import annotations

import sys
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from textwrap import wrap
from typing import IO, Any

from regulars.kit.unknown import Unknown
from regulars.report.model import Words
from regulars.report.speech import Speech

_SPACES = {"\u00a0": " ", "\u202f": " ", "\u2009": " "}


@dataclass(frozen=True, slots=True)
class Column:
    """A column's title, a message id, and whether it holds numbers (then it is set to the right)."""

    title: str
    numeric: bool = True
    spare: int = 0
    """In a terminal too narrow for all columns the one that is most to spare goes first; 0 always stays."""


class Terminal:
    """Where a verb prints: one language, one currency, one stream.

    ``rich`` is decided by the stream (a terminal or not) unless given.
    """

    def __init__(
        self,
        language: str = "en",
        currency: str | None = None,
        stream: IO[str] | None = None,
        *,
        rich: bool | None = None,
    ) -> None:
        self.stream = stream or sys.stdout
        self.rich = self.stream.isatty() if rich is None else rich
        self.speech = Speech(language, currency)

    def line(self, words: Words | Unknown = "", *, style: str = "") -> None:
        """Print one translated line."""
        self.write("" if words == "" else self.speech.say(words), style)

    def heading(self, words: Words) -> None:
        """Print a title, set off from what stands above it."""
        self.write("", "")
        self.write(self.speech.say(words), "bold")

    def table(self, columns: Sequence[Column], rows: Iterable[Sequence[str]]) -> None:
        """Print a table of ready texts; nothing at all without rows."""
        cells = [[clean(cell) for cell in row] for row in rows]
        titles = [self.speech.t(column.title) if column.title else "" for column in columns]
        if not cells:
            return
        if self.rich:
            self._draw(columns, titles, cells)
        else:
            self._align(columns, titles, cells)

    def write(self, text: str, style: str, *, indent: int = 0) -> None:
        """Print a text that is ready, in the language it is in."""
        if self.rich:
            from rich.padding import Padding
            from rich.text import Text

            self._console().print(Padding(Text(clean(text), style=style), (0, 0, 0, indent)))
        else:
            self.stream.write(f"{' ' * indent}{plain(clean(text))}".rstrip() + "\n")

    def _console(self) -> Any:
        from rich.console import Console

        return Console(file=self.stream, force_terminal=True, highlight=False)

    def _draw(self, columns: Sequence[Column], titles: list[str], rows: list[list[str]]) -> None:
        from rich import box
        from rich.table import Table
        from rich.text import Text

        console = self._console()
        widths = [max(_width(row[place]) for row in rows) for place in range(len(columns))]
        titles = [_folded(title, width) for title, width in zip(titles, widths, strict=True)]
        widths = [
            max(width, *(_width(part) for part in title.split("\n")))
            for title, width in zip(titles, widths, strict=True)
        ]
        kept = _fitting(columns, widths, console.width)
        table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold")
        for place in kept:
            numeric = columns[place].numeric
            table.add_column(
                Text(titles[place]), justify="right" if numeric else "left", no_wrap=numeric, vertical="top"
            )
        for row in rows:
            table.add_row(*(Text(row[place]) for place in kept))
        console.print(table)

    def _align(self, columns: Sequence[Column], titles: list[str], rows: list[list[str]]) -> None:
        lines = [[plain(cell) for cell in line] for line in (titles, *rows)]
        widths = [max(_width(line[place]) for line in lines) for place in range(len(columns))]
        for line in lines:
            cells = (
                " " * (width - _width(cell)) + cell if column.numeric else cell + " " * (width - _width(cell))
                for cell, width, column in zip(line, widths, columns, strict=True)
            )
            self.stream.write("  ".join(cells).rstrip() + "\n")


def clean(text: str) -> str:
    """Replace line breaks and tabs by spaces and drop other control and direction-changing characters."""
    text = "".join(" " if char in "\n\r\t\v\f" else char for char in text)
    return "".join(
        char for char in text if unicodedata.category(char) not in ("Cc", "Cf") or char == "\u200d"
    )


def plain(text: str) -> str:
    """Replace the typographic spaces of numbers by ordinary ones, which tools can split and search."""
    return "".join(_SPACES.get(char, char) for char in text)


def _width(text: str) -> int:
    """Return how many cells of a terminal a text takes."""
    return sum(
        0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1
        for char in text
    )


def _folded(title: str, width: int) -> str:
    """Break a title into lines as short as its longest word and the cells under it allow."""
    words = title.split()
    return "\n".join(wrap(title, max([width, *(_width(word) for word in words)]))) if words else title


def _fitting(columns: Sequence[Column], widths: Sequence[int], room: int) -> list[int]:
    """Return the places of the columns that fit side by side; two cells stand between neighbours."""
    kept = list(range(len(columns)))
    while sum(widths[place] + 3 for place in kept) > room and any(columns[place].spare for place in kept):
        kept.remove(max(kept, key=lambda place: columns[place].spare))
    return kept
