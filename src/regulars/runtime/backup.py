"""Everything of a shop in one file, taken while the server works: store, inbox, lake, index, settings and the secret of the home.

All of it is of one moment: nobody writes to the lake while the store's snapshot begins and the lake's files are linked, so no
event is both waiting and written. What comes in after that moment is not in the file.
"""

from __future__ import annotations

import fcntl
import hashlib
import io
import json
import os
import shutil
import tarfile
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from regulars.kit.errors import Kind, RegularsError
from regulars.kit.files import sync_folder
from regulars.kit.i18n import mark
from regulars.kit.progress import stage
from regulars.kit.scratch import Scratch
from regulars.kit.secrets import FILE as SECRET
from regulars.kit.secrets import secret
from regulars.runtime import compaction
from regulars.runtime.projection import FOLDER, lake_of
from regulars.runtime.refresh import INDEX
from regulars.runtime.settings import FILE
from regulars.store import copying
from regulars.store.inbox import Event, Inbox

if TYPE_CHECKING:
    from regulars.runtime.settings import Settings

FORMAT = 1
MANIFEST = "manifest.json"
IMPORTS = "imports"
"""Rows that loads rejected."""
NAMES = "regulars-*.tar"
_EVENTS = pa.schema(
    [
        (name, pa.int64() if name.endswith("_at") else pa.float64() if name == "value" else pa.string())
        for name in Event._fields
    ]
)
_LEFT = pa.schema([("event_id", pa.string()), ("received_at", pa.int64())])
_CHUNK = 1 << 20


@dataclass(frozen=True)
class Backup:
    """A backup that was written."""

    path: Path
    size: int
    """Bytes."""
    manifest: dict[str, Any]

    def to_json(self) -> dict[str, Any]:
        """Return everything, JSON-ready."""
        told = {name: self.manifest[name] for name in ("made_at", "version", "rows", "events_waiting")}
        return {"file": str(self.path), "bytes": self.size, **told}


def write(settings: Settings, to: Path, *, keep: int | None = None) -> Backup:
    """Write a backup to a file that does not exist yet, or into a folder under a name with the moment.

    ``keep`` deletes all but the newest so many of a folder's backups, once the new one is on the disk. The file holds personal data and the
    home's secret: only its owner can read it.
    """
    now = datetime.now(UTC)
    path = to / f"regulars-{now:%Y%m%d-%H%M%S}.tar" if to.is_dir() else to
    if path.exists():
        raise RegularsError(
            "backup.exists",
            mark("{file} exists already."),
            hint=mark("Name another file, or a folder."),
            kind=Kind.CONFLICT,
            file=path,
        )
    if not path.parent.is_dir():
        raise RegularsError(
            "backup.no_folder",
            mark("There is no folder {folder}."),
            hint=mark("Make it first."),
            kind=Kind.MISSING,
            folder=path.parent,
        )
    _sweep(path.parent)
    held = Scratch(".backup-", settings.home)
    try:
        told = _collected(settings, held.path)
        manifest = {"format": FORMAT, "version": version("regulars"), "made_at": now.isoformat(), **told}
        with stage(mark("Writing the backup")):
            _packed(held.path, path, manifest)
    finally:
        held.remove()
    if keep is not None and to.is_dir():
        for old in sorted(to.glob(NAMES))[: -max(keep, 1)]:
            old.unlink()
    return Backup(path, path.stat().st_size, manifest)


