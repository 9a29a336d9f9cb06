"""Tell what a file is by its first bytes, not by its name, and refuse by name what is not a table."""

from __future__ import annotations

import zipfile
from pathlib import Path

from regulars.kit.errors import Kind, RegularsError
from regulars.kit.i18n import mark

SAMPLE_BYTES = 1 << 20

_FOREIGN = (
    (b"\xff\xd8\xff", mark("{name} is a JPEG picture, not a table of orders.")),
    (b"\x89PNG", mark("{name} is a PNG picture, not a table of orders.")),
    (b"GIF8", mark("{name} is a GIF picture, not a table of orders.")),
    (b"%PDF", mark("{name} is a PDF document, not a table of orders.")),
    (b"Rar!", mark("{name} is a RAR archive, not a table of orders.")),
    (b"7z\xbc\xaf", mark("{name} is a 7-Zip archive, not a table of orders.")),
    (b"BZh", mark("{name} is a bzip2 archive, not a table of orders.")),
    (b"\xfd7zXZ", mark("{name} is an xz archive, not a table of orders.")),
    (b"\x7fELF", mark("{name} is a program, not a table of orders.")),
    (b"MZ", mark("{name} is a program, not a table of orders.")),
    (b"ORC", mark("{name} is an ORC file, not a table of orders.")),
    (b"Obj\x01", mark("{name} is an Avro file, not a table of orders.")),
    (b"ARROW1", mark("{name} is an Arrow file, not a table of orders.")),
)
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def kind_of(path: Path, name: str) -> str:
    """Return ``text``, ``gzip``, ``zstd``, ``excel`` or ``parquet``.

    Raises ``source.missing``, ``source.forbidden``, ``source.empty`` and ``source.not_a_table``.
    """
    head = read_head(path, name, 4096)
    if not head:
        raise RegularsError(
            "source.empty",
            mark("{name} is empty (0 bytes)."),
            hint=mark("Export it again from the shop."),
            name=name,
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
            mark("{name} is a SQLite database, not a table of orders."),
            mark("Name its table: sqlite:///{file} with --query TABLE, or a SELECT."),
            file=path.name,
        )
    for magic, what in _FOREIGN:
        if head.startswith(magic) and (magic != b"MZ" or b"\0" in head):
            raise not_a_table(name, what)
    if (
        head.lstrip(b"\xef\xbb\xbf \t\r\n")[:200]
        .lower()
        .startswith((b"<!doctype", b"<html", b"<table", b"<?xml"))
    ):
        raise not_a_table(
            name,
            mark("{name} is a web page or XML, not a table of orders."),
            mark("Save it as CSV or .xlsx first."),
        )
    return "text"


def read_head(path: Path, name: str, size: int) -> bytes:
    """Read the first bytes of a file, or say in one sentence why that cannot be done."""
    try:
        with path.open("rb") as handle:
            return handle.read(size)
    except FileNotFoundError as error:
        raise RegularsError(
            "source.missing",
            mark("There is no file {name}."),
            hint=mark("Check the path."),
            kind=Kind.MISSING,
            name=name,
        ) from error
    except PermissionError as error:
        raise RegularsError(
            "source.forbidden",
            mark("{name} may not be read by this user."),
            hint=mark("Change its permissions."),
            kind=Kind.FORBIDDEN,
            name=name,
        ) from error
    except OSError as error:
        raise RegularsError(
            "source.unreadable",
            mark("{name} cannot be read: {error}."),
            kind=Kind.UNAVAILABLE,
            name=name,
            error=error.strerror or error,
        ) from error


def not_a_table(
    name: str,
    message: str,
    hint: str = mark("Give a CSV, Excel, Parquet or JSON lines file."),
    *,
    file: str = "",
) -> RegularsError:
    """Build the error for a file that holds something else; ``message`` and ``hint`` are marked sentences."""
    return RegularsError("source.not_a_table", message, hint=hint, name=name, file=file)


def _inside_zip(path: Path, name: str) -> str:
    try:
        with zipfile.ZipFile(path) as archive:
            members = set(archive.namelist())
            unpacked = sum(member.file_size for member in archive.infolist())
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise RegularsError(
            "source.corrupt",
            mark("{name} is damaged: its zip container cannot be opened."),
            hint=mark("Download it again."),
            name=name,
        ) from error
    if not any(each.startswith("xl/") for each in members) and "content.xml" not in members:
        raise not_a_table(
            name,
            mark("{name} is a ZIP archive, not a table of orders."),
            mark("Unpack it and give the file or folder inside."),
        )
    if unpacked > 2 << 30 or unpacked > 100 * max(path.stat().st_size, 1 << 20):
        raise RegularsError(
            "source.bomb",
            mark("{name} unpacks from {packed:,} to {unpacked:,} bytes, too much for a workbook."),
            hint=mark("Save the sheet as CSV and give that."),
            name=name,
            packed=path.stat().st_size,
            unpacked=unpacked,
        )
    return "excel"
