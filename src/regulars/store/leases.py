"""Rows that several processes take work from: each row is taken by one of them, and by another one when its lease has run out."""

from __future__ import annotations

import os
import secrets
import socket
from typing import Any


def new_owner() -> str:
    """Return a name that nobody else has; the machine and the process are in it for whoever looks."""
    return f"{socket.gethostname()[:60]}:{os.getpid()}:{secrets.token_hex(6)}"


def locked(some: Any, limit: int) -> list[Any]:
    """Return some rows of a query that nobody else is taking, theirs for the rest of the transaction.

    PostgreSQL passes over rows that another transaction holds; SQLite has one writer at a time anyway.
    """
    return list(some.select_for_update(skip_locked=True, of=("self",))[:limit])
