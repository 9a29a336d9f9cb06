"""What each group of customers is expected to bring: a table a grouping, its intervals drawn on one scale."""

from __future__ import annotations

from datetime import date

from regulars.report.groupings import Grouping, GroupTotal
from regulars.report.speech import Speech
from regulars.report.view import Cell, Column, Table


def table(found: Grouping, speech: Speech) -> Table:
    """Lay a grouping out; the sum of small groups has no bar, as it would dwarf the others."""
    t = speech.t
    top = max((row.high for row in found.rows if row.groups <= 1), default=0.0)
    rows = []
    for row in found.rows:
        shown = row.groups <= 1 and top > 0
        reach = (max(row.low, 0.0) / top, max(row.expected, 0.0) / top, row.high / top) if shown else None
        rows.append(
            (
                _title(row, found.name, speech),
                Cell(
                    speech.money(row.expected),
                    note=f"{speech.money(row.low)} – {speech.money(row.high)}",
                    reach=reach,
                ),
            )
        )
    columns = (Column(t("Group"), False), Column(t("All of them")))
    return Table(speech.say(found.title), columns, tuple(rows))


def _title(row: GroupTotal, grouping: str, speech: Speech) -> Cell:
    each = speech.money(row.expected / row.customers) if row.customers else "–"
    note = speech.t("{customers}, {each} each", customers=speech.customers(row.customers), each=each)
    return Cell(_name(row, grouping, speech), note=note)


def _name(row: GroupTotal, grouping: str, speech: Speech) -> str:
    if row.groups > 1:
        return speech.t("and {count} more", count=speech.count(row.groups))
    if isinstance(row.title, date):
        return speech.month(row.title)
    if row.title is not None:
        return speech.say(row.title)
    if row.name is not None:
        return speech.country(row.name) if grouping == "country" else row.name
    return speech.t("not told")
