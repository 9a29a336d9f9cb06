"""What one reader hands back: a relation of untouched rows, and the account of each file it read."""

from __future__ import annotations

from dataclasses import dataclass, field

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
    """One DuckDB relation with rows of one or several files, carrying ``__file`` and ``__row``."""

    relation: str
    columns: tuple[str, ...]
    types: dict[str, str] = field(default_factory=dict)
    files: tuple[FileRead, ...] = ()
    lines: dict[str, int] = field(default_factory=dict)
    """Per file: physical line = row + this shift, corrected by the shifts table; absent where lines mean nothing."""
