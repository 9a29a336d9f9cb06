"""What waits between a storefront and the lake: events that were acknowledged and must neither be lost nor counted twice."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

KEPT_DAYS = 7
"""How long the id of an event is remembered after the event has left: sent again within these days it still counts once."""


class Event(NamedTuple):
    """Something that happened, as it came in at the door; moments are microseconds since 1970 in UTC."""

    event_id: str
    source: str
    """The name of the write key it came by, never the key itself."""
    visitor_id: str | None
    customer_id: str | None
    """The shop's own id of a customer, only where whoever sent it proved it."""
    session_id: str | None
    type: str
    occurred_at: int
    """Corrected by the clock of whoever sent it, and never after ``received_at``."""
    received_at: int
    product_id: str | None
    order_id: str | None
    value: float | None
    url: str | None
    properties: str
    """A JSON object."""


class Claim(NamedTuple):
    """Events that one writer takes over, under a number that no other claim ever has."""

    number: int
    events: list[Event]


@dataclass(frozen=True, slots=True)
class Waiting:
    """What has not been taken over for good."""

    events: int
    oldest: int | None
    """When the oldest of them was received; None when none waits."""


Left = tuple[str, int]
"""The id of an event that has left, and when it was received (microseconds since 1970)."""


class Inbox(Protocol):
    """A durable inbox, for any number of writing threads and processes and one that takes over.

    **Contract.** What ``append`` was given is on disk when it returns, all of it or nothing. Every ``event_id`` is handed out by
    one claim only, however often it was sent, unless it is sent again :data:`KEPT_DAYS` after the first time and
    after that event has left: whoever takes over needs no window of its own.

    At most one claim is open. Until ``done`` says that its events are safe elsewhere, ``claim`` returns the same number
    with the same events in the same order, to anybody, also after a crash; so whoever writes the number together with the events
    can tell that they are already there.

    An object may be shared by threads, one works at a time. Whoever takes over opens one of its own, so that intake does
    not wait for a large claim. Processes open theirs after they were forked. All methods raise ``RegularsError``
    (``inbox.unavailable``) when the database does not answer, is full or busy for long; it may help to try again.
    """

    def append(self, events: Sequence[Event]) -> None:
        """Keep events for good, in one transaction; whether they are new is found out by a claim."""

    def claim(self, limit: int = 100_000) -> Claim | None:
        """Return the open claim, or open one over at most ``limit`` events; None when nothing waits."""

    def done(self, number: int) -> None:
        """Forget the events of a claim, which are safe elsewhere; nothing happens for a claim that is done or never was."""

    def waiting(self) -> Waiting:
        """Return how many events wait, those of an open claim included, before duplicates are told apart."""

    def held(self) -> list[Event]:
        """Return the events that wait, for a copy of the inbox; call while no claim is open and nobody takes over."""

    def left(self) -> Iterator[list[Left]]:
        """Yield the ids that are remembered of events that have left, in parts; call while nobody takes over."""

    def restore(self, events: Sequence[Event], left: Iterable[Sequence[Left]], last: int) -> None:
        """Fill an empty inbox from a copy; the number of the next claim is above ``last``."""

    def close(self) -> None:
        """Let go of the database; what was acknowledged is safe without it."""
