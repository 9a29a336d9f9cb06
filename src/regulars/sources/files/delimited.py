"""CSV in every dialect becomes an ordered Parquet file of untouched text, and broken lines become rejects."""

from __future__ import annotations

import mmap
from dataclasses import dataclass
from pathlib import Path

import duckdb

from regulars.kit.errors import RegularsError
from regulars.kit.i18n import mark
from regulars.kit.progress import stage
from regulars.sources.files import plain
from regulars.sources.files.desk import Desk, written_rows
from regulars.sources.files.dialect import Dialect, sniff
from regulars.sources.files.encodings import encoding_of, legacy_encoding
from regulars.sources.files.kinds import SAMPLE_BYTES, not_a_table
from regulars.sources.files.lines import Lines, physical_lines
from regulars.sources.parts import FILE_COLUMN, ROW_COLUMN, FileRead, Part, unique_names
from regulars.sources.quoting import column, text

MAX_LINE = 2_000_000
_LONG = 1 << 16

REASONS = {
    "MISSING COLUMNS": mark("too few cells"),
    "TOO MANY COLUMNS": mark("too many cells"),
    "UNQUOTED VALUE": mark("a quote is not closed, or not doubled inside a quoted cell"),
    "LINE SIZE OVER MAXIMUM": mark("the line is longer than 2 MB"),
    "INVALID ENCODING": mark("the text is not valid in the file's encoding"),
}
BROKEN = mark("the line cannot be split into cells")


@dataclass
class _Intake:
    """One attempt at one file."""

    path: Path
    """Plain UTF-8 text that DuckDB reads: the file itself, or a copy."""
    dialect: Dialect
    encoding: str
    line_end: bytes
    wrong: int = 0
    parallel: bool = True


def read_delimited(path: Path, name: str, desk: Desk, *, compression: str | None = None) -> Part:
    """Read a CSV; cells stay text, empty cells are NULL, rows of empty cells are left out."""
    sample = plain.read_start(path, name, compression, SAMPLE_BYTES)
    whole = len(sample) < SAMPLE_BYTES
    seen = sample if whole else sample[: sample.rfind(b"\n") + 1] + _elsewhere(path, compression)
    encoding = encoding_of(seen, wanted=desk.encoding, whole=whole)
    taken = _prepare(path, name, desk, sample, encoding, whole=whole, compression=compression)
    target = desk.scratch(".parquet")
    errors = _copy(taken, name, target, desk)
    if not desk.encoding and sample.isascii() and any(error == "INVALID ENCODING" for _, error, _ in errors):
        encoding = legacy_encoding(_bytes_at(taken.path, [place for place, _, _ in errors[:1000]]))
        taken = _prepare(path, name, desk, sample, encoding, whole=whole, compression=compression)
        errors = _copy(taken, name, target, desk)
    if errors and taken.parallel and taken.path.stat().st_size > 8 << 20:
        # A broken quote can make parallel readers disagree about where rows begin; one reader cannot.
        taken.parallel = False
        errors = _copy(taken, name, target, desk)
    return _account(taken, name, desk, target, errors, path=path, compression=compression)


def _prepare(
    path: Path, name: str, desk: Desk, sample: bytes, encoding: str, *, whole: bool, compression: str | None
) -> _Intake:
    decoded = sample.decode(encoding, errors="replace")
    if "\0" in decoded[:4096] or decoded[:4096].count("\ufffd") > 400:
        raise not_a_table(name, "a binary file")
    line_end = plain.line_end_of(sample)
    if not whole and line_end not in sample and encoding in {"utf-8", "utf-8-sig"}:
        raise plain.endless_line(name, len(sample))
    dialect = sniff(decoded, name, whole=whole, delimiter=desk.delimiter)
    titles = dialect.header_line - 1
    quoted_titles = titles > 0 and any(
        mark_ in line for line in decoded.splitlines()[:titles] for mark_ in "\"'"
    )
    mixed = b"\r\n" in sample and sample.count(b"\r\n") != sample.count(b"\n")
    if (
        compression is None
        and encoding in {"utf-8", "utf-8-sig"}
        and not quoted_titles
        and not mixed
        and line_end == b"\n"
    ):
        return _Intake(path, dialect, encoding, line_end, parallel=not dialect.multiline)
    copy = desk.scratch(".csv")
    with stage(f"Unpacking {name}"):
        wrong = plain.write_plain(
            path,
            name,
            copy,
            compression=compression,
            encoding=encoding,
            drop_lines=max(0, titles) if quoted_titles else 0,
        )
    return _Intake(copy, dialect, encoding, b"\n", wrong, parallel=not dialect.multiline)


