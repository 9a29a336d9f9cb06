"""Ids of orders, customers and products: numbers pass as they are, texts lose what spreadsheets did to them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from regulars.sources.quoting import column
from regulars.sources.recognise import INTEGRAL, NUMERIC

MACROS = (
    # Spreadsheets and shops put an apostrophe before an id to keep it a text.
    """CREATE OR REPLACE TEMP MACRO regulars_id(v) AS
        CASE WHEN v[1] = '''' THEN nullif(ltrim(v, ''''), '') ELSE v END""",
    """CREATE OR REPLACE TEMP MACRO regulars_key(v) AS CAST(hash(v) >> 1 AS BIGINT)""",
)


@dataclass(frozen=True, slots=True)
class Id:
    """How one column of ids is read."""

    source: str
    type: str
    whole: bool
    """Every id is a whole number ≥ 0 without leading zeros, so the number itself is the key."""
    floating: bool = False
    """Whole numbers that a spreadsheet wrote as ``17850.0``."""
    nulls: int = 0
    zeros: int = 0
    verbatim: bool = False
    """Codes that differ by a blank at their end are different codes (stock codes as published ones are counted)."""

    @property
    def written(self) -> bool:
        """Whether cells are texts."""
        return not NUMERIC.match(self.type)

    def clean(self, cell: str) -> str:
        """SQL: a text id without what spreadsheets did to it."""
        shown = f"regulars_id(regulars_text({cell}))"
        if self.verbatim and not self.whole:
            return f"CASE WHEN {shown} IS NOT NULL THEN regulars_id({cell}) END"
        return shown

    def value(self, cell: str) -> str:
        """SQL: the id as BIGINT if ``whole``, else as VARCHAR; nothing for a blank."""
        if not self.written:
            return f"CAST({cell} AS {'BIGINT' if self.whole else 'VARCHAR'})"
        if self.floating:
            cell = f"split_part({cell}, '.', 1)"
        return f"TRY_CAST({cell} AS BIGINT)" if self.whole else cell


def survey(name: str, source: str, type_: str) -> dict[str, str]:
    """Return the aggregates that decide how a column is read."""
    cell = column(source)
    if INTEGRAL.match(type_):
        return {
            f"{name}.low": f"min({cell})",
            f"{name}.high": f"max({cell})",
            f"{name}.n": f"count({cell})",
            f"{name}.zeros": f"count(*) FILTER (WHERE {cell} = 0)",
        }
    if NUMERIC.match(type_):
        return {
            f"{name}.whole": f"bool_and({cell} >= 0 AND {cell} = floor({cell}) AND {cell} < 9e15)",
            f"{name}.n": f"count({cell})",
            f"{name}.zeros": f"count(*) FILTER (WHERE {cell} = 0)",
        }
    cell = f"regulars_id(regulars_text(CAST({cell} AS VARCHAR)))"
    return {
        f"{name}.whole": f"bool_and(regexp_full_match({cell}, '0|[1-9][0-9]{{0,17}}'))",
        f"{name}.floating": f"bool_and(regexp_full_match({cell}, '(0|[1-9][0-9]{{0,17}})(\\.0+)?'))",
        f"{name}.n": f"count({cell})",
        f"{name}.zeros": f"count(*) FILTER (WHERE {cell} IN ('0', '0.0'))",
    }


def decide(name: str, source: str, type_: str, seen: Mapping[str, Any]) -> Id:
    """Decide how a column of ids is read."""
    nulls = int(seen["rows"]) - int(seen[f"{name}.n"])
    zeros = int(seen[f"{name}.zeros"])
    if INTEGRAL.match(type_):
        low, high = seen[f"{name}.low"], seen[f"{name}.high"]
        whole = low is not None and low >= 0 and high < 2**63
        return Id(source, type_, whole, nulls=nulls, zeros=zeros)
    whole = bool(seen[f"{name}.whole"])
    floating = not whole and bool(seen.get(f"{name}.floating"))
    verbatim = name == "product_id"
    return Id(source, type_, whole or floating, floating, nulls=nulls, zeros=zeros, verbatim=verbatim)
