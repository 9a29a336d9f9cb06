"""A shop out of a backup: into a new home, with SQLite or an empty PostgreSQL, whichever of the two it came from."""

from __future__ import annotations

import json
import shutil
import tarfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from regulars.kit.errors import Kind, RegularsError
from regulars.kit.files import sync_folder
from regulars.kit.i18n import Phrase, mark
from regulars.kit.progress import stage
from regulars.kit.scratch import Scratch
from regulars.lake.folder import Lake
from regulars.runtime import compaction
from regulars.runtime.backup import FORMAT, MANIFEST, checksum
from regulars.runtime.projection import FOLDER
from regulars.runtime.settings import FILE, Settings
from regulars.runtime.wiring import django_settings
from regulars.store import copying, database
from regulars.store.condition import known_migrations
from regulars.store.inbox import Event

_NO_FILE = mark("there is no such file")
_CUT_OFF = mark("it was cut off")
_FORMAT = mark("its format is {told}, not {known}")
_DAMAGED = mark("{name} is damaged")


def restore(archive: Path, home: Path | None = None) -> tuple[Settings, dict[str, Any]]:
    """Make a home from a backup; return its settings and what the backup says of itself.

    The home must not exist, or hold nothing but ``regulars.toml``, which then stands in the place of the backup's. Where settings name a PostgreSQL, it
    must be empty. Everything is checked before anything is written, and the home appears whole or not at all.
    """
    asked = Settings.read(home)
    home = asked.home
    _free(home)
    home.parent.mkdir(parents=True, exist_ok=True)
    held = Scratch(f".{home.name}-restored-", home.parent)
    try:
        with stage(mark("Reading the backup")):
            manifest = _unpacked(archive, held.path)
        if (home / FILE).exists():
            shutil.copy2(home / FILE, held.path / FILE)
        settings = Settings.read(held.path)
        with stage(mark("Filling the store")):
            _filled(settings, manifest)
        from django.db import connections

        connections.close_all()
        for name in ("store", "inbox"):
            shutil.rmtree(held.path / name)
        (home / FILE).unlink(missing_ok=True)
        held.path.replace(home)
        sync_folder(home.parent)
    finally:
        held.remove()
    settings = replace(settings, home=home)
    database.connect(home, settings.database_url, **django_settings(settings))
    return settings, manifest


def _free(home: Path) -> None:
    """Raise where the home is not a new one."""
    there = [path.name for path in home.iterdir()] if home.is_dir() else []
    if home.exists() and (not home.is_dir() or set(there) - {FILE}):
        raise RegularsError(
            "restore.not_empty",
            mark("{home} is not empty: a backup is restored into a new home."),
            hint=mark("Name a folder that does not exist with --home."),
            kind=Kind.CONFLICT,
            home=home,
        )


def _unpacked(archive: Path, folder: Path) -> dict[str, Any]:
    """Unpack a backup and compare every file with its checksum; return the manifest."""
    try:
        with tarfile.open(archive, "r:") as packed:
            packed.extractall(folder, filter="data")
        manifest: dict[str, Any] = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        (folder / MANIFEST).unlink()
    except FileNotFoundError as error:
        missing = not archive.exists()
        raise _unusable(archive, Phrase(_NO_FILE if missing else _CUT_OFF)) from error
    except (OSError, tarfile.TarError, ValueError) as error:
        raise _unusable(archive, str(error) or type(error).__name__) from error
    if manifest.get("format") != FORMAT:
        raise _unusable(archive, Phrase.of(_FORMAT, told=manifest.get("format"), known=FORMAT))
    for name, told in manifest["files"].items():
        if not (folder / name).is_file() or checksum(folder / name) != told:
            raise _unusable(archive, Phrase.of(_DAMAGED, name=name))
    if manifest["migration"] not in known_migrations():
        raise RegularsError(
            "restore.newer",
            mark("The backup was made by a newer version: {version}."),
            hint=mark("Install that version, or a later one, and restore again."),
            version=manifest["version"],
        )
    return manifest


def _filled(settings: Settings, manifest: dict[str, Any]) -> None:
    database.connect(settings.home, settings.database_url, **django_settings(settings))
    with closing(compaction.inbox_of(settings)) as inbox:
        occupied = copying.occupied() or ("inbox" if inbox.waiting().events else "")
        if occupied:
            raise RegularsError(
                "restore.database_not_empty",
                mark("The database is not empty: {table} has rows."),
                hint=mark("Name an empty one: REGULARS_DATABASE_URL, or a regulars.toml in the new home."),
                kind=Kind.CONFLICT,
                table=occupied,
            )
        copying.fill(settings.home / "store", list(manifest["rows"]), manifest["migration"])
        lake = Lake(settings.home / FOLDER, 0)
        events = pq.read_table(settings.home / "inbox" / "events.parquet").to_pylist()
        inbox.restore(
            [Event(**event) for event in events],
            _left(settings.home / "inbox" / "left.parquet"),
            lake.events.applied(compaction.APPLICATION),
        )


def _left(path: Path) -> Iterator[list[tuple[str, int]]]:
    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(50_000):
            yield list(zip(*(column.to_pylist() for column in batch.columns), strict=True))


def _unusable(archive: Path, reason: str | Phrase) -> RegularsError:
    return RegularsError(
        "restore.unusable",
        mark("{file} cannot be restored: {reason}."),
        hint=mark("Nothing was changed. Try another backup."),
        file=archive,
        reason=reason,
    )
