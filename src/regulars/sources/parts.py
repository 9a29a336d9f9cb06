"""What one reader hands back: a relation of untouched rows, and the account of each file it read."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from regulars.kit.errors import RegularsError
from regulars.kit.i18n import mark
from regulars.sources.quoting import column

if TYPE_CHECKING:
    import duckdb

FILE_COLUMN = "__file"
ROW_COLUMN = "__row"


@dataclass(frozen=True)
class FileRead:
    """The account of one file: what it was taken for, and what became of its records.

    ``records`` (kept) + ``rejected`` + ``blank`` = data records seen in the file.
    """

    name: str
    """Relative to the folder that was asked for; the table's name for a database; empty for in-memory tables."""
    format: str
    """``csv`` | ``excel`` | ``parquet`` | ``jsonlines`` | ``json`` | ``table`` | ``sql``"""
    bytes: int = 0
    records: int = 0
    rejected: int = 0
    blank: int = 0
    encoding: str | None = None
    delimiter: str | None = None
    quote: str | None = None
    header_line: int | None = None
    """Physical line of the header (1-based); 0 when the file has none; nothing where lines have no meaning."""
    compression: str | None = None
    sheet: str | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Part:
    """One DuckDB query over the rows of one or several files, with ``__file`` and ``__row`` beside the columns."""

    query: str
    columns: tuple[str, ...]
    types: dict[str, str]
    files: tuple[FileRead, ...]


def unique_names(names: Sequence[str]) -> tuple[str, ...]:
    """Name unnamed columns by their place, and number repeated names; letter case does not tell names apart."""
    taken = {FILE_COLUMN, ROW_COLUMN}
    unique = []
    for place, name in enumerate(names, start=1):
        base = (
            re.sub(r"\s+", " ", name.replace("\ufeff", "").replace("\x00", "")).strip() or f"column {place}"
        )
        chosen, number = base, 2
        while chosen.casefold() in taken:
            chosen, number = f"{base} ({number})", number + 1
        taken.add(chosen.casefold())
        unique.append(chosen)
    return tuple(unique)


def described(con: duckdb.DuckDBPyConnection, query: str, name: str) -> dict[str, str]:
    """Return the columns of a query and their DuckDB types; a source that breaks is ``source.corrupt``."""
    import duckdb

    try:
        return {row[0]: row[1] for row in con.execute(f"DESCRIBE {query}").fetchall()}
    except duckdb.Error as error:
        said = " ".join(str(error).split())[:200]
        raise RegularsError(
            "source.corrupt",
            mark("{name} cannot be read: {said}"),
            hint=mark("Export it again."),
            name=name,
            said=said,
        ) from error


def native_cell(name: str, type_: str, title: str) -> tuple[str, str]:
    """Return the SELECT item and the type of a typed column: nested values become JSON text, enums and blobs text."""
    source = column(name)
    if type_.startswith(("STRUCT", "MAP", "UNION")) or type_.endswith("]") or type_ in {"VARIANT", "JSON"}:
        return f"to_json({source})::VARCHAR AS {column(title)}", "VARCHAR"
    if type_ == "BLOB":
        return f"decode({source}, 'replace') AS {column(title)}", "VARCHAR"
    if type_.startswith(("ENUM", "UUID", "BIT", "INTERVAL")):
        return f"{source}::VARCHAR AS {column(title)}", "VARCHAR"
    if type_ == '"NULL"':
        return f"NULL::VARCHAR AS {column(title)}", "VARCHAR"
    return (source if name == title else f"{source} AS {column(title)}"), type_
