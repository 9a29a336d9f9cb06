"""Which column is which: known exports by their header, all others by name, each guess checked against the cells."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from regulars.sources.headers import BY_NAME, LOOSE, NAMES, Name, fold
from regulars.sources.profiles import Profile, known_export
from regulars.sources.status import meaning

NUMERIC = re.compile(r"^(TINYINT|SMALLINT|INTEGER|BIGINT|HUGEINT|U[A-Z]*INT[A-Z]*|FLOAT|REAL|DOUBLE|DECIMAL)")
INTEGRAL = re.compile(r"^(TINYINT|SMALLINT|INTEGER|BIGINT|HUGEINT|U[A-Z]*INT[A-Z]*)")
TEMPORAL = re.compile(r"^(DATE|TIMESTAMP|DATETIME)")

_NUMBER = re.compile(
    r"^[\s(+-]*[^\d\s(+-]{0,4}[\s-]*\d[\d\s.,'’\u00a0\u202f]*(?:[eE][+-]?\d+)?[\s)-]*[^\d\s]{0,4}-?$"
)
_DATE = re.compile(
    r"^\D{0,12}\d{1,4}\s*([-/.]|年|\s)\s*(\d{1,2}|[^\W\d]{3,12})\.?,?\s*([-/.]|\s)\s*\d{1,4}"
    r"|^[^\W\d]{3,12}\.?\s+\d{1,2},?\s+\d{2,4}|^\d{8}([ T]?\d{4,6})?$|^\d{10}(\d{3})?$|^\d{5}(\.\d+)?$|^\d{8}T\d{4,6}"
)
_CLOCK = re.compile(r"^\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?(\s*[AaPp]\.?[Mm]\.?)?$")
_CURRENCY = re.compile(r"^\s*([A-Za-z]{3}|zł|€|\$|£|kč|kr)\s*$")
SHARE_NEEDED = 0.6
BLANK = frozenset({"", "null", "none", "nan", "nat", "n/a", "na", "-", "\\n"})


@dataclass(frozen=True)
class Recognised:
    """Which source column carries which canonical meaning, and the habits of the export it came from."""

    columns: dict[str, str]
    profile: Profile | None = None
    packed: tuple[str, ...] = ()
    forced: frozenset[str] = field(default_factory=frozenset)

    def get(self, name: str) -> str | None:
        """Return the source column of a canonical name."""
        return self.columns.get(name)


def recognise(
    columns: Sequence[str],
    types: Mapping[str, str],
    sample: Sequence[Mapping[str, Any]],
    given: Mapping[str, str],
) -> Recognised:
    """Decide for each canonical name which column carries it; ``given`` wins over every guess."""
    profile = known_export(tuple(columns))
    cells = {column: [row[column] for row in sample if not blank(row[column])] for column in columns}
    found: dict[str, str] = dict(given)
    taken = set(given.values())
    packed: tuple[str, ...] = ()
    never: set[str] = set()
    if profile:
        by_fold = {fold(column): column for column in reversed(columns)}
        for name, headers in profile.columns.items():
            column = next((by_fold[header] for header in headers if header in by_fold), None)
            if column is None:
                never.add(name)
            elif name not in found:
                found[name] = column
                taken.add(column)
        if profile.packed:
            start = profile.packed
            packed = tuple(c for c in columns if re.fullmatch(start + r"\d+", fold(c)))
            taken |= set(packed)
    wanted = [name for name in NAMES if name.name not in found and name.name not in never]
    found |= dict(_by_synonym(wanted, columns, types, cells, taken))
    _by_likeness(found, never, columns, types, cells, set(found.values()) | taken)
    return Recognised(found, profile, packed, frozenset(given))


def _by_synonym(
    wanted: Sequence[Name],
    columns: Sequence[str],
    types: Mapping[str, str],
    cells: Mapping[str, list[Any]],
    taken: set[str],
) -> list[tuple[str, str]]:
    """Assign the surest pairs of name and column first; each column once."""
    pairs = []
    for position, column in enumerate(columns):
        folded = {fold(column), re.sub(r"(usd|eur|gbp|pln|czk|zl)$", "", fold(column))}
        for name in wanted:
            ranks = [name.synonyms.index(word) for word in folded if word in name.synonyms]
            if ranks and fits(name, column, types[column], cells[column]):
                pairs.append((min(ranks), position, name.name, column))
    chosen: list[tuple[str, str]] = []
    names: set[str] = set()
    used = set(taken)
    for _, _, name_, column in sorted(pairs):
        if name_ not in names and column not in used:
            chosen.append((name_, column))
            names.add(name_)
            used.add(column)
    return chosen


def _by_likeness(
    found: dict[str, str],
    never: set[str],
    columns: Sequence[str],
    types: Mapping[str, str],
    cells: Mapping[str, list[Any]],
    taken: set[str],
) -> None:
    """Try headers that merely contain a telling word, for what is needed and still missing."""
    needed = ["ordered_at", *(() if found.keys() & {"customer_id", "email"} else ("email", "customer_id"))]
    if not found.keys() & {"amount", "order_total", "unit_price", "subtotal"}:
        needed += ["amount", "unit_price"]
    if "order_id" not in found:
        needed.append("order_id")
    for name in needed:
        if name in found or name in never or (name == "unit_price" and "amount" in found):
            continue
        for column in columns:
            if column in taken or not LOOSE[name].search(fold(column)) or not cells[column]:
                continue
            # A list of customers sums up all they ever spent; that is no order.
            if name == "amount" and re.search(r"totalspen|lifetime|todate", fold(column)):
                continue
            if name == "customer_id" and not _id_like(column, cells[column]):
                continue
            if fits(BY_NAME[name], column, types[column], cells[column], strict=True):
                found[name] = column
                taken.add(column)
                break


def _id_like(column: str, cells: Sequence[Any]) -> bool:
    """Tell an identifier from a description of the customer (a group, an age, a city)."""
    if re.search(r"group|type|segment|name|age|city|country|since|note|phone|zip|agent", fold(column)):
        return False
    return len({str(cell) for cell in cells}) >= min(3, len(cells))


def fits(name: Name, column: str, type_: str, cells: Sequence[Any], *, strict: bool = False) -> bool:
    """Tell whether a column's cells can be what its header claims; an empty column may be anything optional."""
    if not cells:
        return not strict
    texts = [str(cell).strip() for cell in cells]
    if name.kind == "moment":
        if TEMPORAL.match(type_):
            return True
        if NUMERIC.match(type_) and not INTEGRAL.match(type_) and not type_.startswith("DOUBLE"):
            return False
        texts = [re.sub(r"\.0$", "", text) for text in texts]
        return _share(texts, _DATE) >= SHARE_NEEDED
    if name.kind == "number":
        if TEMPORAL.match(type_) or type_ == "BOOLEAN":
            return False
        return bool(NUMERIC.match(type_)) or _share(texts, _NUMBER) >= SHARE_NEEDED
    if name.kind == "email":
        return sum("@" in text for text in texts) >= (SHARE_NEEDED if strict else 0.2) * len(texts)
    if name.kind == "clock":
        return type_.startswith("TIME") or _share(texts, _CLOCK) >= SHARE_NEEDED
    if name.kind == "flag":
        return all(text.lower() in FLAGS for text in texts)
    if name.name == "currency":
        return _share(texts, _CURRENCY) >= SHARE_NEEDED
    if name.name == "status":
        words = set(texts)
        known = sum(meaning(word) is not None for word in words)
        return (
            len(words) <= 60 and (known > 0 or "stat" in fold(column)) and not all(w.isdigit() for w in words)
        )
    if name.kind == "id":
        return type_ != "BOOLEAN" and not TEMPORAL.match(type_)
    return True


FLAGS = {
    **dict.fromkeys(("true", "yes", "y", "t", "1", "tak", "1.0"), True),
    **dict.fromkeys(("false", "no", "n", "f", "0", "nie", "0.0"), False),
}


def blank(cell: object) -> bool:
    """Tell whether a cell says nothing."""
    return cell is None or (isinstance(cell, float) and cell != cell) or str(cell).strip().lower() in BLANK


def _share(texts: Sequence[str], pattern: re.Pattern[str]) -> float:
    return sum(bool(pattern.match(text)) for text in texts) / len(texts)
