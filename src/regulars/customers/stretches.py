"""Where in a sorted list the people of a segment or tier stand: how many in each stretch of a thousand, so that a page skips what has none.

A list is walked by an index from its beginning, or from a cursor, until a page is full. Whoever stand at its end, or are in a segment and
a tier that hardly meet, would have it walked whole. With these counts no more than a stretch is walked for each row that is found.
"""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from django.db import connection
from django.db.models import Q

from regulars.store import bulk, database
from regulars.store.models import Stretches

ROWS = 1000
"""Customers in a stretch."""
FEW = 20_000
"""Segments of no more than so many are looked up by their members, and lists of no more than so many walked whole."""
KEY = "customer_id"
COLUMNS = ("clv_minor", "net_minor", "orders", "last_on", "p_alive", KEY)
"""What lists are sorted by; then by the key."""
_SCORES = pa.schema(
    [
        (KEY, pa.int64()),
        ("tier", pa.string()),
        *((name, pa.int64()) for name in ("clv_minor", "net_minor", "orders")),
        ("last_on", pa.string()),
        ("p_alive", pa.float64()),
    ]
)
_WRITTEN = ("run", "sort", "segment", "tier", "told")

Mark = tuple[Any, int]
"""A place in a list: the value that it is sorted by (a day as text) and the customer's key."""


class Span(NamedTuple):
    """A part of a list in rising order, from a mark on until before another; None is either end."""

    first: Mark | None = None
    beyond: Mark | None = None


def spans(
    run: int, column: str, segment: str, tier: str, *, falling: bool, after: Mark | None
) -> list[Span] | None:
    """Return the parts of a list in which people of a segment and tier stand, in the order of reading, from a cursor on.

    None where nothing is known of it: the list is short, or its run was published by an earlier version.
    """
    wanted = Q(segment="", tier="") | Q(segment=segment, tier=tier)
    some = Stretches.objects.filter(wanted, run=run, sort=column).values_list("segment", "tier", "told")
    told = {(each[0], each[1]): each[2] for each in some}
    if len(told) < 2:  # the marks and the counts
        return None
    marks = [(value, key) for value, key in told["", ""]]
    counts = told[segment, tier]
    here = None if after is None else max(bisect_right(marks, after) - 1, 0)
    places = range(len(marks)) if here is None else range(here + 1) if falling else range(here, len(marks))
    found = list(_joined([place for place in places if counts[place]], marks))
    return found[::-1] if falling else found


def _joined(places: list[int], marks: list[Mark]) -> Iterator[Span]:
    """Put neighbours together: they are walked in one go."""
    ends = [*marks[1:], None]
    start = 0
    for number, place in enumerate(places):
        if number + 1 == len(places) or places[number + 1] != place + 1:
            first = places[start]
            yield Span(marks[first] if first else None, ends[place])
            start = number + 1


def build(run: int) -> None:
    """Count anew where everybody of a run stands, from its scores and memberships; lists that are short need nothing."""
    rows = pa.concat_tables([_SCORES.empty_table(), *bulk.tables(_SCORES, _source(run))]).combine_chunks()
    told = list(_counted(run, rows)) if len(rows) > FEW else []
    with database.writing():
        Stretches.objects.filter(run=run).delete()
        bulk.insert("stretches", _WRITTEN, told)


def _source(run: int) -> str:
    names = (
        f"CAST({name} AS varchar(10)) AS {name}" if name == "last_on" else name for name in _SCORES.names
    )
    return f"(SELECT {', '.join(names)} FROM scores WHERE run = {int(run)} ORDER BY {KEY}) AS told"


def _counted(run: int, rows: pa.Table) -> Iterator[tuple[Any, ...]]:
    """Yield what is written: of each sorting its marks, and counts of every tier, large segment, and large segment in a tier."""
    groups = rows["tier"].combine_chunks().dictionary_encode()
    codes, tiers = groups.indices.to_numpy(), groups.dictionary.to_pylist()
    inside = {"": np.arange(len(rows))} | dict(_members(run, rows[KEY].to_numpy()))
    for column in COLUMNS:
        order = _order(rows, column)
        marks = rows.take(pa.array(order[::ROWS]))
        where = np.full(len(rows), -1)
        where[order] = np.arange(len(order)) // ROWS
        pairs = zip(marks[column].to_pylist(), marks[KEY].to_pylist(), strict=True)
        yield run, column, "", "", json.dumps([list(pair) for pair in pairs])
        for segment, members in inside.items():
            known = members[where[members] >= 0]
            if segment:
                yield run, column, segment, "", _counts(where[known], len(marks))
            for code, tier in enumerate(tiers):
                if tier:
                    yield run, column, segment, tier, _counts(where[known[codes[known] == code]], len(marks))


def _order(rows: pa.Table, column: str) -> Any:
    """Return the places of rows in the order of a list; whose value is not known is not in it."""
    keys = [(name, "ascending") for name in dict.fromkeys((column, KEY))]
    return pc.sort_indices(rows, sort_keys=keys).to_numpy()[: len(rows) - rows[column].null_count]


def _counts(places: Any, many: int) -> str:
    return json.dumps(np.bincount(places, minlength=many).tolist())


def _members(run: int, keys: Any) -> Iterator[tuple[str, Any]]:
    """Yield each large segment with the places of its members among the keys, which rise."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT segment, count(*) FROM memberships WHERE run = %s GROUP BY segment", [run])
        large = sorted(name for name, many in cursor.fetchall() if many > FEW)
    for name in large:
        parts = bulk.read("SELECT customer_id FROM memberships WHERE run = %s AND segment = %s", (run, name))
        some = np.array([key for part in parts for (key,) in part], dtype=np.int64)
        places = np.minimum(np.searchsorted(keys, some), len(keys) - 1)
        yield name, places[keys[places] == some]