def _collected(settings: Settings, folder: Path) -> dict[str, Any]:
    """Bring everything together in a folder; return what there is to say about it."""
    secret(settings.home)
    lake = lake_of(settings)
    with closing(compaction.inbox_of(settings)) as inbox:
        with lake.writing():
            # Nothing is half way now: what was taken over is in the lake, the rest waits.
            compaction.drain(settings, lake, inbox)
            waiting = inbox.held()
            _remembered(inbox, folder)
            seen = copying.snapshot()
            seen.__enter__()
            try:
                _linked(settings.home / FOLDER, folder / FOLDER)
            except BaseException:
                seen.__exit__(None, None, None)
                raise
        try:
            with stage(mark("Copying the store")):
                (folder / "store").mkdir()
                rows = copying.write(folder / "store")
                migration = copying.migration()
        finally:
            seen.__exit__(None, None, None)
    _linked(settings.home / IMPORTS, folder / IMPORTS)
    _index(settings.home / INDEX, folder / INDEX)
    events = pa.Table.from_pylist([event._asdict() for event in waiting], schema=_EVENTS)
    pq.write_table(events, folder / "inbox" / "events.parquet", compression="zstd")
    for name in (SECRET, FILE):
        if (settings.home / name).exists():
            shutil.copy2(settings.home / name, folder / name)
    return {"migration": migration, "rows": rows, "events_waiting": len(waiting)}


def _remembered(inbox: Inbox, folder: Path) -> None:
    (folder / "inbox").mkdir()
    with pq.ParquetWriter(folder / "inbox" / "left.parquet", _LEFT, compression="zstd") as file:
        for part in inbox.left():
            file.write_table(pa.table([list(column) for column in zip(*part, strict=True)], schema=_LEFT))


def _linked(origin: Path, to: Path) -> None:
    """Link every file of a folder, so that it stays as it is; copies where the disk knows no links."""
    for path in sorted(origin.rglob("*")):
        if path.is_file() and path.suffix != ".lock":
            there = to / path.relative_to(origin)
            there.parent.mkdir(parents=True, exist_ok=True)
            try:
                os.link(path, there)
            except OSError:
                shutil.copy2(path, there)


def _index(origin: Path, to: Path) -> None:
    """Link the index as a build left it; one that is switched at this very moment is tried again, and then left to the next refresh."""
    for _ in range(5):
        shutil.rmtree(to, ignore_errors=True)
        before = _pointer(origin)
        with suppress(FileNotFoundError):
            _linked(origin, to)
            if _pointer(origin) == before:
                return
    shutil.rmtree(to, ignore_errors=True)


def _pointer(folder: Path) -> bytes:
    try:
        return (folder / "CURRENT").read_bytes()
    except FileNotFoundError:
        return b""


def _packed(folder: Path, path: Path, manifest: dict[str, Any]) -> None:
    """Write the folder as one file that appears whole; the manifest comes last, with the checksum of every file."""
    beside = path.with_name(f".{path.name}.part")
    handle = os.open(beside, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600)
    try:
        with os.fdopen(handle, "wb") as out:
            fcntl.flock(out, fcntl.LOCK_EX)
            with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as archive:
                sums = {}
                for file in _files(folder):
                    name = file.relative_to(folder).as_posix()
                    archive.add(file, arcname=name, recursive=False)
                    sums[name] = checksum(file)
                body = json.dumps(manifest | {"files": sums}, indent=1).encode()
                about = tarfile.TarInfo(MANIFEST)
                about.size = len(body)
                archive.addfile(about, io.BytesIO(body))
            out.flush()
            os.fsync(out.fileno())
        beside.replace(path)
        sync_folder(path.parent)
    except BaseException as error:
        # Half a backup has the home's secret in it.
        beside.unlink(missing_ok=True)
        if not isinstance(error, OSError):
            raise
        raise RegularsError(
            "backup.not_written",
            mark("The backup cannot be written to {file}: {error}."),
            hint=mark("Nothing was deleted; make room, or name another place."),
            kind=Kind.UNAVAILABLE,
            file=path,
            error=error.strerror or error,
        ) from error


def _sweep(folder: Path) -> None:
    """Delete what backups that were killed left half written: nobody writes to them any more."""
    for left in folder.glob(f".{NAMES}.part"):
        with left.open("r+b") as file, suppress(OSError):
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            left.unlink(missing_ok=True)


def _files(folder: Path) -> Iterator[Path]:
    yield from sorted(path for path in folder.rglob("*") if path.is_file())


def checksum(path: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal."""
    found = hashlib.sha256()
    with path.open("rb") as file:
        while part := file.read(_CHUNK):
            found.update(part)
    return found.hexdigest()
