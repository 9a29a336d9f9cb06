"""Workbooks (.xlsx, .xls, .xlsb, .ods): the first sheet with a table, or the one that was named.

Numbers, dates and truth values become text in one spelling: ``12.5``, ``2024-03-01``, ``2024-03-01 10:30:00``, ``true``.
A column that has a time of day anywhere shows it everywhere.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from regulars.kit.errors import RegularsError
from regulars.kit.i18n import mark
from regulars.kit.progress import stage
from regulars.sources.files.desk import Desk, written_rows
from regulars.sources.files.header_rows import Header, find_header
from regulars.sources.files.lines import Lines
from regulars.sources.parts import FILE_COLUMN, ROW_COLUMN, FileRead, Part, unique_names
from regulars.sources.quoting import column, text

if TYPE_CHECKING:
    from python_calamine import CalamineSheet

_BATCH = 20_000


def read_workbook(path: Path, name: str, desk: Desk) -> Part:
    """Read one sheet as text.

    Raises ``source.locked`` for a password, ``source.corrupt``, ``source.sheet`` and ``source.no_rows``.
    """
    with stage(mark("Reading {name}"), name=name):
        sheet, header, clocked = _choose(path, name, desk)
        names = unique_names(header.names)
        target = desk.scratch(".parquet")
        total = _write(sheet, header, clocked, target, len(names))
    return _account(path, name, desk, target, sheet=sheet, header=header, names=names, total=total)


def _choose(path: Path, name: str, desk: Desk) -> tuple[CalamineSheet, Header, set[int]]:
    import python_calamine as calamine

    try:
        book = calamine.CalamineWorkbook.from_path(str(path))
        wanted = [desk.sheet] if desk.sheet else book.sheet_names
        if desk.sheet and desk.sheet not in book.sheet_names:
            raise RegularsError(
                "source.sheet",
                mark("{name} has no sheet {sheet!r}; it has: {sheets}."),
                hint=mark("Name one with --sheet."),
                name=name,
                sheet=desk.sheet,
                sheets=", ".join(map(repr, book.sheet_names)),
            )
        seen_header = False
        for title in wanted:
            sheet = book.get_sheet_by_name(title)
            header = find_header([[_shown(cell) for cell in row] for row in islice(sheet.iter_rows(), 200)])
            if header and header.width > 1:
                seen_header = True
                filled, clocked = _survey(sheet, header)
                if filled:
                    return sheet, header, clocked
    except RegularsError:
        raise
    except BaseException as error:  # calamine panics (a BaseException) on some damaged workbooks
        if isinstance(error, (KeyboardInterrupt, SystemExit)):
            raise
        raise _unreadable(path, name, error) from error
    if desk.sheet and seen_header:
        said = mark("The sheet {sheet!r} of {name} has a header but no rows.")
    elif desk.sheet:
        said = mark("The sheet {sheet!r} of {name} has no table in it.")
    else:
        said = mark("{name} has a header but no rows.") if seen_header else mark("{name} has no table in it.")
    raise RegularsError(
        "source.no_rows", said, hint=mark("Check the export."), name=name, sheet=desk.sheet or ""
    )


def _survey(sheet: CalamineSheet, header: Header) -> tuple[bool, set[int]]:
    """Tell whether any data row is filled, and which columns hold a time of day."""
    filled, clocked = False, set()
    for row in islice(sheet.iter_rows(), header.first_data, None):
        for place, cell in enumerate(row):
            filled = filled or cell not in {"", None}
            if type(cell) is dt.datetime and cell.time() != dt.time():
                clocked.add(place)
    return filled, clocked


def _write(sheet: CalamineSheet, header: Header, clocked: set[int], target: Path, width: int) -> int:
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = pa.schema([(f"c{i}", pa.string()) for i in range(width)])
    total = 0
    rows = islice(sheet.iter_rows(), header.first_data, None)
    with pq.ParquetWriter(target, schema, compression="lz4") as writer:
        for batch in _batches(rows):
            columns = list(zip(*([*row[:width], *[""] * (width - len(row))] for row in batch), strict=True))
            arrays = [
                pa.array([_shown(cell, clock=place in clocked) for cell in cells], pa.string())
                for place, cells in enumerate(columns)
            ]
            writer.write_table(pa.table(arrays, schema=schema))
            total += len(batch)
    return total


def _account(
    path: Path,
    name: str,
    desk: Desk,
    target: Path,
    *,
    sheet: CalamineSheet,
    header: Header,
    names: tuple[str, ...],
    total: int,
) -> Part:
    con, rows = desk.connection, written_rows(target)
    cells = [f"c{i}" for i in range(len(names))]
    empty = " AND ".join(f"{cell} IS NULL" for cell in cells)
    counts = con.execute(
        f"SELECT count(*) FILTER ({empty}), {', '.join(f'count({cell})' for cell in cells)} FROM {rows}"
    ).fetchone() or (0,)
    blank, filled = counts[0], counts[1:]
    kept = [i for i in range(len(names)) if header.names[i] or filled[i]]
    above = (sheet.start or (0, 0))[0]
    desk.lines[name] = Lines.steady(path, rows, header.first_data + above + 1, total)
    chosen = ", ".join(f"{cells[i]} AS {column(names[i])}" for i in kept)
    where = f" WHERE NOT ({empty})" if blank else ""
    columns = tuple(names[i] for i in kept)
    return Part(
        query=f"SELECT {chosen}, {text(name)} AS {FILE_COLUMN}, file_row_number + 1 AS {ROW_COLUMN} FROM {rows}{where}",
        columns=columns,
        types=dict.fromkeys(columns, "VARCHAR"),
        files=(
            FileRead(
                name=name,
                format="excel",
                bytes=path.stat().st_size,
                records=total - blank,
                blank=blank,
                header_line=0 if header.index is None else header.index + above + 1,
                sheet=sheet.name,
            ),
        ),
    )


def _shown(cell: Any, *, clock: bool = False) -> str | None:
    """Spell a cell; ``clock`` says that its column has times of day."""
    if isinstance(cell, str):
        return cell or None
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
    if isinstance(cell, dt.datetime):
        return cell.isoformat(sep=" ", timespec="seconds") if clock else cell.date().isoformat()
    if isinstance(cell, dt.date):
        return f"{cell.isoformat()} 00:00:00" if clock else cell.isoformat()
    if isinstance(cell, dt.time):
        return cell.isoformat(timespec="seconds")
    return None if cell is None else str(cell)


def _batches(rows: Iterator[list[Any]]) -> Iterator[list[list[Any]]]:
    while batch := list(islice(rows, _BATCH)):
        yield batch


def _unreadable(path: Path, name: str, error: BaseException) -> RegularsError:
    head = b""
    with path.open("rb") as handle:
        head = handle.read(1 << 20)
    said = str(error).lower()
    if "password" in said or "encrypt" in said or "EncryptedPackage".encode("utf-16-le") in head:
        return RegularsError(
            "source.locked",
            mark("{name} is protected by a password."),
            hint=mark("Save a copy without the password and give that."),
            name=name,
        )
    return RegularsError(
        "source.corrupt",
        mark("{name} is damaged: it cannot be opened as a workbook."),
        hint=mark("Save it again."),
        name=name,
    )
