"""Rejected rows go out, come back corrected, and take their place when the very file is loaded again.

A file of the folder ``inbox`` is kept as it came. What people correct lies beside it (``imports/corrected``), and each further load of the file
is told all corrections so far; whatever was right before is then as it was, and nothing is there twice.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq

from regulars.kit.errors import Kind, RegularsError
from regulars.kit.i18n import mark
from regulars.sources import corrections
from regulars.sources.headers import BY_NAME

if TYPE_CHECKING:
    from regulars.runtime.settings import Settings
    from regulars.store.models import Import

INBOX = "inbox"
"""The folder of a home from which files can be loaded."""
CORRECTED = "imports/corrected"
MOST = 50
"""Times that one file can be corrected."""
_NAME = re.compile(r"[0-9a-f]{32}(\.[a-z0-9]{1,7}){1,2}")


def source(origin: str, settings: Settings, reading: Mapping[str, Any]) -> dict[str, Any]:
    """Return by what a load of a file of the inbox is known again and can be repeated; nothing for a load of anything else."""
    file = Path(origin)
    if "://" in origin or file.resolve().parent != (settings.home / INBOX).resolve() or not file.is_file():
        return {}
    told: dict[str, Any] = {"file": file.name, "print": _print(file)}
    corrected = [Path(each).name for each in reading.get("corrected") or ()]
    return told | {"corrected": corrected} | {
        name: reading[name] for name in ("day_first", "drop_repeats", "mapping") if reading.get(name) is not None
    }  # fmt: skip


def keep(folder: Path, home: Path, record: Import) -> None:
    """Keep rejected rows as the file has them beside the store, where there are any."""
    rows = folder / corrections.FILE
    if rows.is_file() and pq.read_metadata(rows).num_rows:
        shutil.copyfile(rows, _kept(home, record.pk))


def rows_of(home: Path, record: Import) -> Path | None:
    """Return the rejected rows of a load as its file has them; None where they were not kept."""
    rows = _kept(home, record.pk)
    return rows if "source" in record.account and rows.is_file() else None


def again(home: Path, record: Import) -> dict[str, Any]:
    """Return what to ask for so that a load happens again as it did; raises (``imports.changed``) where its file is another one by now."""
    told = record.account.get("source") or {}
    file = home / INBOX / str(told.get("file", ""))
    if not told or not file.is_file() or _print(file) != told["print"]:
        raise RegularsError(
            "imports.changed",
            mark("The file {file} is not in the inbox any more as it was loaded then."),
            hint=mark("Upload it again and correct the rows that are rejected then."),
            kind=Kind.CONFLICT,
            file=repr(told.get("file") or record.origin),
        )
    return {name: value for name, value in told.items() if name != "print"}


def options(payload: Mapping[str, Any], home: Path) -> list[str]:
    """Return the options of the command that loads a file as it was asked for; what cannot be one is left out."""
    told: list[str] = []
    for name in list(payload.get("corrected") or ())[:MOST]:
        if _NAME.fullmatch(str(name)):
            told += ["--corrected", str(home / CORRECTED / name)]
    day_first = payload.get("day_first")
    if day_first is not None:
        told.append("--day-first" if day_first else "--month-first")
    for name, column in dict(payload.get("mapping") or {}).items():
        if name in BY_NAME:
            told += ["--map", f"{name}={column}"]
    return [*told, "--drop-repeats"] if payload.get("drop_repeats") else told


def forget(home: Path, file: str, records: list[Import]) -> None:
    """Forget what loads of a file kept of its rows, and what was corrected in them."""
    for record in records:
        told = record.account.get("source") or {}
        if told.get("file") != file:
            continue
        _kept(home, record.pk).unlink(missing_ok=True)
        for name in told.get("corrected", ()):
            if _NAME.fullmatch(str(name)):
                (home / CORRECTED / name).unlink(missing_ok=True)


def _kept(home: Path, number: int) -> Path:
    return home / f"imports/{number}-rows.parquet"


def _print(file: Path) -> list[int]:
    """Return by what a file is known to be the same: its size and when it was written."""
    told = file.stat()
    return [told.st_size, told.st_mtime_ns]
