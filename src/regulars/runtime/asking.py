"""Work that somebody asks for by a door: a refresh, or a file of the folder ``inbox`` to be loaded."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from regulars.jobs import actions, queries
from regulars.kit.errors import Kind, RegularsError
from regulars.kit.i18n import mark
from regulars.runtime import tasks
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


def load(settings: Settings, file: str, now: datetime) -> Job:
    """Ask for a file of the inbox to be loaded; raises (``imports.no_file``) where it is not there."""
    folder = (settings.home / tasks.INBOX).resolve()
    found = (folder / file).resolve()
    if found.parent != folder or not found.is_file():
        raise RegularsError(
            "imports.no_file",
            mark("There is no file {file} in the folder inbox of the server's home."),
            hint=mark("Put it there first."),
            kind=Kind.MISSING,
            file=repr(file),
            location="body.file",
        )
    return actions.enqueue(tasks.LOAD, {"file": file}, now)[0]


def waiting_files(settings: Settings) -> list[tuple[str, int]]:
    """Return name and size in bytes of the files in the inbox, at most :data:`MOST`."""
    folder = settings.home / tasks.INBOX
    if not folder.is_dir():
        return []
    found = sorted(each for each in folder.iterdir() if each.is_file() and not each.name.startswith("."))
    return [(each.name, each.stat().st_size) for each in found[:MOST]]
