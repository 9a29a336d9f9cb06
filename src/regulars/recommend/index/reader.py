"""Opens an index: all of one version or none, and an error that says which file is not as it was written."""

from __future__ import annotations

from pathlib import Path

from regulars.recommend.index import layout
from regulars.recommend.index.layout import Manifest
from regulars.recommend.index.mapped import Index, load

_TRIES = 5


def open_index(folder: Path | str, *, checked: bool = True) -> Index:
    """Open the version that a folder points at; ``checked`` reads every file once and compares its checksum.

    Sizes are always compared. Raises :class:`~regulars.kit.errors.RegularsError`: ``recommend.index_missing``,
    ``recommend.index_corrupt`` or ``recommend.index_format``.
    """
    home = Path(folder)
    told = pointer(home)
    for _ in range(_TRIES):
        try:
            return _open(home, told, checked=checked)
        except OSError as error:
            # Between reading the name and the files, two later builds may have deleted them.
            before, told = told, pointer(home)
            if told == before:
                raise layout.corrupt(home, Path(error.filename or layout.CURRENT).name) from error
    raise layout.corrupt(home, layout.CURRENT)


def pointer(folder: Path) -> bytes:
    """Return what ``CURRENT`` says; raises ``recommend.index_missing`` where there is none."""
    try:
        return (folder / layout.CURRENT).read_bytes()
    except (FileNotFoundError, NotADirectoryError) as error:
        raise layout.missing(folder) from error
    except OSError as error:
        raise layout.corrupt(folder, layout.CURRENT) from error


def _open(home: Path, told: bytes, *, checked: bool) -> Index:
    version, manifest = _manifest(home, told)
    for name, file in manifest.files.items():
        try:
            size = (version / name).stat().st_size
            same = size == file.size and (not checked or layout.file_of(version / name) == file)
        except FileNotFoundError:
            if not version.exists():
                raise
            same = False
        if not same:
            raise layout.corrupt(home, f"{version.name}/{name}")
    try:
        return load(version, manifest)
    except (ValueError, KeyError, TypeError) as error:
        raise layout.corrupt(home, version.name) from error


def _manifest(home: Path, told: bytes) -> tuple[Path, Manifest]:
    """Return the version pointed at and its manifest, which must be the one that was pointed at."""
    try:
        pointed = layout.unsealed(told)
        name, wanted, form = str(pointed["version"]), pointed["manifest"], pointed["format"]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise layout.corrupt(home, layout.CURRENT) from error
    if form != layout.FORMAT:
        raise layout.other_format(home, form)
    if not name.startswith(layout.VERSIONS) or "/" in name or "\0" in name:
        raise layout.corrupt(home, layout.CURRENT)
    version = home / name
    content = (version / layout.MANIFEST).read_bytes()
    if layout.digest(content) != wanted:
        raise layout.corrupt(home, f"{name}/{layout.MANIFEST}")
    return version, layout.manifest_of(content)
