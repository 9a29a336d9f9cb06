"""One file or a folder of files: each is taken in by the reader of its kind, hidden and foreign files are passed over."""

from __future__ import annotations

import os
from pathlib import Path

from regulars.kit.errors import Kind, RegularsError
from regulars.kit.files import ensure_there
from regulars.kit.i18n import mark
from regulars.sources.files import plain
from regulars.sources.files.columnar import read_parquet
from regulars.sources.files.delimited import read_delimited
from regulars.sources.files.desk import Desk
from regulars.sources.files.documents import looks_like_json, read_json
from regulars.sources.files.kinds import kind_of
from regulars.sources.files.workbooks import read_workbook
from regulars.sources.parts import Part

SUFFIXES = frozenset(
    [
        ".csv",
        ".tsv",
        ".tab",
        ".txt",
        ".psv",
        ".xlsx",
        ".xlsm",
        ".xlsb",
        ".xls",
        ".ods",
        ".parquet",
        ".pq",
        ".json",
        ".jsonl",
        ".ndjson",
        ".gz",
        ".zst",
    ]
)


def read_path(path: Path, desk: Desk) -> list[Part]:
    """Read a file or every data file of a folder (and its folders).

    Raises ``source.missing``, ``source.no_data`` and what the readers raise.
    """
    ensure_there(path)
    if not path.is_dir():
        return [_read_file(path, path.name, desk)]
    files = _inside(path)
    parquet = [(each, name) for each, name in files if kind_of(each, name) == "parquet"]
    taken = {name for _, name in parquet}
    parts = [read_parquet(parquet, desk)] if parquet else []
    return parts + [_read_file(each, name, desk) for each, name in files if name not in taken]


def _inside(folder: Path) -> list[tuple[Path, str]]:
    if (folder / "_delta_log").is_dir():
        raise RegularsError(
            "source.no_data",
            mark("{name} is a Delta table; its folder also holds rows that were deleted."),
            hint=mark("Export the table to Parquet first."),
            name=folder.name,
        )
    found = []
    try:
        for root, folders, names in os.walk(folder, onerror=_refuse):
            folders[:] = sorted(each for each in folders if not each.startswith((".", "_")))
            for name in sorted(names):
                path = Path(root) / name
                if (
                    path.suffix.lower() in SUFFIXES
                    and not name.startswith((".", "_", "~$"))
                    and path.is_file()
                ):
                    found.append((path, str(path.relative_to(folder))))
    except OSError as error:
        raise RegularsError(
            "source.forbidden",
            mark("{folder} may not be read by this user."),
            hint=mark("Change its permissions."),
            kind=Kind.FORBIDDEN,
            folder=folder,
        ) from error
    if not found:
        raise RegularsError(
            "source.no_data",
            mark("The folder {folder} has no CSV, Excel, Parquet or JSON file."),
            hint=mark("Check the path."),
            folder=folder,
        )
    return found


def _refuse(error: OSError) -> None:
    raise error


def _read_file(path: Path, name: str, desk: Desk) -> Part:
    if path.exists() and not path.is_file():
        raise RegularsError(
            "source.unreadable",
            mark("{name} is not a regular file."),
            hint=mark("Save it to a file first."),
            name=name,
        )
    kind = kind_of(path, name)
    if kind == "parquet":
        return read_parquet([(path, name)], desk)
    if kind == "excel":
        return read_workbook(path, name, desk)
    compression = None if kind == "text" else kind
    if looks_like_json(plain.read_start(path, name, compression, 4096)):
        return read_json(path, name, desk, compression=compression)
    return read_delimited(path, name, desk, compression=compression)
