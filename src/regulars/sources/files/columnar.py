"""Parquet is read where it lies: a view over one file or many, nothing copied, types kept."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from regulars.kit.errors import RegularsError
from regulars.kit.i18n import mark
from regulars.sources.files.desk import Desk
from regulars.sources.parts import (
    FILE_COLUMN,
    ROW_COLUMN,
    FileRead,
    Part,
    described,
    native_cell,
    unique_names,
)
from regulars.sources.quoting import text


def read_parquet(files: Sequence[tuple[Path, str]], desk: Desk) -> Part:
    """Read (path, name) pairs as one relation; columns are united by name.

    Raises ``source.corrupt``, ``source.no_rows``.
    """
    reads = [_footer(path, name) for path, name in files]
    if not sum(read.records for read, _ in reads):
        raise RegularsError(
            "source.no_rows",
            mark("{name} has columns but no rows."),
            hint=mark("Check the export."),
            name=reads[0][0].name,
        )
    own = {name.casefold() for _, columns in reads for name in columns}
    paths = ", ".join(text(str(path)) for path, _ in files)
    many = len(files) > 1
    options = ["union_by_name = true"] if many else []
    if many:
        options.append("filename = '__path'")
    options.append(
        "hive_partitioning = "
        + str(any("=" in part for _, name in files for part in Path(name).parts)).lower()
    )
    relation = f"read_parquet([{paths}], {', '.join(options)})"
    shapes = described(
        desk.connection, f"SELECT * {'EXCLUDE (__path) ' if many else ''}FROM {relation}", reads[0][0].name
    )
    titles = unique_names(tuple(shapes))
    cells = [native_cell(name, shapes[name], title) for name, title in zip(shapes, titles, strict=True)]
    chosen = ", ".join(sql for sql, _ in cells)
    row = "row_number() OVER ()" if "file_row_number" in own else "file_row_number + 1"
    return Part(
        query=f"SELECT {chosen}, {_name_of(files)} AS {FILE_COLUMN}, {row} AS {ROW_COLUMN} FROM {relation}",
        columns=titles,
        types={title: type_ for title, (_, type_) in zip(titles, cells, strict=True)},
        files=tuple(read for read, _ in reads),
    )


def _name_of(files: Sequence[tuple[Path, str]]) -> str:
    """Return the expression of a row's file name: a constant, or the path without the folder that was asked for."""
    path, name = files[0]
    if len(files) == 1:
        return text(name)
    return f"substr(__path, {len(str(path)) - len(name) + 1})"


def _footer(path: Path, name: str) -> tuple[FileRead, list[str]]:
    """Read a file's own account of itself."""
    import pyarrow.parquet as pq

    try:
        meta: Any = pq.read_metadata(path)
        columns = list(meta.schema.to_arrow_schema().names)
    except PermissionError:
        raise
    except Exception as error:  # pyarrow raises many kinds for a damaged footer
        raise damaged(name) from error
    return FileRead(name=name, format="parquet", bytes=path.stat().st_size, records=meta.num_rows), columns


def damaged(name: str) -> RegularsError:
    """Build the sentence for a Parquet file that breaks when read."""
    return RegularsError(
        "source.corrupt",
        mark("{name} is damaged: its Parquet pages cannot be read."),
        hint=mark("Copy it again."),
        name=name,
    )
