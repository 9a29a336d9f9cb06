"""Turn a packed or oddly encoded text into plain UTF-8 on disk, in bounded memory and bounded space."""

from __future__ import annotations

import codecs
import gzip
import re
import shutil
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from regulars.kit.errors import Kind, RegularsError
from regulars.kit.i18n import mark

CHUNK = 1 << 20
BOMB_BYTES = 256 << 20
BOMB_RATIO = 300
SPARE_DISK = 256 << 20
LONGEST_LINE = 64 << 20


@contextmanager
def unpacking(path: Path, name: str, compression: str | None) -> Iterator[IO[bytes]]:
    """Open the bytes of a file behind its compression (``gzip``, ``zstd`` or none).

    Raises ``source.truncated`` and ``source.corrupt`` for archives that end early or do not unpack.
    """
    try:
        with _opened(path, compression) as handle:
            yield handle
    except EOFError as error:
        raise RegularsError(
            "source.truncated",
            mark("{name} ends in the middle: its compressed data is cut off."),
            hint=mark("The download or the copy broke off; fetch the file again."),
            name=name,
        ) from error
    except (gzip.BadGzipFile, zlib.error) as error:
        raise RegularsError(
            "source.corrupt",
            mark("{name} is damaged: its compressed data does not unpack."),
            hint=mark("Fetch it again."),
            name=name,
        ) from error
    except OSError as error:
        if compression != "zstd":
            raise RegularsError(
                "source.unreadable",
                mark("{name} cannot be read: {error}."),
                kind=Kind.UNAVAILABLE,
                name=name,
                error=error.strerror or error,
            ) from error
        raise RegularsError(
            "source.truncated",
            mark("{name} is damaged or cut off: its compressed data does not unpack."),
            hint=mark("Fetch it again."),
            name=name,
        ) from error


def read_start(path: Path, name: str, compression: str | None, size: int) -> bytes:
    """Return the first ``size`` unpacked bytes (fewer where the file is shorter)."""
    pieces, missing = [], size
    with unpacking(path, name, compression) as handle:
        while missing > 0 and (piece := handle.read(min(missing, CHUNK))):
            pieces.append(piece)
            missing -= len(piece)
    return b"".join(pieces)


def write_plain(
    path: Path, name: str, target: Path, *, compression: str | None, encoding: str, drop_lines: int = 0
) -> int:
    """Write the text of ``path`` to ``target`` as UTF-8 with one kind of line end, and return how many characters were wrong.

    Wrong characters become the replacement character U+FFFD. The first ``drop_lines`` lines are left as empty lines, so that line numbers
    stay true. Raises ``source.bomb`` when a small archive grows out of all proportion, ``source.disk`` before the
    disk is full, ``source.endless_line`` when no line ends within 64 MB.
    """
    packed = path.stat().st_size
    decoder = codecs.getincrementaldecoder(encoding)(errors="replace")
    written = wrong = since_line_end = 0
    carry, next_look = "", 0
    with unpacking(path, name, compression) as source, target.open("wb") as out:
        while True:
            piece = source.read(CHUNK)
            text = carry + decoder.decode(piece, final=not piece)
            carry = ""
            if piece and text.endswith("\r"):
                text, carry = text[:-1], "\r"
            text = text.replace("\r\n", "\n").replace("\r", "\n")
            if written == 0:
                text = text.removeprefix("\ufeff")
            while drop_lines and "\n" in text:
                out.write(b"\n")
                text, drop_lines = text[text.index("\n") + 1 :], drop_lines - 1
            if drop_lines:
                text = ""
            wrong += text.count("\ufffd")
            data = text.encode("utf-8", errors="replace")
            out.write(data)
            written += len(data)
            last = data.rfind(b"\n")
            since_line_end = len(data) - last - 1 if last >= 0 else since_line_end + len(data)
            if since_line_end > LONGEST_LINE:
                raise endless_line(name, since_line_end)
            if compression and written > BOMB_BYTES and written > BOMB_RATIO * packed:
                raise RegularsError(
                    "source.bomb",
                    mark(
                        "{name} unpacks from {packed:,} to more than {written:,} bytes; reading stopped there."
                    ),
                    hint=mark("If it really is an order file, unpack it yourself and give the CSV."),
                    name=name,
                    packed=packed,
                    written=written,
                )
            if written >= next_look:
                next_look = written + (64 << 20)
                if shutil.disk_usage(target.parent).free < SPARE_DISK:
                    raise disk_full(target.parent)
            if not piece:
                return wrong


def endless_line(name: str, length: int) -> RegularsError:
    """Build the sentence for a text without line ends."""
    return RegularsError(
        "source.endless_line",
        mark("{name} has no line end within {length:,} bytes, so it is not a table of lines."),
        hint=mark("Export it again as CSV with one line a row."),
        name=name,
        length=length,
    )


def disk_full(folder: Path) -> RegularsError:
    """Build the sentence for a disk about to be full."""
    return RegularsError(
        "source.disk",
        mark("The disk of the working folder {folder} is almost full; reading stopped."),
        hint=mark("Free some space, or set TMPDIR to a folder on a larger disk."),
        kind=Kind.UNAVAILABLE,
        folder=folder.anchor or folder,
    )


def line_end_of(sample: bytes) -> bytes:
    """Return the line end of a text: a carriage return where it knows no other, else a line feed."""
    return b"\r" if b"\n" not in sample and re.search(rb"\r(?!\n)", sample) else b"\n"


def _opened(path: Path, compression: str | None) -> Any:
    if compression == "gzip":
        return gzip.open(path, "rb")
    if compression == "zstd":
        import pyarrow as pa

        return pa.input_stream(str(path), compression="zstd")
    return path.open("rb")
