"""When the shop ran promotions, from any table with a first and a last day."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from regulars.kit.errors import RegularsError
from regulars.kit.i18n import joined, mark
from regulars.sources import dates
from regulars.sources.headers import fold
from regulars.sources.quoting import column
from regulars.sources.raw import read_raw
from regulars.sources.reading import macros

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

    from regulars.lake import Workspace
    from regulars.sources.raw import Raw

NAMES = {
    "from": ("from", "start", "begin", "begins", "first day", "date from", "start date", "valid from", "od", "początek", "data od"),
    "until": ("until", "to", "end", "ends", "last day", "date to", "end date", "valid until", "valid to", "do", "koniec", "data do"),
    "name": ("name", "promotion", "title", "campaign", "label", "nazwa", "promocja", "akcja", "kampania"),
}  # fmt: skip


def read_promotions(origin: str | Path | Any, workspace: Workspace) -> pa.Table:
    """Read a table of promotions: ``from``, ``until``, ``name`` where the file has one, and ``row``, its line in the file.

    Days are read as those of orders are, in all the ways that people write them; a cell that is none stays as it is
    written, for whoever counts the days to complain of. Raises ``RegularsError`` without the two columns, or where the cells do not
    say which of two numbers is the day.
    """
    raw = read_raw(origin, workspace)
    seen = {fold(name): name for name in reversed(raw.columns)}
    found = {
        name: seen[fold(word)]
        for name, words in NAMES.items()
        for word in reversed(words)
        if fold(word) in seen
    }
    missing = [name for name in ("from", "until") if name not in found]
    if missing:
        raise RegularsError(
            "promotions.columns",
            mark("The table of promotions has no column for {missing}; its columns are: {columns}."),
            hint=mark("It needs the columns from and until, and may have a name."),
            missing=joined(missing, mark("{one} and {other}")),
            columns=", ".join(raw.columns),
        )
    connection = workspace.door.connection
    macros(connection)
    ends = [_day(connection, raw, found, name) for name in ("from", "until")]
    name = f", {column(found['name'])}::VARCHAR AS name" if "name" in found else ""
    table: pa.Table = connection.execute(
        f'SELECT {", ".join(ends)}{name}, line AS "row" FROM ({raw.with_lines(raw.relation)}) ORDER BY line'
    ).to_arrow_table()
    return table


def _day(connection: duckdb.DuckDBPyConnection, raw: Raw, found: dict[str, str], name: str) -> str:
    """SQL: the day of a cell as text, or the cell itself where it is none."""
    source, type_ = found[name], raw.types[found[name]]
    wanted = dates.survey(name, source, type_)
    values = connection.execute(f"SELECT {', '.join(wanted.values())} FROM {raw.relation}").fetchone() or ()
    told = dict(zip(wanted, values, strict=True))
    moment = dates.from_survey(name, source, type_, told)
    if moment is None:
        # Both columns are written alike: where one does not tell which number is the day, the other may.
        cells = [c for c in (found["from"], found["until"]) if raw.types[c] == "VARCHAR"]
        both = " UNION ALL ".join(f"SELECT {column(c)} AS cell FROM {raw.relation}" for c in cells)
        shapes = connection.execute(dates.shapes_query(f"({both})", "cell")).fetchall()
        offsets = bool(told[f"{name}.offsets"])
        moment = dates.from_shapes(source, type_, shapes, offsets=offsets, day_first=None, currency=None)
        if moment.doubt:
            raise RegularsError(
                "promotions.order",
                mark("The table of promotions does not say which of the numbers in its dates is the day."),
                hint=mark("Write days as 2025-12-31."),
            )
    # As the reader of orders calls its cells: a text is first freed of an offset.
    cell = f"regulars_text({column(source)})" if moment.written else column(source)
    read = f"CAST(CAST({moment.wall(cell, moment.bare(cell))} AS DATE) AS VARCHAR)"
    return f'coalesce({read}, CAST({column(source)} AS VARCHAR)) AS "{name}"'
