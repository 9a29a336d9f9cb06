"""CSV in every dialect becomes an ordered Parquet file of untouched text, and broken lines become rejects."""

from __future__ import annotations

from pathlib import Path

from regulars.kit.i18n import mark
from regulars.kit.progress import stage
from regulars.sources.files import plain
from regulars.sources.files.desk import Desk, written_rows
from regulars.sources.files.dialect import sniff
from regulars.sources.files.encodings import encoding_of, legacy_encoding
from regulars.sources.files.kinds import SAMPLE_BYTES, not_a_table
from regulars.sources.files.lines import Lines
from regulars.sources.files.losses import list_losses, refuse_loss, swallowed
from regulars.sources.files.splitting import Intake, split
from regulars.sources.parts import FILE_COLUMN, ROW_COLUMN, FileRead, Part, unique_names
from regulars.sources.quoting import column, text


def read_delimited(path: Path, name: str, desk: Desk, *, compression: str | None = None) -> Part:
    """Read a CSV; cells stay text, empty cells are NULL, rows of empty cells are left out."""
    sample = plain.read_start(path, name, compression, SAMPLE_BYTES)
    whole = len(sample) < SAMPLE_BYTES
    seen = sample if whole else sample[: sample.rfind(b"\n") + 1] + _elsewhere(path, compression)
    encoding = encoding_of(seen, wanted=desk.encoding, whole=whole)
    taken = _prepare(path, name, desk, sample, encoding, whole=whole, compression=compression)
    lines = _split(taken, name, desk)
    if (
        not desk.encoding
        and sample.isascii()
        and any(loss.kind == "INVALID ENCODING" for loss in lines.losses)
    ):
        encoding = legacy_encoding(_bytes_at(taken.path, [loss.place for loss in lines.losses[:1000]]))
        if taken.target:
            taken.target.unlink()
        taken = _prepare(path, name, desk, sample, encoding, whole=whole, compression=compression)
        lines = _split(taken, name, desk)
    refuse_loss(name, lines.total, len(lines.cells), lines.losses)
    missing = lines.unaccounted(desk.connection)
    if taken.parallel and (missing or any(taken.dialect.quote in loss.snippet for loss in lines.losses)):
        # A broken quote can make parallel readers disagree about where rows begin; one reader cannot.
        taken.parallel = False
        lines = _split(taken, name, desk)
        missing = lines.unaccounted(desk.connection)
    if missing > 0:
        lines.losses = tuple(sorted({*lines.losses, swallowed(name, lines, desk, missing)}))
    return _account(taken, name, desk, lines, path=path, compression=compression)


def _split(taken: Intake, name: str, desk: Desk) -> Lines:
    """Split into a Parquet file of columns c0, c1, …, and count."""
    if taken.target:
        taken.target.unlink(missing_ok=True)
    taken.target = desk.scratch(".parquet")
    losses = split(taken, name, taken.target, desk)
    rows, dialect = written_rows(taken.target), taken.dialect
    counted = desk.connection.execute(f"SELECT count(*) FROM {rows}").fetchone() or (0,)
    cells = tuple(f"c{i}" for i in range(len(dialect.names)))
    return Lines(taken.path, rows, cells, dialect.first_line, counted[0], dialect.quote, tuple(losses))


def _prepare(
    path: Path, name: str, desk: Desk, sample: bytes, encoding: str, *, whole: bool, compression: str | None
) -> Intake:
    decoded = sample.decode(encoding, errors="replace")
    if "\0" in decoded[:4096] or decoded[:4096].count("\ufffd") > 400:
        raise not_a_table(name, mark("{name} is a binary file, not a table of orders."))
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
        return Intake(path, dialect, encoding, line_end, parallel=not dialect.multiline)
    copy = desk.scratch(".csv")
    with stage(mark("Unpacking {name}"), name=name):
        wrong = plain.write_plain(
            path,
            name,
            copy,
            compression=compression,
            encoding=encoding,
            drop_lines=max(0, titles) if quoted_titles else 0,
        )
    return Intake(copy, dialect, encoding, b"\n", wrong, parallel=not dialect.multiline)


def _account(
    taken: Intake, name: str, desk: Desk, lines: Lines, *, path: Path, compression: str | None
) -> Part:
    con, dialect, cells, rows = desk.connection, taken.dialect, lines.cells, lines.rows
    empty = " AND ".join(f"{cell} IS NULL" for cell in cells)
    blank = (con.execute(f"SELECT count(*) FROM {rows} WHERE {empty}").fetchone() or (0,))[0]
    records = lines.total - blank
    refuse_loss(name, records, len(cells), lines.losses)
    list_losses(name, lines, desk)
    desk.lines[name] = lines
    if taken.path != path:
        lines.settle(con)
        desk.discard(".csv")
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
                rejected=len(lines.losses),
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
