"""JSON lines, and JSON files with one array of objects; nested values stay JSON text."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb

from regulars.kit.errors import RegularsError
from regulars.kit.i18n import mark
from regulars.kit.progress import stage
from regulars.sources.files import plain
from regulars.sources.files.desk import Desk, written_rows
from regulars.sources.files.encodings import encoding_of
from regulars.sources.files.kinds import SAMPLE_BYTES
from regulars.sources.files.lines import Lines
from regulars.sources.parts import FILE_COLUMN, ROW_COLUMN, FileRead, Part, unique_names
from regulars.sources.quoting import column, text

NOT_JSON = mark("the line is not a JSON object")
_LONGEST = 16 << 20
_MOST_KEYS = 5_000


def looks_like_json(start: bytes) -> bool:
    """Tell a JSON file by its first sign, and by a key or a comma where a CSV would have a word."""
    head = start.removeprefix(b"\xef\xbb\xbf").lstrip()
    if head[:1] == b"[":
        return head[1:].lstrip()[:1] in {b"{", b"]"}
    return head[:1] == b"{" and head[1:].lstrip()[:1] in {b'"', b"}"}


def read_json(path: Path, name: str, desk: Desk, *, compression: str | None = None) -> Part:
    """Read every top-level key as a text column; the file's objects are its records."""
    start = plain.read_start(path, name, compression, SAMPLE_BYTES)
    encoding = encoding_of(start, wanted=desk.encoding, whole=len(start) < SAMPLE_BYTES)
    source = path
    if compression or encoding not in {"utf-8", "utf-8-sig"}:
        source = desk.scratch(".json")
        plain.write_plain(path, name, source, compression=compression, encoding=encoding)
    array = start.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"["
    objects, target = desk.scratch(".parquet"), desk.scratch(".parquet")
    with stage(mark("Reading {name}"), name=name):
        _take(source, name, desk, objects, array=array)
        keys = _keys(name, desk, objects)
        total, kept = _spread(desk, objects, target, keys) if keys else (0, 0)
    rejected, blank = _reject(name, desk, objects, lines=not array)
    if kept == 0:
        raise RegularsError(
            "source.no_rows",
            mark("{name} has no JSON object that could be a row."),
            hint=mark("Check the export."),
            name=name,
        )
    if rejected > kept:
        raise RegularsError(
            "source.corrupt",
            mark("Only {kept:,} of {lines:,} lines of {name} are JSON objects."),
            hint=mark("Export it again."),
            kept=kept,
            lines=kept + rejected,
            name=name,
        )
    if not array:
        desk.lines[name] = Lines.steady(path, written_rows(target), 1, total)
    objects.unlink()
    if source != path:
        source.unlink()
    names = unique_names(keys)
    chosen = ", ".join(f"c{i} AS {column(title)}" for i, title in enumerate(names))
    return Part(
        query=(
            f"SELECT {chosen}, {text(name)} AS {FILE_COLUMN}, row AS {ROW_COLUMN} FROM {written_rows(target)}"
        ),
        columns=names,
        types=dict.fromkeys(names, "VARCHAR"),
        files=(
            FileRead(
                name=name,
                format="json" if array else "jsonlines",
                bytes=path.stat().st_size,
                records=kept,
                rejected=rejected,
                blank=blank,
                encoding=encoding,
                compression=compression,
            ),
        ),
    )


def _take(source: Path, name: str, desk: Desk, objects: Path, *, array: bool) -> None:
    """Write one record a row, in order, as text, and beside it whether it is an object."""
    where = text(str(source))
    is_object = "CASE WHEN coalesce(json_valid(o), false) THEN json_type(o) = 'OBJECT' ELSE false END"
    if array:
        scan = f"SELECT json::VARCHAR AS o FROM read_json_objects({where}, format = 'array', maximum_object_size = {_LONGEST})"
    else:
        scan = (
            f"SELECT o FROM read_csv({where}, auto_detect = false, header = false, columns = {{'o': 'VARCHAR'}}, "
            f"delim = '\x01', quote = '', escape = '', max_line_size = {_LONGEST}, compression = 'none')"
        )
    try:
        with desk.in_order(), desk.patience(name, source.stat().st_size):
            desk.connection.execute(
                f"COPY (SELECT o, {is_object} AS ok FROM ({scan})) TO {text(str(objects))} "
                "(FORMAT parquet, COMPRESSION lz4_raw)"
            )
    except duckdb.Error as error:
        said = " ".join(str(error).split()).replace(str(source), name)
        raise RegularsError(
            "source.corrupt",
            mark("{name} is not valid JSON: {said}"),
            hint=mark("It must be one array, or one object a line."),
            name=name,
            said=said[:200],
        ) from error


def _keys(name: str, desk: Desk, objects: Path) -> list[str]:
    """Return all keys of all objects, by where they are first seen."""
    found = desk.connection.execute(
        "SELECT key FROM (SELECT unnest(json_keys(o)) AS key, file_row_number AS r, generate_subscripts(json_keys(o), 1) AS i "
        f"FROM {written_rows(objects)} WHERE ok) GROUP BY key ORDER BY min((r, i))"
    ).fetchall()
    if len(found) > _MOST_KEYS:
        raise RegularsError(
            "source.too_wide",
            mark("The objects of {name} have {count:,} different keys."),
            hint=mark("One key a column, please."),
            name=name,
            count=len(found),
        )
    return [key for (key,) in found]


def _spread(desk: Desk, objects: Path, target: Path, keys: list[str]) -> tuple[int, int]:
    """Write one column a key; JSON null is NULL; rows that are no objects are left out, but counted."""
    shape = json.dumps(dict.fromkeys(keys, "VARCHAR"), ensure_ascii=False)
    fields = ", ".join(f"nullif(t[{text(key)}], '') AS c{i}" for i, key in enumerate(keys))
    desk.connection.execute(
        f"COPY (SELECT row, {fields} FROM (SELECT file_row_number + 1 AS row, json_transform(o, {text(shape)}) AS t "
        f"FROM {written_rows(objects)} WHERE ok)) "
        f"TO {text(str(target))} (FORMAT parquet, COMPRESSION lz4_raw)"
    )
    counted = desk.connection.execute(
        f"SELECT (SELECT count(*) FROM {written_rows(objects)}), (SELECT count(*) FROM {written_rows(target)})"
    ).fetchone()
    return counted or (0, 0)


def _reject(name: str, desk: Desk, objects: Path, *, lines: bool) -> tuple[int, int]:
    """List what is no object; empty lines are blank, not rejected."""
    con = desk.connection
    empty = "coalesce(trim(o, ' \t\r\n'), '') = ''"
    con.execute(
        f"INSERT INTO {desk.rejects} SELECT ?, file_row_number + 1, NULL, left(o, 200), ? "
        f"FROM {written_rows(objects)} WHERE NOT ok AND NOT {empty}",
        [name, NOT_JSON],
    )
    counted = con.execute(
        f"SELECT count(*) FILTER (NOT ok AND NOT {empty}), count(*) FILTER ({empty}) FROM {written_rows(objects)}"
    ).fetchone() or (0, 0)
    return counted[0], counted[1] if lines else 0
