"""What the hot path is put together from; whoever wires the server passes the real ones, tests their own."""

from __future__ import annotations

import time
from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from regulars.recommend.rules import Rules
from regulars.recommend.slots import Slots
from regulars.store.inbox import Event, Inbox


@dataclass(frozen=True, slots=True)
class WriteKey:
    """What a key that comes with a request may do."""

    source: str
    """The name that events coming by it carry: a shop, a page, a server."""
    secret: bytes
    """What claims of being a customer are signed with; never sent to anybody."""
    trusted: bool = False
    """Kept on the shop's own server: who it says a customer is needs no signature. Keys in pages are read by everybody."""


class Recommender(Protocol):
    """Something to ask; an index that is served, for one."""

    @property
    def current(self) -> Slots:
        """What to ask now, at once: somebody else looks for what is newer."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much is taken at a time."""

    body_bytes: int = 500_000
    event_bytes: int = 32_000
    batch_events: int = 500
    waiting_events: int = 20_000
    """As many may wait for their commit; who comes then is asked to come back."""
    waiting_bytes: int = 64_000_000
    questions: int = 256
    """As many may wait for an answer of the recommender or of segments."""
    threads: int = 2
    """Threads for what may wait for something: segments, and being told of what customers look at."""


def now() -> int:
    """Return microseconds since 1970 in UTC."""
    return time.time_ns() // 1000


def _no_segments(customer_id: str) -> Sequence[str]:  # noqa: ARG001
    return ()


def _nobody(customer_id: str | None, visitor_id: str | None = None) -> bool:  # noqa: ARG001
    return False


def _nothing(events: Sequence[Event]) -> None:
    """Hear of events and do nothing."""


def _no_rules(slot: str) -> Rules | None:  # noqa: ARG001
    return None


@dataclass(frozen=True)
class Edge:
    """All that the hot path needs, and nothing that it finds by itself."""

    inbox: Inbox
    key_of: Callable[[str], WriteKey | None]
    """Says what a key may do, None for no key; asked for every request on the event loop, so it must answer from memory."""
    recommender: Recommender | None = None
    segments_of: Callable[[str], Sequence[str]] = _no_segments
    """Names the segments of a customer; asked in a thread, so it may read a database."""
    refuses: Callable[[str | None, str | None], bool] = _nobody
    """Tells whether a customer (by the shop's own id) or who uses a device wants not to be measured; asked for every event, so from memory."""
    objects: Callable[[str], bool] = _nobody
    """Tells whether a customer objects to being shown what fits them; asked on the event loop, so from memory."""
    looked: Callable[[Sequence[Event]], None] = _nothing
    """Hears of what customers look at, once it is on disk; called in a thread."""
    rules_of: Callable[[str], Rules | None] = _no_rules
    """What the shop wants of a slot; asked on the event loop, so from memory."""
    origins: Container[str] = field(default_factory=frozenset)
    """Whose pages may send and ask: ``https://shop.example``, or ``*`` for all; the edge's own origin always may."""
    clock: Callable[[], int] = now
    limits: Limits = field(default_factory=Limits)


@dataclass(slots=True)
class Counts:
    """What has happened since the start."""

    accepted: int = 0
    """Events, also those that were known already."""
    rejected: int = 0
    bots: int = 0
    withheld: int = 0
    """Events dropped because the visitor does not want to be measured."""
    unproven: int = 0
    """Events whose customer was left out for want of a signature."""
    busy: int = 0
    """Requests that were asked to come back."""
    commits: int = 0
    failed: int = 0
    """Commits that did not succeed."""
