"""Moments as people and programs write them; which of day and month comes first is decided by the whole column."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from regulars.sources.quoting import column, text
from regulars.sources.recognise import NUMERIC

MONTHS = {
    "jan": "sty|stycznia|styczen|styczeń|january", "feb": "lut|lutego|luty|february", "mar": "marca|marzec|march",
    "apr": "kwi|kwietnia|kwiecien|kwiecień|april", "may": "maja|maj", "jun": "cze|czerwca|czerwiec|june",
    "jul": "lip|lipca|lipiec|july", "aug": "sie|sierpnia|sierpien|sierpień|august",
    "sep": "wrz|września|wrzesnia|wrzesień|wrzesien|september|sept",
    "oct": "paź|paz|października|pazdziernika|październik|pazdziernik|october",
    "nov": "lis|listopada|listopad|november", "dec": "gru|grudnia|grudzień|grudzien|december",
}  # fmt: skip
WEEKDAYS = (
    "mon|tue|wed|thu|fri|sat|sun|monday|tuesday|wednesday|thursday|friday|saturday|sunday|pon|wt|śr|czw|pt|sob|nie|"
    "poniedziałek|wtorek|środa|czwartek|piątek|sobota|niedziela"
)
OFFSET = r"(:\d{2}(?:\.\d+)?)\s*(z|utc|gmt|[+-]\d{2}:?\d{2}|[+-]\d{2})$"


def _macros() -> tuple[str, ...]:
    words = r"regexp_replace(v, '(\d)(?:st|nd|rd|th)\b', '\1')"
    words = rf"regexp_replace({words}, '^(?:{WEEKDAYS})\.?,?\s+', '')"
    for month, others in MONTHS.items():
        words = rf"regexp_replace({words}, '(^|[^\p{{L}}])(?:{others})\.?($|[^\p{{L}}])', '\1{month}\2')"
    words = rf"regexp_replace({words}, '\b(a|p)\.\s?m\.?', '\1m')"
    words = rf"regexp_replace({words}, '(\d)t(\d)', '\1 \2')"
    words = rf"regexp_replace({words}, '\s+(?:r\.|godz\.?|o|at|roku)(\s|$)', '\1')"
    return (
        rf"CREATE OR REPLACE TEMP MACRO regulars_words(v) AS trim(regexp_replace({words}, '[,\s]+', ' ', 'g'))",
        r"""CREATE OR REPLACE TEMP MACRO regulars_moment(v) AS CASE WHEN regexp_matches(v, '[\p{L},]')
            THEN regulars_words(lower(v)) ELSE regexp_replace(v, '\s+', ' ', 'g') END""",
        # ISO dates are read by the engine itself; it would take 1/2/10 for a day of the year one, hence the look first.
        """CREATE OR REPLACE TEMP MACRO regulars_iso(v) AS
            CASE WHEN v[5] IN ('-', '/') AND v[1:4] <> '0000' THEN TRY_CAST(v AS TIMESTAMP) END""",
        rf"CREATE OR REPLACE TEMP MACRO regulars_bare(v) AS regexp_replace(v, '(?i){OFFSET}', '\1')",
        rf"CREATE OR REPLACE TEMP MACRO regulars_offset(v) AS upper(regexp_extract(v, '(?i){OFFSET}', 2))",
        """CREATE OR REPLACE TEMP MACRO regulars_offset_minutes(o) AS CASE WHEN length(o) >= 3 AND o[1] IN ('+', '-')
            THEN (CAST(o[2:3] AS INTEGER) * 60 + coalesce(TRY_CAST(nullif(replace(o[4:], ':', ''), '') AS INTEGER), 0))
                * CASE o[1] WHEN '-' THEN -1 ELSE 1 END ELSE 0 END""",
        r"""CREATE OR REPLACE TEMP MACRO regulars_shape(v) AS
            regexp_replace(regexp_replace(v, '[0-9]', '9', 'g'), '\p{L}', 'a', 'g')""",
    )


MACROS = _macros()
_TIME = re.compile(r"^( 9{1,2}:99)?(:99)?(\.9+)?( ?aa)?$")
_NUMERIC_DATE = re.compile(r"^(9{1,2})([-/. ]+)(9{1,2})([-/. ]+)(9999|99)(?![9])")


@dataclass(frozen=True, slots=True)
class Moment:
    """How one column of moments is read."""

    source: str
    type: str
    formats: tuple[str, ...] = ()
    """``strptime`` formats for what is not ISO, in the order they are tried."""
    numeric: str = ""
    """``epoch_s``, ``epoch_ms``, ``epoch_us``, ``excel`` or ``yyyymmdd`` where numbers stand for moments."""
    offsets: bool = False
    day_first: bool | None = None
    first: str = ""
    last: str = ""
    """ISO days between which a typed column is known to be."""
    nulls: int = 0
    doubt: dict[str, Any] = field(default_factory=dict)
    """Why ``day_first`` was chosen, when the column itself did not say."""

    @property
    def has_zone(self) -> bool:
        """Whether the type itself says the instant."""
        return "TIME ZONE" in self.type or self.numeric.startswith("epoch")

    @property
    def written(self) -> bool:
        """Whether cells are texts."""
        return not self.type.startswith(("TIMESTAMP", "DATE")) and not NUMERIC.match(self.type)

    def bare(self, cell: str) -> str:
        """SQL: a text without its offset."""
        return f"regulars_bare({cell})" if self.offsets else cell

    def wall(self, cell: str, bare: str) -> str:
        """SQL: the moment as TIMESTAMP, as written (UTC where the type is an instant)."""
        if "TIME ZONE" in self.type:
            return f"make_timestamp(epoch_us({cell}))"
        if self.type.startswith(("TIMESTAMP", "DATE")):
            return f"TRY_CAST({cell} AS TIMESTAMP)"
        if NUMERIC.match(self.type):
            return _from_number(f"CAST({cell} AS DOUBLE)", self.numeric)
        tries = [f"regulars_iso({bare})"]
        if self.formats:
            tries.append(f"try_strptime(regulars_moment({bare}), [{', '.join(map(text, self.formats))}])")
        if self.numeric:
            tries.append(_from_number(f"TRY_CAST({bare} AS DOUBLE)", self.numeric))
        return f"coalesce({', '.join(tries)})" if len(tries) > 1 else tries[0]

    def offset(self, cell: str) -> str:
        """SQL: what the cell says of its offset, an empty text where nothing."""
        return f"regulars_offset({cell})" if self.offsets else "''"


def _from_number(value: str, kind: str) -> str:
    inside = f"CASE WHEN {value} BETWEEN -1e17 AND 1e17 THEN CAST({value} AS BIGINT) END"
    return {
        "epoch_s": f"make_timestamp({inside} * 1000000)",
        "epoch_ms": f"make_timestamp({inside} * 1000)",
        "epoch_us": f"make_timestamp({inside})",
        "excel": f"make_timestamp(CAST(round(({value} - 25569) * 86400) AS BIGINT) * 1000000)",
        "yyyymmdd": f"try_strptime(CAST({inside} AS VARCHAR), '%Y%m%d')",
    }.get(kind, "CAST(NULL AS TIMESTAMP)")


def number_kind(low: float, high: float) -> str:
    """Tell what numbers that stand for moments count, from their range."""
    if low >= 19000101 and high <= 21001231:
        return "yyyymmdd"
    if low >= 20000 and high <= 80000:
        return "excel"
    for kind, size in (("epoch_s", 1.0), ("epoch_ms", 1e3), ("epoch_us", 1e6)):
        if 6e8 * size <= high <= 6e9 * size:
            return kind
    return ""


def survey(name: str, source: str, type_: str) -> dict[str, str]:
    """Return the aggregates that decide how a column is read."""
    cell = column(source)
    if NUMERIC.match(type_):
        return {f"{name}.low": f"min(CAST({cell} AS DOUBLE))", f"{name}.high": f"max(CAST({cell} AS DOUBLE))"}
    if type_.startswith(("TIMESTAMP", "DATE")):
        return {
            f"{name}.first": f"CAST(min({cell}) AS VARCHAR)",
            f"{name}.last": f"CAST(max({cell}) AS VARCHAR)",
            f"{name}.n": f"count({cell})",
        }
    cell = f"regulars_text({cell})"
    return {
        f"{name}.offsets": f"count(*) FILTER (WHERE regexp_matches({cell}, '(?i){OFFSET}'))",
        f"{name}.other": f"count(*) FILTER (WHERE {cell} IS NOT NULL AND regulars_iso(regulars_bare({cell})) IS NULL)",
    }


def from_survey(name: str, source: str, type_: str, told: Mapping[str, Any]) -> Moment | None:
    """Decide from the survey alone how the column is read; None where its shapes must be looked at."""
    if f"{name}.low" in told:
        low, high = told[f"{name}.low"] or 0.0, told[f"{name}.high"] or 0.0
        return Moment(source, type_, numeric=number_kind(low, high))
    if f"{name}.first" in told or not told[f"{name}.other"]:
        return Moment(source, type_, offsets=bool(told.get(f"{name}.offsets")))
    return None


def shapes_query(relation: str, source: str) -> str:
    """SQL: the shapes of what is not ISO, with how often, an example, and what the first two numbers reach."""
    cell = f"regulars_bare(regulars_text({column(source)}))"
    first = r"TRY_CAST(regexp_extract(v, '^(\d{1,2})[-/. ]+(\d{1,2})[-/. ]', 1) AS INTEGER)"
    second = r"TRY_CAST(regexp_extract(v, '^(\d{1,2})[-/. ]+(\d{1,2})[-/. ]', 2) AS INTEGER)"
    return f"""SELECT regulars_shape(v) AS shape, count(*) AS n,
        count(*) FILTER (WHERE {first} > 12), count(*) FILTER (WHERE {second} > 12),
        count(DISTINCT {first}), count(DISTINCT {second}),
        min(TRY_CAST(v AS DOUBLE)), max(TRY_CAST(v AS DOUBLE))
        FROM (SELECT regulars_moment({cell}) AS v FROM {relation} WHERE {cell} IS NOT NULL AND regulars_iso({cell}) IS NULL)
        GROUP BY 1 ORDER BY n DESC LIMIT 300"""


def from_shapes(
    source: str,
    type_: str,
    shapes: Sequence[tuple[Any, ...]],
    *,
    offsets: bool,
    day_first: bool | None,
    currency: str | None,
) -> Moment:
    """Decide from the shapes how the column is read."""
    dm = [row for row in shapes if _NUMERIC_DATE.match(row[0])]
    doubt: dict[str, Any] = {}
    if dm and day_first is None:
        big_first, big_second = sum(row[2] for row in dm), sum(row[3] for row in dm)
        if big_first or big_second:
            day_first = big_first >= big_second
            if big_first and big_second:
                doubt = {"reason": "contradictory", "rows": min(big_first, big_second)}
        else:
            dotted = any("." in row[0][:6] for row in dm)
            # Only days 1..12 on one side and few different months on the other: the side with more values is the day.
            spread_first, spread_second = max(row[4] for row in dm), max(row[5] for row in dm)
            day_first = dotted or currency != "USD"
            if not dotted and currency is None and spread_first != spread_second:
                day_first = spread_first > spread_second
            doubt = {"reason": "ambiguous", "rows": sum(row[1] for row in dm)}
    formats: dict[str, int] = {}
    numeric = ""
    for shape, count, *_, low, high in shapes:
        if re.fullmatch(r"9+(\.9+)?", shape) and low is not None:
            kind = number_kind(low, high)
            numeric = numeric or kind
            continue
        for made in formats_of(shape, day_first=bool(day_first)):
            formats[made] = formats.get(made, 0) + count
    ordered = tuple(sorted(formats, key=lambda made: -formats[made]))
    return Moment(source, type_, ordered, numeric, offsets, day_first if dm else None, doubt=doubt)


def formats_of(shape: str, *, day_first: bool) -> list[str]:
    """Return the ``strptime`` formats of one shape, such as ``99/99/9999 99:99``; none if it is no date."""
    date = ""
    rest = shape
    if match := re.match(r"^9999([-/. ])9{1,2}([-/. ])9{1,2}", shape):
        date = f"%Y{match[1]}%m{match[2]}%d"
    elif match := _NUMERIC_DATE.match(shape):
        pair = ("%d", "%m") if day_first else ("%m", "%d")
        year = "%Y" if len(match[5]) == 4 else "%y"
        date = f"{pair[0]}{match[2]}{pair[1]}{match[4]}{year}"
    elif match := re.match(r"^9{1,2}([-/. ]+)aaa([-/. ]+)(9999|99)(?!9)", shape):
        date = f"%d{match[1]}%b{match[2]}{'%Y' if len(match[3]) == 4 else '%y'}"
    elif match := re.match(r"^aaa([-/. ]+)9{1,2}([-/. ]+)9999", shape):
        date = f"%b{match[1]}%d{match[2]}%Y"
    elif match := re.match(r"^9999([-/. ]+)aaa([-/. ]+)9{1,2}", shape):
        date = f"%Y{match[1]}%b{match[2]}%d"
    elif match := re.match(r"^99999999(?=\D|$)", shape):
        date = "%Y%m%d"
    if not match:
        return []
    rest = shape[match.end() :]
    if found := re.fullmatch(r" 9999(99)?", rest):
        return [date + (" %H%M%S" if found[1] else " %H%M")]
    time = _TIME.match(rest.rstrip(" .,"))
    if not time:
        return []
    tail = rest[len(rest.rstrip(" .,")) :]
    if not rest.strip(" .,"):
        return [date + tail]
    if not time[1]:
        return []
    hour = " %I:%M" if time[4] else " %H:%M"
    seconds = ":%S" if time[2] else ""
    fraction = ".%f" if time[3] else ""
    return [
        date
        + hour
        + seconds
        + fraction
        + ((" %p" if time[4].startswith(" ") else "%p") if time[4] else "")
        + tail
    ]
