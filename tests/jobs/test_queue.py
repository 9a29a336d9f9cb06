"""What the queue promises, held by SQLite and PostgreSQL alike: one holder at a time, nothing lost, nothing for ever."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.homes import Opened, environment, opened

from regulars.jobs import actions, queries, rules
from regulars.jobs.actions import Hold
from regulars.kit.errors import RegularsError
from regulars.store.models import Job

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
LEASE = timedelta(seconds=60)
KINDS = ["work"]


def put(**more: Any) -> Job:
    return actions.enqueue("work", {}, NOW, **more)[0]


def take(at: datetime = NOW, owner: str = "a") -> Job | None:
    return actions.take(owner, KINDS, at, LEASE)


def now(job: Job) -> Job:
    found = queries.job(job.id)
    assert found is not None
    return found


def test_work_is_taken_in_the_order_in_which_it_is_due_and_held_alone(home: Opened) -> None:
    home()
    first, second = put(), put()
    other, _ = actions.enqueue("other", {}, NOW - LEASE)
    mine, theirs = take(), take(owner="b")
    assert (mine, theirs) == (first, second)
    assert mine is not None
    assert (mine.state, mine.attempts, mine.owner) == (Job.RUNNING, 1, "a")
    assert take(owner="c") is None
    assert now(other).state == Job.WAITING
    assert actions.finish(mine, {"n": 1}, NOW)
    assert (now(first).state, now(first).result, now(first).progress) == (Job.DONE, {"n": 1}, 1.0)


def test_a_name_makes_it_once_whatever_became_of_it(home: Opened) -> None:
    home()
    job, fresh = actions.enqueue("work", {"n": 1}, NOW, unique="night:1")
    assert fresh
    assert actions.enqueue("work", {"n": 2}, NOW, unique="night:1") == (job, False)
    actions.cancel(job.id, NOW)
    assert actions.enqueue("work", {}, NOW, unique="night:1")[1] is False
    assert Job.objects.get().payload == {"n": 1}


def test_racing_workers_never_hold_one_job_at_once_and_leave_none(home: Opened) -> None:
    """Each job is done once by one of six workers; whoever holds it is alone with it."""
    from django.db import connections

    home()
    wanted = {put().id for _ in range(60)}
    done: list[int] = []
    holding: set[int] = set()
    met: list[int] = []
    turn, gate = threading.Lock(), threading.Barrier(6)

    def work(name: str) -> None:
        gate.wait()
        try:
            while (job := actions.take(name, KINDS, NOW, LEASE)) is not None:
                with turn:
                    met.extend(holding & {job.id})
                    holding.add(job.id)
                time.sleep(0.001)
                with turn:
                    holding.discard(job.id)
                    done.append(job.id)
                assert actions.finish(job, None, NOW)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work, args=(f"w{n}",)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert met == []
    assert sorted(done) == sorted(wanted)
    assert queries.counts() == {**dict.fromkeys(Job.STATES, 0), Job.DONE: 60}


def test_racing_askers_make_one_job_of_a_name(home: Opened) -> None:
    from django.db import connections

    home()
    made: list[int] = []

    def ask() -> None:
        try:
            made.append(actions.enqueue("work", {}, NOW, unique="night")[0].id)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 6
    assert len(set(made)) == Job.objects.count() == 1


def test_a_silent_holder_loses_its_work_and_cannot_end_it(home: Opened) -> None:
    home()
    put()
    mine = take()
    assert mine is not None
    assert actions.renew(mine, NOW + LEASE / 2, 0.5, "value", LEASE) is Hold.HELD
    assert (now(mine).progress, now(mine).step) == (0.5, "value")
    assert take(NOW + LEASE, "b") is None, "held for longer"
    theirs = take(NOW + LEASE * 1.5, "b")
    assert theirs is not None
    assert (theirs.id, theirs.attempts, theirs.error_code) == (mine.id, 2, "jobs.lost")
    assert actions.renew(mine, NOW + LEASE * 2) is Hold.LOST
    assert not actions.finish(mine, {"by": "a"}, NOW)
    assert not actions.fail(mine, "x", NOW)
    assert not actions.give_back(mine, NOW)
    assert not actions.stopped(mine, NOW)
    assert actions.finish(theirs, {"by": "b"}, NOW)
    assert now(mine).result == {"by": "b"}


def test_failures_wait_longer_and_longer_and_end(home: Opened) -> None:
    home()
    job = put(most_attempts=4)
    at = NOW
    for attempt, minutes in ((1, 1), (2, 2), (3, 4)):
        taken = take(at)
        assert taken is not None
        assert actions.fail(taken, "refresh.failed", at)
        waits = (now(job).run_at - at).total_seconds() / 60
        assert 0.8 * minutes <= waits <= 1.2 * minutes
        assert (now(job).state, now(job).attempts, now(job).error_code) == (
            Job.FAILED,
            attempt,
            "refresh.failed",
        )
        assert take(now(job).run_at - timedelta(seconds=1)) is None
        at = now(job).run_at
    taken = take(at)
    assert taken is not None
    assert actions.fail(taken, "refresh.failed", at)
    assert (now(job).state, now(job).ended_at) == (Job.DEAD, at)
    assert take(at + timedelta(days=9)) is None
    again = actions.retry(job.id, at)
    assert (again.state, again.attempts) == (Job.WAITING, 0)
    assert take(at) == job


def test_what_cannot_get_better_is_given_up_at_once(home: Opened) -> None:
    home()
    job = put()
    taken = take()
    assert taken is not None
    assert actions.fail(taken, "source.no_date", NOW, again=rules.again("invalid"))
    assert now(job).state == Job.DEAD


def test_work_that_kills_its_workers_is_given_up(home: Opened) -> None:
    home()
    job = put(most_attempts=3)
    at = NOW
    for _ in range(3):
        assert take(at) is not None
        at += LEASE
    assert take(at) is None
    assert (now(job).state, now(job).error_code, now(job).attempts) == (Job.DEAD, "jobs.lost", 3)


def test_cancelling(home: Opened) -> None:
    home()
    job = put()
    assert actions.cancel(job.id, NOW).state == Job.CANCELLED
    assert actions.cancel(job.id, NOW).state == Job.CANCELLED, "twice is once"
    assert take() is None
    running = put()
    taken = take()
    assert taken is not None
    assert actions.cancel(running.id, NOW).state == Job.RUNNING
    assert actions.renew(taken, NOW) is Hold.CANCELLED
    assert actions.stopped(taken, NOW)
    assert now(running).state == Job.CANCELLED
    done = put()
    taken = take()
    assert taken is not None
    actions.finish(taken, None, NOW)
    for call, code in ((actions.cancel, "jobs.ended"), (actions.retry, "jobs.no_retry")):
        with pytest.raises(RegularsError) as caught:
            call(done.id, NOW)
        assert caught.value.code == code
        with pytest.raises(RegularsError) as caught:
            call(10**9, NOW)
        assert caught.value.code == "jobs.missing"


def test_a_cancelled_job_whose_holder_died_is_not_begun_again(home: Opened) -> None:
    home()
    job = put()
    take()
    actions.cancel(job.id, NOW)
    assert take(NOW + LEASE, "b") is None
    assert now(job).state == Job.CANCELLED


def test_what_a_worker_gives_back_is_as_if_never_begun(home: Opened) -> None:
    home()
    job = put()
    taken = take()
    assert taken is not None
    assert actions.give_back(taken, NOW)
    assert (now(job).state, now(job).attempts, now(job).owner, now(job).lease_until) == (
        Job.WAITING,
        0,
        "",
        None,
    )
    assert take(owner="b") == job


def test_old_ends_are_forgotten(home: Opened) -> None:
    home()
    job = put()
    taken = take()
    assert taken is not None
    actions.finish(taken, None, NOW)
    open_ = put()
    assert actions.forget(NOW + rules.KEPT) == 0
    assert actions.forget(NOW + rules.KEPT + LEASE) == 1
    assert queries.job(job.id) is None
    assert queries.job(open_.id) is not None


KILLED = """
import sys, time
from datetime import UTC, datetime, timedelta
from regulars.runtime.home import open_home
open_home(sys.argv[1])
from regulars.jobs import actions
job = actions.take("killed", ["work"], datetime.now(UTC), timedelta(seconds=2))
print(job.id, flush=True)
time.sleep(600)
"""


def test_a_worker_that_is_killed_loses_nothing(home: Opened, tmp_path: Path) -> None:
    """A process takes work and is killed with ``kill -9``; once its lease has ended another one does it."""
    settings = home()
    job, _ = actions.enqueue("work", {"n": 7}, datetime.now(UTC))
    script = tmp_path / "killed.py"
    script.write_text(KILLED, encoding="utf-8")
    with subprocess.Popen(
        [sys.executable, str(script), str(settings.home)],
        env=environment(),
        stdout=subprocess.PIPE,
        text=True,
    ) as child:
        assert child.stdout is not None
        assert int(child.stdout.readline()) == job.id
        child.send_signal(signal.SIGKILL)
        child.wait()
    held = now(job)
    assert (held.state, held.owner) == (Job.RUNNING, "killed")
    assert held.lease_until is not None
    assert take(held.lease_until - timedelta(microseconds=1)) is None
    taken = take(held.lease_until)
    assert taken is not None
    assert (taken.id, taken.payload, taken.attempts) == (job.id, {"n": 7}, 2)
    assert actions.finish(taken, None, NOW)


@given(st.integers(1, 400), st.floats(0, 1))
def test_waits_grow_to_an_hour_and_never_beyond_their_jitter(attempts: int, chance: float) -> None:
    whole = min(60.0 * 2.0 ** (attempts - 1), 3600.0)
    assert 0.8 * whole - 1e-3 <= rules.wait(attempts, chance).total_seconds() <= 1.2 * whole + 1e-3


@given(
    st.lists(
        st.sampled_from(["put", "take", "finish", "fail", "lapse", "cancel", "retry", "give"]), max_size=40
    ),
    st.randoms(),
)
def test_every_job_is_always_in_one_place(made: Any, steps: list[str], chosen: Any) -> None:
    """An auditor with a plain list beside the queue: whatever happens in whatever order, both say the same."""
    Job.objects.all().delete()
    at, held, book = NOW, {}, {}
    for step in steps:
        numbers = sorted(book)
        if step == "put":
            book[put(most_attempts=2).id] = [Job.WAITING, 0]
        elif step == "take":
            job = take(at)
            open_ = [n for n in numbers if book[n][0] in (Job.WAITING, Job.FAILED)]
            if job is None:
                assert all(book[n][0] == Job.FAILED for n in open_)
            else:
                assert job.id in open_
                book[job.id] = [Job.RUNNING, book[job.id][1] + 1]
                held[job.id] = job
        elif step == "lapse":
            at += timedelta(hours=2)
            for n in list(held):
                assert actions.renew(held[n], at, lease=LEASE) is not Hold.LOST
        elif step in ("cancel", "retry") and numbers:
            n = chosen.choice(numbers)
            try:
                getattr(actions, step)(n, at)
            except RegularsError:
                ended = (Job.DONE, Job.DEAD) if step == "cancel" else (Job.WAITING, Job.RUNNING, Job.DONE)
                assert book[n][0] in ended
                continue
            if step == "retry":
                book[n] = [Job.WAITING, 0]
            elif book[n][0] in (Job.WAITING, Job.FAILED):
                book[n][0] = Job.CANCELLED
        elif held:
            n = chosen.choice(sorted(held))
            job = held.pop(n)
            asked = now(job).cancel_asked_at is not None
            if step == "finish":
                assert actions.finish(job, None, at)
                book[n][0] = Job.DONE
            elif step == "fail":
                assert actions.fail(job, "x", at)
                book[n][0] = Job.CANCELLED if asked else Job.DEAD if book[n][1] >= 2 else Job.FAILED
            else:
                assert actions.give_back(job, at)
                book[n] = [Job.CANCELLED, book[n][1]] if asked else [Job.WAITING, book[n][1] - 1]
        told = {
            n: [state, attempts] for n, state, attempts in Job.objects.values_list("id", "state", "attempts")
        }
        assert told == book


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return opened(tmp_path_factory.mktemp("queue") / "home")