def _copy(taken: _Intake, name: str, target: Path, desk: Desk) -> list[tuple[int, str, str]]:
    """Let DuckDB split the file; return (byte offset, kind, snippet) of each line it could not split, in order."""
    _refuse_monsters(taken, name)
    rejects, scans = f"raw_errors_{desk.token}", f"raw_scans_{desk.token}"
    con = desk.connection
    size = taken.path.stat().st_size
    statement = f"COPY (SELECT * FROM {_scan(taken, rejects, scans)}) TO {text(str(target))} (FORMAT parquet, COMPRESSION lz4_raw)"
    try:
        with desk.in_order(), desk.patience(name, size), stage(f"Reading {name}"):
            con.execute(statement)
        return con.execute(
            f"SELECT line_byte_position, min(error_type), coalesce(left(min(csv_line), 200), '') FROM {rejects} "
            "GROUP BY 1 ORDER BY 1"
        ).fetchall()
    except duckdb.InvalidInputException as error:
        if "invalid state" not in str(error) or taken.line_end == b"":
            raise _unreadable(name, error) from error
        return _copy(_evened(taken, name, desk), name, target, desk)
    except duckdb.Error as error:
        raise _unreadable(name, error) from error
    finally:
        for table in (rejects, scans):
            con.execute(f"DROP TABLE IF EXISTS {table}")


def _evened(taken: _Intake, name: str, desk: Desk) -> _Intake:
    """Copy the file with one kind of line end, for some lines end differently from those of the sample."""
    copy = desk.scratch(".csv")
    plain.write_plain(taken.path, name, copy, compression=None, encoding="utf-8")
    taken.path, taken.line_end = copy, b""
    return taken


def _scan(taken: _Intake, rejects: str, scans: str) -> str:
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


def _refuse_monsters(taken: _Intake, name: str) -> None:
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
                    f"A line of {name} has {cells:,} cells where the others have {taken.dialect.width}.",
                    hint="Look for missing line ends, or export it again.",
                )
            place = stop + 1


