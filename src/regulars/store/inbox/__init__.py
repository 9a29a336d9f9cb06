"""The durable inbox of events: acknowledged here, written to the lake later, exactly once."""

from __future__ import annotations

from pathlib import Path

from regulars.kit.errors import RegularsError
from regulars.kit.i18n import mark
from regulars.store.inbox.inbox import KEPT_DAYS, Claim, Event, Inbox, Left, Waiting

__all__ = ["KEPT_DAYS", "Claim", "Event", "Inbox", "Left", "Waiting", "open_inbox"]


def open_inbox(place: str | Path) -> Inbox:
    """Open the inbox at a path (SQLite, a file of its own) or a ``postgresql://`` address; makes it where there is none."""
    told = str(place)
    if told.startswith(("postgresql://", "postgres://")):
        try:
            from regulars.store.inbox.postgres import PostgresInbox
        except ImportError as error:
            raise RegularsError(
                "inbox.no_driver",
                mark("Events cannot be kept in PostgreSQL: its driver is not installed."),
                hint=mark("pip install 'regulars[server]'"),
            ) from error
        return PostgresInbox(told)
    from regulars.store.inbox.sqlite import SqliteInbox

    return SqliteInbox(Path(told.removeprefix("sqlite:///")))
