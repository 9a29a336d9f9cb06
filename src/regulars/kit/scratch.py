"""Scratch folders that clean up after a killed process: the next run removes what nobody holds any more."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path


class Scratch:
    """A new folder ``<prefix><pid>-…`` under ``parent``, held by a lock that the system releases when the process ends.

    Folders with this prefix that killed processes left under ``parent`` are removed first. Only this user's are, and only
    where both the lock and the process are gone: the lock sees processes of other containers, the process id covers the
    moment between making a folder and locking it.
    """

    def __init__(self, prefix: str, parent: Path | None = None) -> None:
        parent = parent or Path(tempfile.gettempdir())
        sweep(prefix, parent)
        self.path = Path(tempfile.mkdtemp(prefix=f"{prefix}{os.getpid()}-", dir=parent))
        self._handle: int | None = os.open(self.path, os.O_RDONLY)
        with suppress(OSError):  # some network file systems know no locks
            fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def remove(self) -> None:
        """Delete the folder and let go of it; more than once is fine."""
        shutil.rmtree(self.path, ignore_errors=True)
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None


def sweep(prefix: str, parent: Path) -> None:
    """Remove the scratch folders of this prefix whose process is gone."""
    with suppress(OSError):
        for folder in parent.glob(f"{prefix}*"):
            if _abandoned(folder, prefix):
                shutil.rmtree(folder, ignore_errors=True)


def _abandoned(folder: Path, prefix: str) -> bool:
    try:
        process = int(folder.name.removeprefix(prefix).split("-")[0])
        mine = folder.stat(follow_symlinks=False).st_uid == os.getuid()
        return mine and not _runs(process) and not _locked(folder)
    except (OSError, ValueError):
        return False


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


def _locked(folder: Path) -> bool:
    handle = os.open(folder, os.O_RDONLY | os.O_NOFOLLOW | os.O_DIRECTORY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(handle)
    return False
