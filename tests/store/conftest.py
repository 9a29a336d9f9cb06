"""Inboxes of both kinds, each empty, and events to put into them."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator

import pytest
from tests.servers import postgres_binaries, postgres_server

from regulars.store.inbox import Event

NOW = int(time.time()) * 1_000_000


def event(number: int | str, **more: object) -> Event:
    """Return an event with everything filled in, named by a number."""
    said = Event(
        event_id=f"e{number}",
        source="web",
        visitor_id="v1",
        customer_id=None,
        session_id="s1",
        type="view",
        occurred_at=NOW - 5,
        received_at=NOW,
        product_id="p1",
        order_id=None,
        value=12.5,
        url="https://shop.example/żółw?a=1",
        properties='{"colour":"a\\tb\\u0000\\\\"}',
    )
    return said._replace(**more)


def events(*numbers: int) -> list[Event]:
    """Return some events."""
    return [event(number) for number in numbers]


def ids(found: list[Event]) -> list[str]:
    """Return the ids of events."""
    return [one.event_id for one in found]


@pytest.fixture(scope="session")
def postgres_address() -> Iterator[str]:
    if postgres_binaries() is None:
        pytest.skip("no PostgreSQL server is installed")
    with postgres_server() as address:
        yield address


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def place(request: pytest.FixtureRequest, tmp_path: object) -> str:
    """Where an empty inbox is, as ``open_inbox`` takes it."""
    if request.param == "sqlite":
        return os.fspath(tmp_path / "inbox.db")  # type: ignore[operator]
    import psycopg

    address = request.getfixturevalue("postgres_address")
    with psycopg.connect(address, autocommit=True) as connection:
        for table in ("", "_claimed", "_claims", "_seen"):
            connection.execute(f"DROP TABLE IF EXISTS regulars_inbox{table}")
    return str(address)
