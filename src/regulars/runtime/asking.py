"""Work that somebody asks for by a door: a refresh, or a file of the folder ``inbox`` to be loaded."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from regulars.jobs import actions, queries
from regulars.kit.errors import Kind, RegularsError
from regulars.kit.i18n import mark
from regulars.runtime import repairing, tasks, watching
from regulars.runtime.publication import published

if TYPE_CHECKING:
    from regulars.runtime.settings import Settings
    from regulars.store.models import Job

MOST = 100
"""Files of the inbox that are listed."""


def refresh(now: datetime) -> tuple[Job, bool]:
    """Ask for a refresh; return its job and whether it is a new one. One that waits already is not asked for twice."""
    found = queries.waiting(tasks.REFRESH)
    if found is not None:
        return found, False
    return actions.enqueue(tasks.REFRESH, {}, now)[0], True


def segments(now: datetime) -> None:
    """Ask for members of the shop's own segments to be found, because a rule is new or has changed; nothing before the first refresh."""
    if published() is not None and queries.waiting(tasks.SEGMENTS) is None:
        actions.enqueue(tasks.SEGMENTS, {}, now)


def load(settings: Settings, file: str, now: datetime, told: Mapping[str, Any] | None = None) -> Job:
    """Ask for a file of the inbox to be loaded, read as ``told`` says (:func:`regulars.runtime.repairing.options`).

    Raises (``imports.no_file``) where it is not there.
    """
    _found(settings, file)
    return actions.enqueue(tasks.LOAD, {"file": file} | dict(told or {}), now)[0]


def remove(settings: Settings, file: str) -> None:
    """Delete a file of the inbox, with all that loads of it kept of its rows; what was loaded stays. Raises as :func:`load` does."""
    found = _found(settings, file)
    repairing.forget(settings.home, file, watching.imports(None, 1000))
    found.unlink(missing_ok=True)


def _found(settings: Settings, file: str) -> Path:
    folder = (settings.home / repairing.INBOX).resolve()
    found = (folder / file).resolve()
    # What begins with a dot is half a file, or none of ours.
    if found.parent != folder or not found.is_file() or found.name != file or file.startswith("."):
        raise RegularsError(
            "imports.no_file",
            mark("There is no file {file} in the folder inbox of the server's home."),
            hint=mark("Put it there first."),
            kind=Kind.MISSING,
            file=repr(file),
            location="body.file",
        )
    return found


def waiting_files(settings: Settings) -> list[tuple[str, int]]:
    """Return name and size in bytes of the files in the inbox, at most :data:`MOST`."""
    folder = settings.home / repairing.INBOX
    if not folder.is_dir():
        return []
    found = sorted(each for each in folder.iterdir() if each.is_file() and not each.name.startswith("."))
    return [(each.name, each.stat().st_size) for each in found[:MOST]]
