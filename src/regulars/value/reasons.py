"""Why the model expects of a customer what it does, in one sentence: how many orders, how often, how long ago the last.

These are the only things that a model of purchases sees (x, t_x and T), so the sentence is the whole reason. Many customers
share one: each distinct sentence is written once, so that a million customers take a second.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from regulars.kit.i18n import Counted, Phrase, mark, plural, translator

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from regulars.value.summary import Summary

MANY_DAYS, MANY_WEEKS, MANY_MONTHS = 14, 70, 730
"""From so many days on a time is told in weeks, months and years: nobody counts 63 days."""
UNITS = (("day", 1.0), ("week", 7.0), ("month", 30.44), ("year", 365.25))
_CHUNK = 500_000

AGO: dict[str, Callable[[int], Counted]] = {
    "day": lambda n: plural("a day ago", "{n} days ago", n),
    "week": lambda n: plural("a week ago", "{n} weeks ago", n),
    "month": lambda n: plural("a month ago", "{n} months ago", n),
    "year": lambda n: plural("a year ago", "{n} years ago", n),
}
EVERY: dict[str, Callable[[int], Counted]] = {
    "day": lambda n: plural("about every day", "about every {n} days", n),
    "week": lambda n: plural("about every week", "about every {n} weeks", n),
    "month": lambda n: plural("about every month", "about every {n} months", n),
    "year": lambda n: plural("about every year", "about every {n} years", n),
}


@dataclass(frozen=True)
class Reasons:
    """The reasons of all customers of a summary, in its order."""

    orders: NDArray[np.int64]
    gap_days: NDArray[np.float64]
    """Mean days between purchases; NaN where all were on one day."""
    ago_days: NDArray[np.int64]
    """Days since the last purchase."""

    @classmethod
    def of(cls, summary: Summary) -> Reasons:
        """Read them off what the models see."""
        several = summary.x > 0
        gap = np.full(len(summary), np.nan)
        gap[several] = summary.recency[several] / summary.x[several]
        return cls(summary.orders, gap, summary.as_of_day - summary.last_day)

    def phrase(self, row: int) -> Phrase:
        """Return one customer's reason, to be translated where it is shown."""
        return _phrase(*(int(part[row]) for part in self._parts))

    def texts(self, language: str = "en") -> pa.ChunkedArray:
        """Return every customer's reason in a language, as text."""
        if not len(self.orders):
            return pa.chunked_array([], pa.string())
        code = np.ravel_multi_index(self._parts, tuple(int(part.max()) + 1 for part in self._parts))
        _, sample, which = np.unique(code, return_index=True, return_inverse=True)
        texts = pa.array(_written([self.phrase(row) for row in sample.tolist()], language), pa.string())
        chunks = [
            texts.take(pa.array(which[begin : begin + _CHUNK])) for begin in range(0, len(which), _CHUNK)
        ]
        return pa.chunked_array(chunks, pa.string())

    @cached_property
    def _parts(self) -> tuple[NDArray[np.int64], ...]:
        """Everything that a sentence depends on: orders, and number and unit of both times."""
        return (
            self.orders,
            *_rounded(np.nan_to_num(self.gap_days, nan=0.0)),
            *_rounded(self.ago_days.astype(float)),
        )


_SAID = re.compile(
    r"(\d+) orders?(?:( on one day)|, about every (?:(\d+) )?(day|week|month|year)s?, the last one)?,? (?:(today)|(a|\d+) (day|week|month|year)s? ago)"
)


def read(text: str) -> Phrase | None:
    """Return the reason that was written in English, to be said in another language; None for what is none of ours."""
    found = _SAID.fullmatch(text)
    if found is None:
        return None
    orders, _, gap, gap_unit, _, ago, ago_unit = found.groups()
    names = [name for name, _ in UNITS]
    return _phrase(
        int(orders),
        int(gap or 1) if gap_unit else 0,
        names.index(gap_unit) if gap_unit else 0,
        0 if ago is None else 1 if ago == "a" else int(ago),
        0 if ago is None else names.index(ago_unit),
    )


def _phrase(orders: int, gap: int, gap_unit: int, ago: int, ago_unit: int) -> Phrase:
    count = plural("{n} order", "{n} orders", orders)
    since = AGO[UNITS[ago_unit][0]](ago) if ago else Phrase(mark("today"))
    if gap:
        every = EVERY[UNITS[gap_unit][0]](gap)
        return Phrase.of(mark("{orders}, {every}, the last one {ago}"), orders=count, every=every, ago=since)
    if orders > 1:
        return Phrase.of(mark("{orders} on one day, {ago}"), orders=count, ago=since)
    return Phrase.of(mark("{orders}, {ago}"), orders=count, ago=since)


def _written(reasons: list[Phrase], language: str) -> list[str]:
    """Write sentences out; the parts they are made of are few, and translated once each."""
    say = translator(language)
    known: dict[object, str] = {}

    def told(part: object) -> str:
        if part not in known:
            counted = isinstance(part, Counted)
            known[part] = say.plural(part.one, part.many, part.number) if counted else say(str(part))  # type: ignore[attr-defined]
        return known[part]

    return [say(reason.message, **{name: told(part) for name, part in reason.values}) for reason in reasons]


def _rounded(days: NDArray[np.float64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return lengths of time as a person would say them: a whole number, and which of the units it counts."""
    unit = np.digitize(days, [MANY_DAYS, MANY_WEEKS, MANY_MONTHS])
    length = np.array([length for _, length in UNITS])
    number = np.rint(days / length[unit]).astype(np.int64)
    return np.where(days > 0, np.maximum(number, 1), 0), unit.astype(np.int64)
