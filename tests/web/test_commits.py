"""Requests share commits and are answered after their own, each of them, whatever comes meanwhile or goes wrong."""

from __future__ import annotations

import asyncio
import sqlite3
import threading

from tests.web.asking import Kept, ask, edge

from regulars.store.inbox.failing import unavailable
from regulars.web.edge import Limits, application


def view(number: int) -> dict[str, object]:
    return {"anonymousId": "a", "event": "Product Viewed", "messageId": f"m{number}"}


def held() -> tuple[Kept, threading.Event]:
    """Return an inbox whose commits wait until the event is set."""
    gate = threading.Event()
    return Kept(lambda events: gate.wait(10) and None), gate


async def begun(inbox: Kept) -> None:
    assert await asyncio.to_thread(inbox.begun.wait, 10)


def test_a_request_is_answered_after_its_commit_only():
    async def work():
        inbox, gate = held()
        app = application(edge(inbox=inbox))
        asked = asyncio.create_task(ask(app, "POST", "/v1/track", view(1)))
        await begun(inbox)
        await asyncio.sleep(0.05)
        assert not asked.done()
        gate.set()
        assert (await asked).status == 200
        assert [event.event_id for event in inbox.events] == ["m1"]
        await app.stop()

    asyncio.run(work())


def test_what_comes_during_a_commit_is_in_the_next_one():
    """And everybody is answered: those of the first commit, and all of the second."""

    async def work():
        inbox, gate = held()
        app = application(edge(inbox=inbox))
        first = asyncio.create_task(ask(app, "POST", "/v1/track", view(0)))
        await begun(inbox)
        rest = [asyncio.create_task(ask(app, "POST", "/v1/track", view(number))) for number in range(1, 40)]
        await asyncio.sleep(0.05)
        gate.set()
        answers = await asyncio.wait_for(asyncio.gather(first, *rest), 10)
        assert {answer.status for answer in answers} == {200}
        assert inbox.commits == [1, 39]
        await app.stop()

    asyncio.run(work())


def test_every_commit_answers_its_own_requests():
    """The trap: a callback that looks at the current batch, when the next has already begun, answers the wrong ones."""

    async def work():
        turns = threading.Semaphore(0)
        inbox = Kept(lambda events: turns.acquire(timeout=10) and None)
        app = application(edge(inbox=inbox))
        waves = []
        for wave in range(6):
            tasks = [
                asyncio.create_task(ask(app, "POST", "/v1/track", view(wave * 10 + n))) for n in range(3)
            ]
            await asyncio.sleep(0.02)  # they are waiting for their turn
            waves.append(tasks)
            if wave:
                turns.release()
                done = await asyncio.wait_for(asyncio.gather(*waves[wave - 1]), 10)
                ids = {event.event_id for event in inbox.events}
                assert [answer.status for answer in done] == [200] * 3
                assert {f"m{(wave - 1) * 10 + n}" for n in range(3)} <= ids
                assert not any(task.done() for task in tasks), "acknowledged before its commit"
        turns.release()
        await asyncio.wait_for(asyncio.gather(*waves[-1]), 10)
        assert len(inbox.events) == 18
        await app.stop()

    asyncio.run(work())


def test_many_at_once_are_all_answered_and_all_there():
    async def work():
        inbox = Kept()
        app = application(edge(inbox=inbox))

        async def visitor(start: int) -> None:
            for number in range(start, start + 20):
                assert (await ask(app, "POST", "/v1/track", view(number))).status == 200
                assert f"m{number}" in {event.event_id for event in inbox.events}

        await asyncio.wait_for(asyncio.gather(*[visitor(start * 20) for start in range(25)]), 30)
        assert sorted(event.event_id for event in inbox.events) == sorted(f"m{n}" for n in range(500))
        assert app.counts.accepted == 500
        assert app.counts.commits < 500, "they share commits"
        await app.stop()

    asyncio.run(work())


def test_who_comes_when_too_much_waits_is_asked_to_come_back():
    async def work():
        inbox, gate = held()
        app = application(edge(inbox=inbox, limits=Limits(waiting_events=3)))
        batch = {"batch": [{**view(number), "type": "track"} for number in range(3)]}
        first = asyncio.create_task(ask(app, "POST", "/v1/batch", batch))
        await begun(inbox)
        refused = await ask(app, "POST", "/v1/track", view(9))
        assert (refused.status, refused.json["code"]) == (429, "edge.busy")
        assert int(refused.headers["retry-after"]) >= 1
        gate.set()
        assert (await first).status == 200
        assert (await ask(app, "POST", "/v1/track", view(9))).status == 200, "there is room again"
        assert app.counts.busy == 1
        await app.stop()

    asyncio.run(work())


