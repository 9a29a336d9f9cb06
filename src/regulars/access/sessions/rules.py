"""How long a session lasts, and how long somebody waits who guessed wrong."""

from __future__ import annotations

from datetime import timedelta

IDLE = timedelta(hours=12)
ABSOLUTE = timedelta(days=7)
SECOND_FACTOR_WITHIN = timedelta(minutes=5)
SEEN_AGAIN = timedelta(minutes=1)
FREE_FAILURES = {"account": 5, "device": 5, "code": 5, "address": 20}
"""How many attempts may fail before waits begin; many people of one shop share an address."""
LONGEST_WAIT_SECONDS = 900
FORGOTTEN = timedelta(days=1)
"""A day without an attempt, and all is forgotten."""


def wait_seconds(kind: str, failures: int) -> int:
    """Return how long to wait after so many failures in a row: 1, 2, 4 … seconds, up to a quarter of an hour."""
    beyond = failures - FREE_FAILURES[kind]
    return 0 if beyond < 0 else int(min(2.0 ** min(beyond, 30), LONGEST_WAIT_SECONDS))
