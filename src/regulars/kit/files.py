"""Files appear whole or not at all: written beside their place, flushed to disk, then renamed into it."""

from __future__ import annotations

import fcntl
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from regulars.kit.errors import Kind, RegularsError
from regulars.kit.i18n import mark
from regulars.kit.scratch import Scratch


def ensure_there(path: Path) -> None:
    """Raise :class:`RegularsError` (``source.missing``) where there is neither a file nor a folder, nor a link to one."""
    if not os.path.lexists(path):
        raise RegularsError(
            "source.missing",
            mark("There is no file or folder {path}."),
            hint=mark("Check the path."),
            kind=Kind.MISSING,
            path=path,
        )


def sync_folder(folder: Path) -> None:
    """Flush a folder's own entries, so that a rename survives a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Wait until no other process moves files into the folder, so that those of two runs are never mixed."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):  # some network file systems know no locks
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


@contextmanager
def publishing(folder: Path) -> Iterator[Path]:
    """Yield a scratch folder; its files move into ``folder`` together, only if the block ends well.

    A process killed inside the block leaves nothing under a final name, at worst a scratch folder named
    ``.regulars-*`` that the next run removes.
    """
    folder.mkdir(parents=True, exist_ok=True)
    held = Scratch(".regulars-", folder)
    scratch = held.path
    try:
        yield scratch
        written = sorted(path for path in scratch.iterdir() if path.is_file())
        for path in written:
            with path.open("rb") as handle:
                os.fsync(handle.fileno())
        with alone(folder):
            for path in written:
                path.replace(folder / path.name)
            sync_folder(folder)
    finally:
        held.remove()


def sync_files(folder: Path) -> None:
    """Flush every file of a folder, and the folder itself."""
    for path in sorted(folder.iterdir()):
        with path.open("rb") as handle:
            os.fsync(handle.fileno())
    sync_folder(folder)


def replace_file(path: Path, content: bytes) -> None:
    """Give a file new content at once: whoever opens it reads all of the old or all of the new."""
    # In a scratch folder, so that the next run removes what a killed one left.
    held = Scratch(".regulars-", path.parent)
    try:
        beside = held.path / path.name
        with beside.open("wb") as handle:
            handle.write(content)
            handle.flush()
            os.fsync(handle.fileno())
        beside.replace(path)
        sync_folder(path.parent)
    finally:
        held.remove()


def ensure_writable(folder: Path) -> None:
    """Make the folder and write to it now, so that an hour of work does not end at a closed door.

    Raises :class:`~regulars.kit.errors.RegularsError` with what stands in the way.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise RegularsError(
            "output.not_writable",
            mark("Nothing can be written to {folder}: {error}."),
            hint=mark("Give another folder with --out."),
            folder=folder,
            error=error.strerror or error,
        ) from error
