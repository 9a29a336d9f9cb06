"""Files that a form brings: straight to the disk, piece by piece, for the one page that takes some; no other page takes any."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files.uploadhandler import FileUploadHandler, StopUpload
from django.http import HttpRequest

from regulars.kit.errors import Kind, RegularsError
from regulars.kit.i18n import mark
from regulars.runtime.arriving import Arriving, cut, large

MOST_FILES = 20
AT_ONCE = 3
"""Uploads at a time in one process: each holds one of the few threads that answer pages."""
DRAINED_BYTES = 64 << 20
"""How much of what is too large is still read, so that the refusal reaches a browser that is sending."""
CHUNK_BYTES = 1 << 20
END = "whole"
"""A field that stands after the files: where it came, all of them did."""
_turns = threading.BoundedSemaphore(AT_ONCE)


class NoFiles(FileUploadHandler):
    """What every other form has instead: a file in it is nobody's, and is read to nowhere."""

    chunk_size = 64 << 10

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """Forget a piece."""

    def file_complete(self, file_size: int) -> None:
        """Keep nothing."""


class Upload(FileUploadHandler):
    """Writes each file of a form into a folder under no name yet; :meth:`settled` gives the names."""

    chunk_size = CHUNK_BYTES

    def __init__(self, request: HttpRequest, folder: Path, most_files: int) -> None:
        super().__init__(request)
        self._folder, self._most = folder, most_files
        self._most_bytes = settings.REGULARS.upload_mb << 20
        self._files: list[Arriving] = []
        self.error: RegularsError | None = None
        # A form has a few hundred bytes beside its files.
        most = self._most_bytes * most_files + (1 << 16)
        told = str(request.META.get("CONTENT_LENGTH") or "0")
        if not told.isdigit() or int(told) > most:
            self.error = large("–", self._most_bytes)
        self.far = not told.isdigit() or int(told) > most + DRAINED_BYTES
        """Whether so much is coming that nothing of it is read."""

    def new_file(self, *told: Any, **more: Any) -> None:
        """Begin the next file."""
        super().new_file(*told, **more)
        if self.error is not None:
            raise StopUpload(connection_reset=False)
        if len(self._files) >= self._most:
            self._stop(_many(self._most))
        with self._said():
            self._files.append(Arriving(self._folder, self.file_name or "", self._most_bytes))

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:  # noqa: ARG002
        """Write a piece of the file that is coming in."""
        with self._said():
            self._files[-1].write(raw_data)

    def file_complete(self, file_size: int) -> None:
        """Wait for the rest of the form."""

    def settled(self, named: Callable[[str], str] = str) -> list[str]:
        """Give the files their names (``named`` makes them of those that were sent) and return them.

        Raises what was wrong with any, and then none is kept.
        """
        if self.error is not None:
            raise self.error
        if END not in self.request.POST:
            raise cut()
        if not self._files:
            raise _none()
        done: list[str] = []
        try:
            for each in self._files:
                done.append(each.settle(named(each.name)))
        except RegularsError:
            for name in done:
                (self._folder / name).unlink(missing_ok=True)
            raise
        return done

    def discard(self) -> None:
        """Leave nothing of what has no name."""
        for each in self._files:
            each.discard()

    @contextmanager
    def _said(self) -> Iterator[None]:
        try:
            yield
        except RegularsError as error:
            self._stop(error)

    def _stop(self, error: RegularsError) -> None:
        self.error = error
        told = int(self.request.META.get("CONTENT_LENGTH") or 0)
        raise StopUpload(connection_reset=told > DRAINED_BYTES)


@contextmanager
def receiving(request: HttpRequest, folder: str, most_files: int = MOST_FILES) -> Iterator[None]:
    """Let the form of a request bring files into a folder of the home; what is not settled in the block is gone after it."""
    upload = Upload(request, settings.REGULARS.home / folder, most_files)
    if not _turns.acquire(timeout=2):
        upload.error, upload.far = _busy(), True
    try:
        # Django's own way to choose who takes files, before the form is read.
        request.upload_handlers = [upload]
        request.upload = upload
        yield
    finally:
        if not (upload.error is not None and upload.error.code == "uploads.busy"):
            _turns.release()
        upload.discard()


def refused(request: HttpRequest) -> RegularsError | None:
    """Return why nothing of a form is even read; None where it is."""
    upload: Upload | None = getattr(request, "upload", None)
    return upload.error if upload is not None and upload.far else None


def settled(request: HttpRequest, named: Callable[[str], str] = str) -> list[str]:
    """Return the names of the files that a form brought; see :meth:`Upload.settled`."""
    upload: Upload = request.upload
    return upload.settled(named)


def _many(most: int) -> RegularsError:
    return RegularsError(
        "uploads.many",
        mark("More than {most} files were sent at once."),
        hint=mark("Send some of them, and then the others."),
        most=most,
    )


def _none() -> RegularsError:
    return RegularsError("uploads.none", mark("No file was chosen."), hint=mark("Choose one, then send it."))


def _busy() -> RegularsError:
    return RegularsError(
        "uploads.busy",
        mark("Other files are being uploaded right now."),
        hint=mark("Try again when they are done."),
        kind=Kind.UNAVAILABLE,
    )
