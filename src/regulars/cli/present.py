"""Show results to a person: tables and colour in a terminal, plain aligned text in a pipe, never the two mixed.

In a pipe a table is one line of titles and one line a row, columns at least two spaces apart, without colour, boxes or
cut-off cells, so that ``grep``, ``awk -F'  +'`` and a diff work. Names from the shop's own files lose their
control characters before they reach a terminal.
"""

from __future__ import annotations

import math
import sys
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from textwrap import wrap
from typing import IO, Any

from regulars.kit.i18n import mark
from regulars.kit.unknown import Unknown
from regulars.report.model import Card, Intake, Words
from regulars.report.page import change
from regulars.report.speech import Speech
from regulars.report.view import Said
from regulars.segments import Row
from regulars.value import Backtest, Rolling

SIGNS = {"up": "+", "down": "−", "flat": "±"}
_SPACES = {"\u00a0": " ", "\u202f": " ", "\u2009": " "}


@dataclass(frozen=True, slots=True)
class Column:
    """A column's title, a message id, and whether it holds numbers (then it is set to the right)."""

    title: str
    numeric: bool = True
    spare: int = 0
    """In a terminal too narrow for all columns the one that is most to spare goes first; 0 always stays."""


class Screen:
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

    # The three things everything else is made of.

    def line(self, words: Words | Unknown = "", *, style: str = "") -> None:
        """Print one translated line."""
        self._print("" if words == "" else self.speech.say(words), style)

    def heading(self, words: Words) -> None:
        """Print a title, set off from what stands above it."""
        self._print("", "")
        self._print(self.speech.say(words), "bold")

    def table(self, columns: Sequence[Column], rows: Iterable[Sequence[str]]) -> None:
        """Print a table of ready texts; nothing at all without rows."""
        cells = [[clean(cell) for cell in row] for row in rows]
        titles = [self.speech.t(column.title) if column.title else "" for column in columns]
        if not cells:
            return
        if self.rich:
            self._draw(columns, titles, cells)
        else:
            self._write(columns, titles, cells)

    # What verbs show.

    def findings(self, findings: Iterable[Said]) -> None:
        """Print findings: the number, what it says, why it matters, what to do."""
        for said in findings:
            self._print("", "")
            self._print(f"{said.number}  {said.headline}", "bold")
            for text in (said.why, said.action):
                if text:
                    self._print(text, "", indent=2)

    def cards(self, cards: Iterable[Card]) -> None:
        """Print the main figures with the period before; an unknown figure gives its reason."""
        shown = list(cards)
        rows = []
        for card in shown:
            moved = change(card, self.speech)
            told = "" if moved is None else SIGNS[moved[0]] + moved[2]
            rows.append(
                (
                    self.speech.say(card.title),
                    self.speech.value(card.value, card.unit),
                    told,
                    self._why(card.value),
                )
            )
        notes = any(row[3] for row in rows)
        columns = [Column(mark("Figure"), numeric=False), Column(mark("Value")), Column(mark("Change"))]
        if notes:
            columns.append(Column(mark("Note"), numeric=False))
        self.table(columns, rows if notes else [row[:3] for row in rows])

    def segments(self, rows: Iterable[Row], *, definitions: bool = False) -> None:
        """Print segments with size and worth; those that cannot be told give their reason."""
        speech, known, told, unknown = self.speech, [], [], []
        for row in rows:
            title, definition = row.told(speech.t)
            if row.unknown is not None:
                unknown.append((title, row.unknown))
                continue
            known.append(
                (
                    title,
                    speech.value(row.customers, "count"),
                    speech.value(row.share, "share"),
                    speech.value(row.net, "money"),
                    speech.value(row.clv, "money"),
                    speech.value(row.aov, "money"),
                    speech.value(row.median_recency_days, "count"),
                    *((definition,) if definitions and not self.rich else ()),
                )
            )
            told.append((title, definition))
        columns = [
            Column(mark("Segment"), numeric=False),
            Column(mark("Customers")),
            Column(mark("Share"), spare=2),
            Column(mark("Net to date")),
            Column(mark("Predicted value"), spare=1),
            Column(mark("Average order"), spare=3),
            Column(mark("Days since the last order (median)"), spare=4),
        ]
        if definitions and not self.rich:
            columns.append(Column(mark("Who is in it"), numeric=False))
        self.table(columns, known)
        for title, definition in told if definitions and self.rich else ():
            self._print(f"{title}: {definition}", "dim", indent=1)
        for title, why in unknown:
            self._print(f"{title}: {self.speech.say(why)}", "dim", indent=1 if self.rich else 0)

    def backtest(self, result: Backtest | Unknown) -> None:
        """Print a forecast's scores beside the plain baselines' and what happened, or why there is no backtest."""
        speech = self.speech
        if isinstance(result, Unknown):
            self.line(result)
            return
        percent = speech.percent
        self._print(
            speech.t(
                mark("As of {cutoff}, for the {days} after it: predicted {predicted}, happened {actual}."),
                cutoff=speech.day(result.cutoff),
                days=speech.days(result.horizon_days),
                predicted=speech.money(result.predicted_total),
                actual=speech.money(result.actual_total),
            ),
            "",
        )
        columns = (
            Column(mark("Forecast"), numeric=False),
            Column(mark("Ranking (Gini)")),
            Column(mark("Rank correlation"), spare=2),
            Column(mark("Caught in the top tenth"), spare=1),
            Column(mark("Bias")),
            Column(mark("Mean error")),
        )
        self.table(
            columns,
            [
                (
                    speech.t(score.title),
                    self._known(score.gini, lambda part: speech.number(part, 3)),
                    self._known(score.spearman, lambda part: speech.number(part, 3)),
                    self._known(score.top_decile, speech.share),
                    self._known(score.bias, speech.signed),
                    self._known(score.mae, speech.cents),
                )
                for score in result.scores
            ],
        )
        if result.coverage_told is not None:
            held = mark(
                "The {level} interval held the actual value of {share} of the customers of whom more than nothing was expected."
            )
            level, share = percent(result.interval), percent(result.coverage_told)
            self._print(speech.t(held, level=level, share=share), "")
        for problem in result.problems:
            self._print(speech.t(problem), "bold")

    def rolling(self, result: Rolling) -> None:
        """Print the same test at earlier days."""
        speech = self.speech
        columns = (
            Column(mark("As of"), numeric=False),
            Column(mark("Predicted")),
            Column(mark("Happened")),
            Column(mark("Bias")),
            Column(mark("Ranking (Gini)"), spare=1),
            Column(mark("Mean error")),
        )
        rows = [
            (
                speech.day(past.cutoff),
                speech.money(past.predicted_total),
                speech.money(past.actual_total),
                self._known(past.model.bias, speech.signed),
                self._known(past.model.gini, lambda part: speech.number(part, 3)),
                self._known(past.model.mae, speech.cents),
            )
            for past in result.origins
        ]
        self.table(columns, rows)
        means = {score.name: score.bias for score in result.scores}
        self._print(
            speech.t(
                mark(
                    "On average the total was off by {ours}; the same as the period before would have been by {plain}."
                ),
                ours=self._known(means["model"], speech.share),
                plain=self._known(means["persistence"], speech.share),
            ),
            "",
        )

    def intake(self, found: Intake) -> None:
        """Print what was read and what became of it, rule by rule."""
        speech = self.speech
        said = mark("Rows read {read}, accepted {accepted}, repaired {repaired}, rejected {rejected}.")
        if found.unpacked:
            said = mark(
                "Rows read {records}, lines in them {read}, accepted {accepted}, repaired {repaired}, rejected {rejected}."
            )
        self._print(
            speech.t(
                said,
                records=speech.count(found.records or found.read),
                read=speech.count(found.read),
                accepted=speech.count(found.accepted),
                repaired=speech.count(found.repaired),
                rejected=speech.count(found.rejected),
            ),
            "",
        )
        outcomes = {"repaired": mark("repaired"), "rejected": mark("rejected"), "noted": mark("noted")}
        columns = (
            Column(mark("Rule"), numeric=False),
            Column(mark("Outcome"), numeric=False),
            Column(mark("Rows")),
            Column(mark("Example"), numeric=False, spare=1),
        )
        self.table(
            columns,
            [
                (
                    speech.say(rule.title),
                    speech.t(outcomes[rule.outcome]),
                    speech.count(rule.rows),
                    rule.example,
                )
                for rule in found.rules
            ],
        )
        for warning in found.warnings:
            self.line(warning, style="bold")

    def files(self, paths: Iterable[Path]) -> None:
        """Print where results were written, one path a line."""
        for path in paths:
            self._print(str(path), "")

    # How it is printed.

    @staticmethod
    def _known(number: float | None, write: Callable[[float], str]) -> str:
        return write(number) if number is not None and math.isfinite(number) else "–"

    def _why(self, value: Any) -> str:
        return self.speech.say(value) if isinstance(value, Unknown) else ""

    def _print(self, text: str, style: str, *, indent: int = 0) -> None:
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

    def _write(self, columns: Sequence[Column], titles: list[str], rows: list[list[str]]) -> None:
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
