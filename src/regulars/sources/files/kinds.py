"""Tell what a file is by its first bytes, not by its name, and refuse by name what is not a table."""

from __future__ import annotations

import zipfile
from pathlib import Path

from regulars.kit.errors import Kind, RegularsError

SAMPLE_BYTES = 1 << 20

_FOREIGN = (
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"\x89PNG", "a PNG picture"),
    (b"GIF8", "a GIF picture"),
    (b"%PDF", "a PDF document"),
    (b"Rar!", "a RAR archive"),
    (b"7z\xbc\xaf", "a 7-Zip archive"),
    (b"BZh", "a bzip2 archive"),
    (b"\xfd7zXZ", "an xz archive"),
    (b"\x7fELF", "a program"),
    (b"MZ", "a program"),
    (b"ORC", "an ORC file"),
    (b"Obj\x01", "an Avro file"),
    (b"ARROW1", "an Arrow file"),
)
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def kind_of(path: Path, name: str) -> str:
    """Return ``text``, ``gzip``, ``zstd``, ``excel`` or ``parquet``.

    Raises ``source.missing``, ``source.forbidden``, ``source.empty`` and ``source.not_a_table``.
    """
    head = read_head(path, name, 4096)
    if not head:
        raise RegularsError(
            "source.empty", f"{name} is empty (0 bytes).", hint="Export it again from the shop."
        )
    if head.startswith(b"PAR1"):
        return "parquet"
    if head.startswith(b"\x1f\x8b"):
        return "gzip"
    if head.startswith(b"\x28\xb5\x2f\xfd"):
        return "zstd"
    if head.startswith(_OLE):
        return "excel"
    if head.startswith(b"PK"):
        return _inside_zip(path, name)
    if head.startswith(b"SQLite format 3\0"):
        raise not_a_table(
            name,
            "a SQLite database",
            f"Name its table: sqlite:///{path.name} with --query TABLE, or a SELECT.",
        )
    for magic, what in _FOREIGN:
        if head.startswith(magic) and (magic != b"MZ" or b"\0" in head):
            raise not_a_table(name, what)
    if (
        head.lstrip(b"\xef\xbb\xbf \t\r\n")[:200]
        .lower()
        .startswith((b"<!doctype", b"<html", b"<table", b"<?xml"))
    ):
        raise not_a_table(name, "a web page or XML", "Save it as CSV or .xlsx first.")
    return "text"


def read_head(path: Path, name: str, size: int) -> bytes:
    """Read the first bytes of a file, or say in one sentence why that cannot be done."""
    try:
        with path.open("rb") as handle:
            return handle.read(size)
    except FileNotFoundError as error:
        raise RegularsError(
            "source.missing", f"There is no file {name}.", hint="Check the path.", kind=Kind.MISSING
        ) from error
    except PermissionError as error:
        raise RegularsError(
            "source.forbidden",
            f"{name} may not be read by this user.",
            hint="Change its permissions.",
            kind=Kind.FORBIDDEN,
        ) from error
    except OSError as error:
        raise RegularsError(
            "source.unreadable", f"{name} cannot be read: {error.strerror or error}.", kind=Kind.UNAVAILABLE
        ) from error


def not_a_table(
    name: str, what: str, hint: str = "Give a CSV, Excel, Parquet or JSON lines file."
) -> RegularsError:
    """Build the sentence for a file that holds something else."""
    return RegularsError("source.not_a_table", f"{name} is {what}, not a table of orders.", hint=hint)


def _inside_zip(path: Path, name: str) -> str:
    try:
        with zipfile.ZipFile(path) as archive:
            members = set(archive.namelist())
            unpacked = sum(member.file_size for member in archive.infolist())
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise RegularsError(
            "source.corrupt",
            f"{name} is damaged: its zip container cannot be opened.",
            hint="Download it again.",
        ) from error
    if not any(each.startswith("xl/") for each in members) and "content.xml" not in members:
        raise not_a_table(name, "a ZIP archive", "Unpack it and give the file or folder inside.")
    if unpacked > 2 << 30 or unpacked > 100 * max(path.stat().st_size, 1 << 20):
        raise RegularsError(
            "source.bomb",
            f"{name} unpacks from {path.stat().st_size:,} to {unpacked:,} bytes, too much for a workbook.",
            hint="Save the sheet as CSV and give that.",
        )
    return "excel"