def _account(
    taken: _Intake,
    name: str,
    desk: Desk,
    target: Path,
    errors: list[tuple[int, str, str]],
    *,
    path: Path,
    compression: str | None,
) -> Part:
    con, dialect = desk.connection, taken.dialect
    cells = [f"c{i}" for i in range(len(dialect.names))]
    empty = " AND ".join(f"{cell} IS NULL" for cell in cells)
    rows = written_rows(target)
    total, blank = con.execute(f"SELECT count(*), count(*) FILTER ({empty}) FROM {rows}").fetchone() or (0, 0)
    records = total - blank
    if records == 0 or len(errors) > records:
        raise _nothing_kept(name, dialect, records, errors)
    lines = Lines(taken.path, rows, tuple(cells), dialect.first_line, total, tuple(errors))
    places = physical_lines(taken.path, [place for place, _, _ in errors])
    if any(kind == "UNQUOTED VALUE" for _, kind, _ in errors):
        _refuse_swallowed(lines, desk, name, places, errors)
    desk.lines[name] = lines
    if taken.path != path:
        lines.settle(con)
        taken.path.unlink()
    con.executemany(
        f"INSERT INTO {desk.rejects} VALUES (?, ?, NULL, ?, ?)",
        [
            (name, line, snippet.lstrip("\r\n"), REASONS.get(kind, BROKEN))
            for line, (_, kind, snippet) in zip(places, errors, strict=True)
        ],
    ) if errors else None
    unnamed = [cell for cell, title in zip(cells, dialect.names, strict=True) if not title]
    used = set(cells)
    if unnamed:
        counts = (
            con.execute(f"SELECT {', '.join(f'count({cell})' for cell in unnamed)} FROM {rows}").fetchone()
            or ()
        )
        used -= {cell for cell, filled in zip(unnamed, counts, strict=True) if not filled}
    titles = dict(zip(cells, unique_names(dialect.names), strict=True))
    chosen = [f"{cell} AS {column(titles[cell])}" for cell in cells if cell in used]
    where = f" WHERE NOT ({empty})" if blank else ""
    columns = tuple(titles[cell] for cell in cells if cell in used)
    notes = list(dialect.notes)
    if taken.wrong:
        notes.append(f"{taken.wrong} characters are wrong in {taken.encoding}")
    return Part(
        query=(
            f"SELECT {', '.join(chosen)}, {text(name)} AS {FILE_COLUMN}, file_row_number + 1 AS {ROW_COLUMN} FROM {rows}{where}"
        ),
        columns=columns,
        types=dict.fromkeys(columns, "VARCHAR"),
        files=(
            FileRead(
                name=name,
                format="csv",
                bytes=path.stat().st_size,
                records=records,
                rejected=len(errors),
                blank=blank,
                encoding=taken.encoding,
                delimiter=dialect.delimiter,
                quote=dialect.quote,
                header_line=dialect.header_line,
                compression=compression,
                notes=tuple(notes),
            ),
        ),
    )


def _nothing_kept(
    name: str, dialect: Dialect, records: int, errors: list[tuple[int, str, str]]
) -> RegularsError:
    if not errors:
        return RegularsError(
            "source.no_rows",
            f"{name} has a header ({len(dialect.names)} columns) but no rows below it.",
            hint="Check the dates of the export.",
        )
    return RegularsError(
        "source.no_structure",
        f"Only {records:,} of {records + len(errors):,} lines of {name} can be split into {len(dialect.names)} cells; "
        f"the first that cannot: {errors[0][2].strip()[:80]!r}.",
        hint="Name the character between the cells with --delimiter, or look for quotes that do not close.",
    )


def _refuse_swallowed(
    lines: Lines, desk: Desk, name: str, places: list[int], errors: list[tuple[int, str, str]]
) -> None:
    """A quote that opens and never closes can swallow the rest of a file; that is no small loss to be counted."""
    missing = lines.unaccounted(desk.connection)
    if missing > max(100, lines.total // 100):
        line = next(
            line for line, (_, kind, _) in zip(places, errors, strict=True) if kind == "UNQUOTED VALUE"
        )
        raise RegularsError(
            "source.unclosed_quote",
            f"The quote in line {line:,} of {name} does not close and swallows about {missing:,} lines.",
            hint="Close or remove that quote, or export the file again.",
        )


def _unreadable(name: str, error: Exception) -> RegularsError:
    first = str(error).strip().splitlines()[0][:200]
    if "No space left" in str(error) or "Out of Memory" in str(error):
        return RegularsError(
            "source.disk", f"There is no room to read {name}: {first}", hint="Free some disk space."
        )
    return RegularsError(
        "source.unreadable", f"{name} cannot be read as CSV: {first}", hint="Export it again."
    )


def _elsewhere(path: Path, compression: str | None) -> bytes:
    """Return whole lines from a few other places of a plain file, for letters often come late."""
    if compression:
        return b""
    size, pieces = path.stat().st_size, []
    with path.open("rb") as handle:
        for part in range(1, 9):
            handle.seek(size * part // 9)
            piece = handle.read(1 << 16)
            begin, end = piece.find(b"\n") + 1, piece.rfind(b"\n") + 1
            pieces.append(piece[begin:end])
    return b"".join(pieces)


def _bytes_at(path: Path, places: list[int]) -> bytes:
    pieces = []
    with path.open("rb") as handle:
        for place in places:
            handle.seek(max(0, place - 1))
            pieces.append(handle.readline(2000))
    return b"".join(pieces)