def test_large_bodies_fill_the_line_sooner():
    async def work():
        inbox, gate = held()
        app = application(edge(inbox=inbox, limits=Limits(waiting_bytes=1_000)))
        large = {**view(1), "properties": {"text": "x" * 1_000}}
        first = asyncio.create_task(ask(app, "POST", "/v1/track", large))
        await begun(inbox)
        assert (await ask(app, "POST", "/v1/track", view(2))).status == 429
        gate.set()
        await first
        await app.stop()

    asyncio.run(work())


def test_a_database_that_does_not_answer_is_not_acknowledged():
    def fail(events):
        raise unavailable(sqlite3.OperationalError("disk is full"))

    async def work():
        inbox = Kept(fail)
        app = application(edge(inbox=inbox))
        asked = [ask(app, "POST", "/v1/track", view(number)) for number in range(5)]
        answers = await asyncio.gather(*asked)
        assert {answer.status for answer in answers} == {503}
        assert {answer.json["code"] for answer in answers} == {"inbox.unavailable"}
        assert all("retry-after" in answer.headers for answer in answers)
        assert app.counts.accepted == 0
        inbox.before = lambda events: None
        assert (await ask(app, "POST", "/v1/track", view(9))).status == 200, "it works again by itself"
        await app.stop()

    asyncio.run(work())


def test_one_that_no_table_takes_does_not_spoil_the_others():
    gate = threading.Event()

    def fail(events):
        gate.wait(10)
        if any(event.event_id == "m3" for event in events):
            raise ValueError("no table takes this")

    async def work():
        inbox = Kept(fail)
        app = application(edge(inbox=inbox))
        asked = [asyncio.create_task(ask(app, "POST", "/v1/track", view(number))) for number in range(6)]
        await begun(inbox)
        gate.set()
        answers = await asyncio.wait_for(asyncio.gather(*asked), 10)
        assert [answer.status for answer in answers] == [200, 200, 200, 500, 200, 200]
        assert answers[3].json["code"] == "internal"
        assert sorted(event.event_id for event in inbox.events) == ["m0", "m1", "m2", "m4", "m5"]
        await app.stop()

    asyncio.run(work())


def test_who_hangs_up_stops_nobody():
    async def work():
        inbox, gate = held()
        app = application(edge(inbox=inbox))
        asked = [asyncio.create_task(ask(app, "POST", "/v1/track", view(number))) for number in range(3)]
        await begun(inbox)
        asked[0].cancel()
        gate.set()
        answers = await asyncio.wait_for(asyncio.gather(*asked, return_exceptions=True), 10)
        assert isinstance(answers[0], asyncio.CancelledError)
        assert [answer.status for answer in answers[1:]] == [200, 200]
        assert len(inbox.events) == 3
        assert (await ask(app, "POST", "/v1/track", view(5))).status == 200
        await app.stop()

    asyncio.run(work())


def test_at_the_end_everybody_who_waits_is_answered_and_nobody_new_is_taken():
    async def work():
        inbox, gate = held()
        app = application(edge(inbox=inbox))
        queue: asyncio.Queue[dict[str, str]] = asyncio.Queue()
        said = []

        async def send(message):
            said.append(message["type"])

        life = asyncio.create_task(app({"type": "lifespan"}, queue.get, send))
        await queue.put({"type": "lifespan.startup"})
        asked = [asyncio.create_task(ask(app, "POST", "/v1/track", view(number))) for number in range(5)]
        await begun(inbox)
        more = asyncio.create_task(ask(app, "POST", "/v1/track", view(7)))
        await asyncio.sleep(0.02)
        await queue.put({"type": "lifespan.shutdown"})
        await asyncio.sleep(0.05)
        assert said == ["lifespan.startup.complete"], "it waits for what was taken"
        late = await ask(app, "POST", "/v1/track", view(8))
        assert (late.status, late.json["code"]) == (503, "edge.stopping")
        assert (await ask(app, "GET", "/healthz")).status == 503
        gate.set()
        await asyncio.wait_for(life, 10)
        assert said[-1] == "lifespan.shutdown.complete"
        assert [(await one).status for one in (*asked, more)] == [200] * 6
        assert len(inbox.events) == 6

    asyncio.run(work())


def test_a_mistake_of_ours_is_told_as_one():
    def broken(name: str) -> None:
        raise KeyError(name)

    async def work():
        app = application(edge(key_of=broken))
        told = await ask(app, "POST", "/v1/track", view(1))
        assert (told.status, told.json["code"]) == (500, "internal")
        assert "KeyError" not in told.body.decode()
        await app.stop()

    asyncio.run(work())


def test_other_protocols_are_turned_away():
    async def work():
        said = []

        async def send(message):
            said.append(message["type"])

        async def receive():
            return {"type": "websocket.connect"}

        await application(edge())({"type": "websocket"}, receive, send)
        assert said == ["websocket.close"]

    asyncio.run(work())
