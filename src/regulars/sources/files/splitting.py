"""Let DuckDB split a plain text into cells, and keep it from what it cannot bear."""

from __future__ import annotations

import csv
import io
import mmap
from dataclasses import dataclass
from pathlib import Path

import duckdb

from regulars.kit.errors import RegularsError
from regulars.kit.i18n import mark
from regulars.kit.progress import stage
from regulars.sources.files import plain
from regulars.sources.files.desk import Desk
from regulars.sources.files.dialect import Dialect
from regulars.sources.files.lines import Loss
from regulars.sources.quoting import text

MAX_LINE = 2_000_000
_LONG = 1 << 16
_PROBES = 16
_MANY = 100_000


@dataclass
class Intake:
    """One attempt at one file."""

    path: Path
    """Plain UTF-8 text that DuckDB reads: the file itself, or a copy."""
    dialect: Dialect
    encoding: str
    line_end: bytes
    wrong: int = 0
    parallel: bool = True
    target: Path | None = None
    """The rows of the latest attempt."""


def split(taken: Intake, name: str, target: Path, desk: Desk) -> list[Loss]:
    """Let DuckDB split the file; return the lines it could not split, in order."""
    _refuse_monsters(taken, name)
    _refuse_rubble(taken, name)
    rejects, scans = f"raw_errors_{desk.token}", f"raw_scans_{desk.token}"
    con = desk.connection
    size = taken.path.stat().st_size
    statement = f"COPY (SELECT * FROM {_scan(taken, rejects, scans)}) TO {text(str(target))} (FORMAT parquet, COMPRESSION lz4_raw)"
    try:
        with desk.in_order(), desk.patience(name, size), stage(mark("Reading {name}"), name=name):
            con.execute(statement)
        found = con.execute(
            f"SELECT line_byte_position, min(error_type), coalesce(left(min(csv_line), 200), '') FROM {rejects} "
            "GROUP BY 1 ORDER BY 1"
        ).fetchall()
        return list(map(Loss._make, found))
    except duckdb.InvalidInputException as error:
        if "invalid state" not in str(error) or taken.line_end == b"":
            raise _unreadable(name, error) from error
        return split(_evened(taken, name, desk), name, target, desk)
    except duckdb.Error as error:
        raise _unreadable(name, error) from error
    finally:
        for table in (rejects, scans):
            con.execute(f"DROP TABLE IF EXISTS {table}")


def _evened(taken: Intake, name: str, desk: Desk) -> Intake:
    """Copy the file with one kind of line end, for some lines end differently from those of the sample."""
    copy = desk.scratch(".csv")
    plain.write_plain(taken.path, name, copy, compression=None, encoding="utf-8")
    taken.path, taken.line_end = copy, b""
    return taken


def _scan(taken: Intake, rejects: str, scans: str) -> str:
    dialect = taken.dialect
    columns = ", ".join(f"'c{i}': 'VARCHAR'" for i in range(len(dialect.names)))
    options = {
        "auto_detect": "false",
        "header": "false",
        "skip": str(dialect.skip),
        "columns": f"{{{columns}}}",
        "delim": text(dialect.delimiter),
        "quote": text(dialect.quote),
        "escape": text(dialect.escape),
        "null_padding": str(len(dialect.names) > dialect.width).lower(),
        "strict_mode": "true",
        "store_rejects": "true",
        "rejects_table": text(rejects),
        "rejects_scan": text(scans),
        "rejects_limit": "0",
        "max_line_size": str(MAX_LINE),
        "parallel": str(taken.parallel and len(dialect.names) <= dialect.width).lower(),
        "compression": "'none'",
    }
    return f"read_csv({text(str(taken.path))}, {', '.join(f'{key} = {value}' for key, value in options.items())})"


def _refuse_monsters(taken: Intake, name: str) -> None:
    """Look at lines longer than 64 KB before DuckDB does: it needs quadratic time for a line of a million cells.

    Touches one place every 64 KB only, so it costs next to nothing.
    """
    end = taken.line_end or b"\n"
    allowed = 4 * len(taken.dialect.names) + 1000
    with taken.path.open("rb") as handle, mmap.mmap(handle.fileno(), 0, access=mmap.ACCESS_READ) as content:
        place, size = 0, len(content)
        while place < size:
            found = content.find(end, place, place + _LONG)
            if found >= 0:
                place = max(found + 1, place + _LONG // 2)
                continue
            start = content.rfind(end, max(0, place - _LONG), place) + 1
            stop = content.find(end, place, start + plain.LONGEST_LINE)
            if stop < 0 and size - start > plain.LONGEST_LINE:
                raise plain.endless_line(name, plain.LONGEST_LINE)
            stop = size if stop < 0 else stop
            cells = content[start:stop].count(taken.dialect.delimiter.encode())
            if cells > allowed:
                raise RegularsError(
                    "source.monster_line",
                    mark("A line of {name} has {cells:,} cells where the others have {width}."),
                    hint=mark("Look for missing line ends, or export it again."),
                    name=name,
                    cells=cells,
                    width=taken.dialect.width,
                )
            place = stop + 1


def _refuse_rubble(taken: Intake, name: str) -> None:
    """Look at sixteen places of a file before DuckDB does: it needs minutes for millions of broken lines.

    Cells that span lines make such a look unreliable, so files that have them are only guarded by patience.
    """
    dialect, size = taken.dialect, taken.path.stat().st_size
    if dialect.multiline or not dialect.quote or size < _PROBES * _LONG:
        return
    good, bad, seen, first = 0, 0, 0, ""
    with taken.path.open("rb") as handle:
        for probe in range(_PROBES):
            handle.seek(size * probe // _PROBES)
            piece = handle.read(_LONG // 2).decode("utf-8", errors="replace")
            seen += len(piece)
            for row in _cells(piece, dialect):
                if len(row) in {dialect.width, len(dialect.names)}:
                    good += 1
                elif row:
                    bad, first = bad + 1, first or dialect.delimiter.join(row)
    if bad * size / seen > _MANY and 3 * bad > good:
        raise RegularsError(
            "source.no_structure",
            mark(
                "About {share:.0%} of the lines of {name} cannot be split into {width} cells, for example {first!r}."
            ),
            hint=mark("Look for quotes that do not close, or export it again."),
            share=bad / (good + bad),
            name=name,
            width=dialect.width,
            first=first[:80],
        )


def _cells(piece: str, dialect: Dialect) -> list[list[str]]:
    """Split the whole lines in the middle of a piece of text."""
    whole = piece[piece.find("\n") + 1 : piece.rfind("\n") + 1]
    reader = csv.reader(io.StringIO(whole, newline=""), delimiter=dialect.delimiter, quotechar=dialect.quote)
    try:
        return list(reader)
    except csv.Error:
        return []


def _unreadable(name: str, error: Exception) -> RegularsError:
    first = str(error).strip().splitlines()[0][:200]
    if "No space left" in str(error) or "Out of Memory" in str(error):
        return RegularsError(
            "source.disk",
            mark("There is no room to read {name}: {first}"),
            hint=mark("Free some disk space."),
            name=name,
            first=first,
        )
    return RegularsError(
        "source.unreadable",
        mark("{name} cannot be read as CSV: {first}"),
        hint=mark("Export it again."),
        name=name,
        first=first,
    )
