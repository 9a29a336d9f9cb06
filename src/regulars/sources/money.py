"""Numbers as people and programs write them: decimal commas, thousands, currencies, brackets for minus, floats.

Whether a lone ``1,234`` or ``1.234`` means thousands is decided by the whole column, then by the other columns.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from regulars.sources.quoting import column
from regulars.sources.recognise import INTEGRAL, NUMERIC

ABSURD = 1e12

BLANKS = "||null|none|nan|nat|n/a|na|-|\\n|"
"""A list searched as text: the engine would make a join of every ``IN``."""

# The digits of a number, without its sign, its currency and the spaces and apostrophes between thousands.
_NUMBER = (
    r"^[(]?\s*[-+−]?\s*(?:\p{Sc}|[\p{L}]{1,3}\p{Sc}?)?\s*[-+−]?\s*"
    r"(\d[\d\s\x{a0}\x{202f}\x{2009}.,''’]*|[.,]\d+)"
    r"(?:\p{Sc}|[\p{L}]{1,4})?\s*[-)−]?$"
)

MACROS = (
    # A cell's text without its edges, or nothing where people write that there is nothing.
    f"""CREATE OR REPLACE TEMP MACRO regulars_text(v) AS CASE
        WHEN strlen(v) <= 6 AND contains('{BLANKS}', concat('|', lower(trim(v)), '|')) THEN NULL ELSE trim(v) END""",
    rf"""CREATE OR REPLACE TEMP MACRO regulars_digits(v) AS
        regexp_replace(regexp_extract(v, '{_NUMBER}', 1), '[^0-9.,]', '', 'g')""",
    r"""CREATE OR REPLACE TEMP MACRO regulars_unified(d, comma) AS CASE
        WHEN d IS NULL OR d = '' THEN NULL
        WHEN NOT contains(d, ',') AND NOT contains(d, '.') THEN d
        WHEN contains(d, ',') AND contains(d, '.') THEN CASE
            WHEN regexp_full_match(d, '\d{1,3}(\.\d{3})*,\d*') THEN replace(replace(d, '.', ''), ',', '.')
            WHEN regexp_full_match(d, '\d{1,3}(,\d{2,3})*\.\d*') THEN replace(d, ',', '') END
        WHEN contains(d, ',') THEN CASE
            WHEN regexp_full_match(d, '[1-9]\d{0,2}(,\d{3}){2,}') THEN replace(d, ',', '')
            WHEN regexp_full_match(d, '[1-9]\d{0,2},\d{3}') AND NOT comma THEN replace(d, ',', '')
            WHEN regexp_full_match(d, '\d*,\d*') THEN replace(d, ',', '.') END
        ELSE CASE
            WHEN regexp_full_match(d, '[1-9]\d{0,2}(\.\d{3}){2,}') THEN replace(d, '.', '')
            WHEN regexp_full_match(d, '[1-9]\d{0,2}\.\d{3}') AND comma THEN replace(d, '.', '')
            WHEN regexp_full_match(d, '\d*\.\d*') THEN d END END""",
    r"""CREATE OR REPLACE TEMP MACRO regulars_says_comma(v) AS contains(v, ',') AND
        regexp_matches(regulars_digits(v), '^\d*,(\d{1,2}|\d{4,})$|\.\d{3},|^0,\d+$')""",
    r"""CREATE OR REPLACE TEMP MACRO regulars_says_dot(v) AS contains(v, '.') AND
        regexp_matches(regulars_digits(v), '^\d*\.(\d{1,2}|\d{4,})$|,\d{3}\.|^0\.\d+$')""",
)


@dataclass(frozen=True, slots=True)
class Number:
    """How one column of numbers is read."""

    source: str
    type: str
    comma: bool = False
    largest: float = float("inf")
    """The largest magnitude of a typed column."""
    nulls: int = 0
    finite: bool = True

    @property
    def sound(self) -> bool:
        """Whether the whole column is known to hold usable numbers only (and blanks)."""
        return not self.written and self.finite and self.largest <= ABSURD

    @property
    def exact(self) -> bool:
        """Whether cells are decimals of at most four places, or whole."""
        found = re.fullmatch(r"DECIMAL\(\d+,\s*(\d+)\)", self.type)
        return self.sound and (bool(INTEGRAL.match(self.type)) or bool(found and int(found[1]) <= 4))

    @property
    def written(self) -> bool:
        """Whether cells are texts."""
        return not NUMERIC.match(self.type)

    def digits(self, cell: str) -> str:
        """SQL: the digits of a text that is not a number as programs write them; nothing for the others."""
        plain = "false" if self.comma else f"TRY_CAST({cell} AS DOUBLE) IS NOT NULL"
        return f"CASE WHEN NOT {plain} THEN regulars_digits({cell}) END"

    def value(self, cell: str, digits: str) -> str:
        """SQL: the number as DOUBLE, nothing for a blank or for what is not a number."""
        if self.written:
            plain = "NULL" if self.comma else f"TRY_CAST({cell} AS DOUBLE)"
            return f"""coalesce({plain}, TRY_CAST(regulars_unified({digits}, {str(self.comma).lower()}) AS DOUBLE)
                * CASE WHEN regexp_matches({cell}, '^\\(.*\\)$|[-−]') THEN -1 ELSE 1 END)"""
        if self.type.startswith(("DOUBLE", "FLOAT")):
            return f"CASE WHEN isfinite({cell}) THEN CAST({cell} AS DOUBLE) END"
        return f"CAST({cell} AS DOUBLE)"

    def bad(self, cell: str, value: str) -> str:
        """SQL: the cell says something that is not a number."""
        if self.type.startswith(("DOUBLE", "FLOAT")):
            return f"isinf({cell})"
        return f"({cell} IS NOT NULL AND {value} IS NULL)" if self.written else "false"


def survey(name: str, source: str, type_: str) -> dict[str, str]:
    """Return the aggregates that decide how a column is read."""
    if NUMERIC.match(type_):
        cell = column(source)
        floating = type_.startswith(("DOUBLE", "FLOAT"))
        return {
            f"{name}.low": f"min({cell})",
            f"{name}.high": f"max({cell})",
            f"{name}.n": f"count({cell})",
            f"{name}.finite": f"bool_and(isfinite({cell}))" if floating else "true",
        }
    cell = f"regulars_text({column(source)})"
    return {
        f"{name}.comma": f"count(*) FILTER (WHERE regulars_says_comma({cell}))",
        f"{name}.dot": f"count(*) FILTER (WHERE regulars_says_dot({cell}))",
    }


def decide(
    sources: Mapping[str, str], types: Mapping[str, str], seen: Mapping[str, Any]
) -> dict[str, Number]:
    """Decide for each column whether its comma is a decimal one; columns without evidence follow the others."""
    votes = {name: _votes(name, seen) for name in sources}
    everywhere = sum(votes.values()) > 0
    return {
        name: _number(name, source, types[source], seen, votes[name] > 0 if votes[name] else everywhere)
        for name, source in sources.items()
    }


def _number(name: str, source: str, type_: str, seen: Mapping[str, Any], comma: bool) -> Number:
    if f"{name}.n" not in seen:
        return Number(source, type_, comma)
    low, high = seen[f"{name}.low"], seen[f"{name}.high"]
    largest = 0.0 if low is None else max(abs(float(low)), abs(float(high)))
    finite = seen[f"{name}.finite"] is not False
    return Number(source, type_, False, largest, int(seen["rows"]) - int(seen[f"{name}.n"]), finite)


def _votes(name: str, seen: Mapping[str, Any]) -> int:
    return int(seen.get(f"{name}.comma", 0)) - int(seen.get(f"{name}.dot", 0))


def money(value: str) -> str:
    """SQL: a DOUBLE as money, rounded half up to four decimals."""
    return f"TRY_CAST({value} AS DECIMAL(18, 4))"
