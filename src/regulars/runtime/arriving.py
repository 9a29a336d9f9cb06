"""Files that come in through a door: written piece by piece beside their place, flushed, and only then given a name that a load would take."""

from __future__ import annotations

import os
import re
import secrets
import shutil
import time
import unicodedata
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from regulars.kit.errors import Kind, RegularsError
from regulars.kit.files import sync_folder
from regulars.kit.i18n import mark
from regulars.sources.files.folders import SUFFIXES
from regulars.sources.files.kinds import kind_of

SPARE_BYTES = 256 << 20
"""What stays free on the disk, so that the store can go on writing."""
LOOK_BYTES = 16 << 20
"""After so much more of a file the disk is looked at again."""
STALE_SECONDS = 3600
LONGEST = 150
"""Bytes of a name, in UTF-8."""
_ODD = re.compile(r'[<>:"|?*\\/]')


class Arriving:
    """A file on its way in. Until :meth:`settle` it is hidden; whoever dies before leaves nothing that a load would take."""

    def __init__(self, folder: Path, told: str, most_bytes: int) -> None:
        self.name = safe(told)
        self._folder, self._most = folder, most_bytes
        folder.mkdir(parents=True, exist_ok=True)
        _swept(folder)
        self._part = folder / f".{secrets.token_hex(8)}.part"
        self._file: BinaryIO = self._part.open("xb")
        self._written = self._looked = 0
        self._room(0)

    def write(self, piece: bytes) -> None:
        """Write a piece; raises ``uploads.large`` and ``uploads.disk``, and then nothing is left of the file."""
        self._written += len(piece)
        if self._written > self._most:
            self.discard()
            raise large(self.name, self._most)
        if self._written - self._looked > LOOK_BYTES:
            self._room(len(piece))
        try:
            self._file.write(piece)
        except OSError as error:
            self.discard()
            raise _full(self.name) from error

    def settle(self, wanted: str = "") -> str:
        """Give the file its name (or the ``wanted`` one), with a number where it is taken; return the name.

        Raises what :func:`~regulars.sources.files.kinds.kind_of` raises for what is no table, and ``uploads.disk``.
        """
        try:
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
            kind_of(self._part, self.name)
            name = self._named(wanted or self.name)
        except OSError as error:
            raise _full(self.name) from error
        finally:
            self.discard()
        sync_folder(self._folder)
        return name

    def discard(self) -> None:
        """Leave nothing of it, but for what has its name already."""
        with suppress(OSError):
            self._file.close()
        self._part.unlink(missing_ok=True)

    def _named(self, wanted: str) -> str:
        """Link the file under the first name that is free: of two at once, each gets one."""
        # "orders.csv.gz" becomes "orders (2).csv.gz".
        stem, dot, rest = wanted.partition(".")
        for number in range(1, 10_000):
            name = wanted if number == 1 else f"{stem} ({number}){dot}{rest}"
            with suppress(FileExistsError):
                os.link(self._part, self._folder / name)
                return name
        raise FileExistsError(wanted)

    def _room(self, piece: int) -> None:
        self._looked = self._written
        if shutil.disk_usage(self._folder).free - piece < SPARE_BYTES:
            self.discard()
            raise _full(self.name)


def safe(told: str) -> str:
    """Return a file's name as it is kept: no path, nothing hidden, nothing that cannot be seen; raises for what is no table's name."""
    name = unicodedata.normalize("NFC", told).replace("\\", "/").rpartition("/")[2]
    name = "".join(sign for sign in _ODD.sub("_", name) if sign.isprintable()).strip().lstrip(".~$- ")
    suffix = Path(name).suffix.lower()
    if suffix not in SUFFIXES or not Path(name).stem.strip(". "):
        raise RegularsError(
            "uploads.kind",
            mark("{name} is not a kind of file that can be loaded."),
            hint=mark("Its name must end with one of {endings}."),
            name=repr(told[-100:]),
            endings=", ".join(sorted(SUFFIXES)),
        )
    stem = name[: -len(suffix)].encode()[: LONGEST - len(suffix)].decode(errors="ignore")
    return stem.rstrip() + suffix


def large(name: str, most_bytes: int) -> RegularsError:
    """Return the error for more than may be uploaded."""
    return RegularsError(
        "uploads.large",
        mark("{name} is larger than {most} MB, the most that may be uploaded."),
        hint=mark("Raise REGULARS_UPLOAD_MB, export a shorter period, or pack the file with gzip."),
        name=name,
        most=most_bytes >> 20,
    )


def cut() -> RegularsError:
    """Return the error for an upload that ended before its end."""
    return RegularsError(
        "uploads.cut",
        mark("The upload ended before its end, so nothing of it was kept."),
        hint=mark("Send it again."),
    )


def _full(name: str) -> RegularsError:
    return RegularsError(
        "uploads.disk",
        mark("The server's disk has no room for {name}."),
        hint=mark("Make room on it, or remove files of the inbox that were loaded."),
        kind=Kind.UNAVAILABLE,
        name=name,
    )


def _swept(folder: Path) -> None:
    """Delete what uploads left that died on their way."""
    before = time.time() - STALE_SECONDS
    for each in folder.glob(".*.part"):
        with suppress(OSError):
            if each.stat().st_mtime < before:
                each.unlink()
