"""A real server under load, killed and stopped: what was acknowledged is there, once, and nobody is left without an answer."""

from __future__ import annotations

import asyncio
import random

import pytest
from tests.servers import postgres_binaries, postgres_server
from tests.web.serving import Crowd, Server, server

from regulars.store.inbox import open_inbox


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def place(request, tmp_path):
    """Where an empty inbox is."""
    if request.param == "sqlite":
        return str(tmp_path / "inbox.db")
    import psycopg

    address = request.getfixturevalue("postgres_address")
    with psycopg.connect(address, autocommit=True) as connection:
        for table in ("", "_claimed", "_claims", "_seen"):
            connection.execute(f"DROP TABLE IF EXISTS regulars_inbox{table}")
    return address


@pytest.fixture(scope="module")
def postgres_address():
    if postgres_binaries() is None:
        pytest.skip("no PostgreSQL server is installed")
    with postgres_server() as address:
        yield address


def left(place: str) -> list[str]:
    """Take everything out, as a compactor does that dies before it is done the first time; return the ids in the order found."""
    found = []
    inbox = open_inbox(place)
    while (claim := inbox.claim(limit=3_000)) is not None:
        inbox.close()
        inbox = open_inbox(place)
        assert inbox.claim(limit=10) == claim
        found += [event.event_id for event in claim.events]
        inbox.done(claim.number)
    inbox.close()
    return found


async def under_load(crowd: Crowd, running: Server, seconds: float, end: str, prefix: str) -> None:
    load = asyncio.create_task(crowd.run(12, prefix))
    await asyncio.sleep(seconds)
    assert crowd.acknowledged, "nothing arrived before the end"
    await asyncio.to_thread(getattr(running, end))
    await asyncio.wait_for(load, 20)


def test_killed_in_the_middle_of_load(place):
    """Twice, at moments drawn once; trackers send again what was not acknowledged, so much arrives twice."""
    moments = random.Random(7)
    crowd = Crowd(0)
    for turn in range(2):
        with server(place) as running:
            crowd.port = running.port
            asyncio.run(under_load(crowd, running, 0.4 + moments.random() / 4, "kill", f"t{turn}"))
    assert crowd.statuses == {200}
    unknown = {one for ids in crowd.again for one in ids}
    with server(place) as running:
        crowd.port = running.port
        load = Crowd(running.port, again=crowd.again)

        async def rest() -> None:
            task = asyncio.create_task(load.run(4, "rest"))
            while load.again:
                await asyncio.sleep(0.01)
            load.stop = True
            await asyncio.wait_for(task, 20)

        asyncio.run(rest())
        assert running.stop() == 0
    assert unknown <= load.acknowledged
    acknowledged = crowd.acknowledged | load.acknowledged
    found = left(place)
    assert len(found) == len(set(found)), "doubled"
    assert acknowledged <= set(found), "lost"
    assert set(found) <= crowd.sent | load.sent
    assert len(acknowledged) > 200


def test_stopped_in_the_middle_of_load(place):
    """Asked to end, it answers everybody it has taken something from."""
    with server(place) as running:
        crowd = Crowd(running.port)
        asyncio.run(under_load(crowd, running, 0.6, "stop", "t"))
        assert running.process.returncode == 0
    assert crowd.statuses <= {200, 503}
    found = left(place)
    assert len(found) == len(set(found))
    assert set(found) == crowd.acknowledged, "lost, or kept without an answer"


def test_two_processes_of_one_server(place):
    """Several workers on one inbox, each with a connection of its own."""
    with server(place, workers=2) as running:
        crowd = Crowd(running.port)

        async def work() -> None:
            task = asyncio.create_task(crowd.run(12, "w"))
            await asyncio.sleep(0.6)
            crowd.stop = True
            await asyncio.wait_for(task, 20)

        asyncio.run(work())
        assert running.stop() == 0
    assert crowd.statuses == {200}
    assert sorted(left(place)) == sorted(crowd.acknowledged)
