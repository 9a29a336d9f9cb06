"""Rejected rows as the file has them, for people to correct, and what they corrected in place of what the file says.

Corrections never make a file of their own: which of day and month comes first, what a comma means and whose order is whose is decided by
the whole source again, with the corrected rows in it. So a source that was loaded with corrections is loaded as if it had been right at once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from regulars.kit.errors import RegularsError
from regulars.kit.i18n import mark
from regulars.sources.intake import REASONS
from regulars.sources.quoting import column, text
from regulars.sources.raw import read_raw

if TYPE_CHECKING:
    from regulars.lake import Workspace
    from regulars.sources.raw import Raw

ROW, WHY = "row in the file", "what is wrong"
"""Columns that stand before those of the file."""
FILE = "rejected-rows.parquet"
MOST = 10_000
"""Rejected rows that are kept for correction: more than that are no slips of the hand."""


def write(raw: Raw, columns: Mapping[str, str], folder: Path) -> None:
    """Write the rejected rows as the file has them, all cells as text, each with its number and what is wrong with it.

    ``columns`` says by which column of the file each canonical one was read.
    """
    names = " ".join(f"WHEN {text(name)} THEN {text(source)}" for name, source in columns.items())
    name = f"CASE split_part(b.why, ':', 1) {names} ELSE split_part(b.why, ':', 1) END"
    cells = ", ".join(f"CAST(s.{column(name)} AS VARCHAR) AS {column(name)}" for name in raw.columns)
    reasons = " ".join(f"WHEN {text(code)} THEN {text(reason)}" for code, reason in REASONS.items())
    why = f"{name} || ': ' || CASE split_part(b.why, ':', 2) {reasons} ELSE split_part(b.why, ':', 2) END"
    raw.workspace.door.connection.execute(
        f"""COPY (SELECT s.{raw.row_column} AS {column(ROW)}, {why} AS {column(WHY)}, {cells}
            FROM {raw.relation} s JOIN (SELECT f, r, min(why) AS why FROM regulars_filled WHERE why IS NOT NULL GROUP BY f, r) b
            ON s.{raw.row_column} = b.r AND s.{raw.file_column} = b.f ORDER BY 1 LIMIT {MOST})
            TO {text(str(folder / FILE))} (FORMAT parquet, COMPRESSION zstd)"""
    )


def applied(raw: Raw, files: Sequence[Path], workspace: Workspace) -> tuple[Raw, int]:
    """Return the source with corrected rows in place of its own, and how many; a later file of corrections beats an earlier one.

    A file of corrections is a table (CSV, Excel …) with the column ``row in the file`` and columns of the source; columns that it does not have stay
    as they are, rows that it does not have too. Raises :class:`RegularsError` (``source.corrections``) for what is no such table.
    """
    found = raw
    for number, path in enumerate(files):
        found = _one(found, read_raw(path, workspace), path.name, f"{raw.relation}_corrected{number}")
    if not files:
        return raw, 0
    connection = raw.workspace.door.connection
    tables = " UNION ".join(
        f"SELECT key FROM {raw.relation}_corrected{number}_rows" for number in range(len(files))
    )
    (rows,) = connection.execute(f"SELECT count(*) FROM ({tables})").fetchone() or (0,)
    return found, int(rows)


def _one(raw: Raw, told: Raw, name: str, relation: str) -> Raw:
    connection = raw.workspace.door.connection
    theirs = {title.casefold(): title for title in told.columns}
    key = theirs.get(ROW)
    shared = [title for title in raw.columns if title.casefold() in theirs]
    if key is None or not shared:
        raise _wrong(name)
    cells = ", ".join(f"{_plain(theirs[title.casefold()])} AS {column(title)}" for title in shared)
    number = f"TRY_CAST(trim(CAST({column(key)} AS VARCHAR)) AS BIGINT)"
    connection.execute(
        f"""CREATE TABLE {relation}_rows AS SELECT {number} AS key, {cells} FROM {told.relation}
            QUALIFY row_number() OVER (PARTITION BY {number} ORDER BY {told.row_column} DESC) = 1"""
    )
    (strange,) = connection.execute(
        f"SELECT count(*) FROM {relation}_rows WHERE key IS NULL OR key NOT IN (SELECT {raw.row_column} FROM {raw.relation})"
    ).fetchone() or (0,)
    if strange:
        raise _wrong(name)
    mended = ", ".join(
        f"CASE WHEN k.key IS NULL THEN r.{column(title)} ELSE TRY_CAST(k.{column(title)} AS {raw.types[title]}) END AS {column(title)}"
        for title in shared
    )
    connection.execute(
        f"""CREATE VIEW {relation} AS SELECT r.* REPLACE ({mended})
            FROM {raw.relation} r LEFT JOIN {relation}_rows k ON r.{raw.row_column} = k.key"""
    )
    return replace(raw, relation=relation)


def _plain(title: str) -> str:
    """SQL: a cell as it was written for a spreadsheet, without the apostrophe that kept it from being a formula."""
    cell = f"CAST({column(title)} AS VARCHAR)"
    return rf"CASE WHEN regexp_matches({cell}, '^''\s*[=+@\t\r\n-]') THEN substr({cell}, 2) ELSE {cell} END"


def _wrong(name: str) -> RegularsError:
    return RegularsError(
        "source.corrections",
        mark("{name} does not say which rows of the source it corrects."),
        hint=mark(
            'Take the rejected rows of this very load, correct their cells, and keep the column "{column}" and the header as they are.'
        ),
        name=name,
        column=ROW,
    )
