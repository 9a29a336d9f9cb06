"""Files appear whole or not at all: written beside their place, flushed to disk, then renamed into it."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def sync_folder(folder: Path) -> None:
    """Flush a folder's own entries, so that a rename survives a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def publishing(folder: Path) -> Iterator[Path]:
    """Yield a scratch folder; its files move into ``folder`` together, only if the block ends well.

    A process killed inside the block leaves nothing under a final name, at worst a scratch folder named
    ``.regulars-*`` that the next run removes.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for stale in folder.glob(".regulars-*"):
        if not _alive(stale):
            shutil.rmtree(stale, ignore_errors=True)
    scratch = Path(tempfile.mkdtemp(prefix=f".regulars-{os.getpid()}-", dir=folder))
    try:
        yield scratch
        written = sorted(path for path in scratch.iterdir() if path.is_file())
        for path in written:
            with path.open("rb") as handle:
                os.fsync(handle.fileno())
        for path in written:
            path.replace(folder / path.name)
        sync_folder(folder)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _alive(scratch: Path) -> bool:
    """Tell whether the process that made a scratch folder still runs."""
    try:
        os.kill(int(scratch.name.split("-")[1]), 0)
    except (IndexError, ValueError, ProcessLookupError):
        return False
    except PermissionError:
        pass
    return True
