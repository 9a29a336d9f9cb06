"""How an index lies on disk: ``CURRENT`` names a version and the checksum of its manifest, which knows those of all its files.

Nothing is ever written in place. A version is a folder of arrays that appears under its name when it is whole; readers map
its files, so that it stays readable to them even after it was deleted.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any

from regulars.kit.errors import Kind, RegularsError
from regulars.kit.i18n import mark

FORMAT = 2
CURRENT = "CURRENT"
MANIFEST = "manifest.json"
CATALOGUE = "catalogue.json"
POPULAR = "popular.json"
VERSIONS = "v-"
"""What the names of version folders begin with."""
NEIGHBOURS = 100
"""How many neighbours of each item are kept at least."""
CELLS = 10_000_000
"""How many neighbours of all items are kept: up to 50,000 items all that are fitted; beyond, size and memory count."""
_BLOCK = 1 << 20


def neighbours(items: int) -> int:
    """Return how many neighbours of each item are kept in a shop of so many items."""
    return max(NEIGHBOURS, CELLS // max(items, 1))


@dataclass(frozen=True, slots=True)
class File:
    """What a file was when it was written."""

    size: int
    """Bytes."""
    digest: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a version holds."""

    version: str
    created_at: str
    """An instant, ISO 8601."""
    end: int
    """The first day that is not known about, in days since 1970-01-01."""
    items: int
    people: int
    fit: str
    """The version of the fit that it was built from."""
    countries: list[str]
    parameters: dict[str, Any]
    files: dict[str, File]
    format: int = FORMAT

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(file.size for file in self.files.values())

    def to_bytes(self) -> bytes:
        """Return it as it is written."""
        return json.dumps(asdict(self), indent=1, sort_keys=True).encode()


def manifest_of(content: bytes) -> Manifest:
    """Read a manifest; raises ``ValueError`` or ``KeyError`` for what is none."""
    told = json.loads(content)
    files = {name: File(**file) for name, file in told.pop("files").items()}
    return Manifest(files=files, **told)


def digest(content: bytes) -> str:
    """Return the checksum of some bytes."""
    return blake2b(content, digest_size=16).hexdigest()


def file_of(path: Path) -> File:
    """Return size and checksum of a file."""
    total, size = blake2b(digest_size=16), 0
    with path.open("rb") as handle:
        while block := handle.read(_BLOCK):
            total.update(block)
            size += len(block)
    return File(size, total.hexdigest())


def pointer(manifest: Manifest) -> bytes:
    """Return the content of ``CURRENT`` for a version."""
    return sealed(
        {"version": manifest.version, "manifest": digest(manifest.to_bytes()), "format": manifest.format}
    )


def sealed(content: dict[str, Any]) -> bytes:
    """Return JSON that carries its own checksum."""
    text = json.dumps(content)
    return json.dumps({"digest": digest(text.encode()), "content": text}).encode()


def unsealed(told: bytes) -> dict[str, Any]:
    """Return what was sealed; raises ``ValueError`` or ``KeyError`` where it is not as it was."""
    found = json.loads(told)
    if digest(found["content"].encode()) != found["digest"]:
        raise ValueError("The checksum differs.")
    content: dict[str, Any] = json.loads(found["content"])
    return content


def missing(folder: Path) -> RegularsError:
    """Return the error for a folder without an index."""
    return RegularsError(
        "recommend.index_missing",
        mark("There is no index of recommendations in {folder}."),
        hint=mark("Build one: regulars recommend ORDERS --index {folder}"),
        kind=Kind.MISSING,
        folder=folder,
    )


def corrupt(folder: Path, file: str) -> RegularsError:
    """Return the error for an index that is not as it was written."""
    return RegularsError(
        "recommend.index_corrupt",
        mark("The index of recommendations in {folder} is damaged: {file} is not as it was written."),
        hint=mark("Build it again: regulars recommend ORDERS --index {folder}"),
        kind=Kind.UNAVAILABLE,
        folder=folder,
        file=file,
    )


def other_format(folder: Path, found: object) -> RegularsError:
    """Return the error for an index of another release."""
    return RegularsError(
        "recommend.index_format",
        mark(
            "The index of recommendations in {folder} has the format {found}; this release reads {known} only."
        ),
        hint=mark("Build it again: regulars recommend ORDERS --index {folder}"),
        kind=Kind.CONFLICT,
        folder=folder,
        found=str(found),
        known=FORMAT,
    )
