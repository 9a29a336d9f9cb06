"""The worker: what is due when, what failures do, that a job keeps nothing from the lake, and that several workers do each thing once."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.homes import Opened, environment, opened
from tests.receivers import receiver
from tests.runtime.test_load import ROWS, told, written

from regulars.jobs import actions, queries
from regulars.runtime import repairing, rounds, tasks
from regulars.runtime import worker as room
from regulars.runtime.schedule import night
from regulars.runtime.tasks import Outcome
from regulars.runtime.worker import Worker
from regulars.store.models import Job, Run, Unprojected

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)


@pytest.fixture
def settings(tmp_path: Path) -> Any:
    """A home in Warsaw with orders."""
    found = opened(tmp_path / "home", time_zone="Europe/Warsaw")
    told(found, written(tmp_path / "orders.csv", *ROWS))
    return found


class Begun:
    """Tasks that go on until the test ends them."""

    def __init__(self) -> None:
        self.jobs: list[Job] = []
        self.outcome: Outcome | None = None
        self.stopped = 0

    def __call__(self, job: Job, _: Any) -> Any:
        self.jobs.append(job)
        return self

    def poll(self) -> Outcome | None:
        outcome, self.outcome = self.outcome, None
        return outcome

    def stop(self) -> None:
        self.stopped += 1


def ran(number: int, state: str, started: datetime, ended: datetime | None = None) -> None:
    Run.objects.create(id=number, state=state, started_at=started, ended_at=ended or started)


def test_a_refresh_is_due_once_after_each_night(settings: Any) -> None:
    today, tomorrow = date(2026, 3, 10), date(2026, 3, 11)
    assert night(settings, NOW) == today  # nothing was ever published
    three = datetime(2026, 3, 10, 2, tzinfo=UTC)  # three o'clock in Warsaw
    ran(1, Run.PUBLISHED, three - timedelta(minutes=1))
    assert night(settings, three - timedelta(seconds=1)) is None
    assert night(settings, three) == night(settings, NOW) == today
    ran(2, Run.PUBLISHED, three)
    assert night(settings, NOW) is None
    assert night(settings, three + timedelta(days=1, seconds=-1)) is None
    assert night(settings, three + timedelta(days=1)) == tomorrow


def test_the_night_keeps_its_hour_when_clocks_change(settings: Any) -> None:
    """On the last Sunday of March Warsaw goes from UTC+1 to UTC+2: three o'clock comes an hour sooner."""
    ran(1, Run.PUBLISHED, datetime(2026, 3, 28, 3, tzinfo=UTC))
    assert night(settings, datetime(2026, 3, 29, 0, 59, tzinfo=UTC)) is None
    assert night(settings, datetime(2026, 3, 29, 1, 0, tzinfo=UTC)) == date(2026, 3, 29)


def test_without_orders_nothing_is_due(tmp_path: Path) -> None:
    assert night(opened(tmp_path / "home"), NOW) is None


def test_a_night_has_one_refresh_that_is_tried_again_when_it_fails(settings: Any) -> None:
    at, begun = [NOW], Begun()
    busy = Worker(settings, clock=lambda: at[0], begin=begun)
    for _ in range(3):
        busy.step()
    job = Job.objects.get()
    assert (job.unique_key, job.state, len(begun.jobs)) == ("refresh:2026-03-10", Job.RUNNING, 1)
    begun.outcome = Outcome(error="system.memory")
    for _ in range(5):
        busy.step()
    job = Job.objects.get()
    assert (job.state, job.error_code, len(begun.jobs)) == (Job.FAILED, "system.memory", 1)
    at[0] = job.run_at
    busy.step()
    assert len(begun.jobs) == 2
    begun.outcome = Outcome({"run": 1})
    busy.step()
    assert (Job.objects.get().state, Job.objects.get().result) == (Job.DONE, {"run": 1})
    for _ in range(3):
        busy.step()
    assert Job.objects.count() == 1, "the night has had its refresh, whatever it published"
    busy.close()


def test_the_lake_follows_while_a_refresh_runs(settings: Any, tmp_path: Path) -> None:
    begun = Begun()
    busy = Worker(settings, clock=lambda: NOW, begin=begun)
    assert busy.step() == 2.0
    assert not Unprojected.objects.exists()
    told(settings, written(tmp_path / "more.csv", ROWS[2].replace("2,ben", "8,ben")))
    assert Unprojected.objects.exists()
    busy.step()
    assert not Unprojected.objects.exists()
    assert len(begun.jobs) == 1
    busy.stop()
    busy.run()
    assert begun.stopped == 1  # it ends with the worker
    left = Job.objects.get()
    assert (left.state, left.attempts, left.owner) == (Job.WAITING, 0, ""), "for the next worker at once"


def test_a_job_is_held_while_it_runs_and_stops_when_asked(settings: Any) -> None:
    at, begun = [NOW], Begun()
    busy = Worker(settings, clock=lambda: at[0], begin=begun)
    busy.jobs.step()
    ran(1, Run.RUNNING, NOW)
    Run.objects.update(step="recommendations")
    for _ in range(10):
        at[0] += timedelta(seconds=40)
        busy.jobs.step()
    job = Job.objects.get()
    assert job.lease_until == at[0] + timedelta(seconds=60)
    assert (job.step, job.progress) == ("recommendations", 0.6)
    assert actions.take("other", ["refresh"], at[0]) is None
    actions.cancel(job.id, at[0])
    busy.jobs.step()
    assert (Job.objects.get().state, begun.stopped) == (Job.CANCELLED, 1)
    busy.close()


def test_a_worker_that_slept_through_its_lease_stops_its_job(settings: Any) -> None:
    at, begun = [NOW], Begun()
    busy = Worker(settings, clock=lambda: at[0], begin=begun)
    busy.jobs.step()
    at[0] += timedelta(minutes=10)
    theirs = actions.take("other", ["refresh"], at[0])
    assert theirs is not None
    busy.jobs.step()
    assert begun.stopped == 1
    held = Job.objects.get()
    assert (held.state, held.owner) == (Job.RUNNING, "other")
    busy.close()


def test_what_fails_waits_longer_each_time_and_recovers(
    settings: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    busy = Worker(settings, pause_seconds=1.0, clock=lambda: NOW, begin=Begun())

    def fail(*_: Any) -> int:
        raise OSError("disk full of ada@example.com")

    with monkeypatch.context() as broken:
        broken.setattr(room, "project", fail)
        pauses = [busy.lake.step() for _ in range(10)]
        assert busy.jobs.step() == 1.0, "the jobs do not wait for the lake"
    assert pauses[:4] == [2.0, 4.0, 8.0, 16.0]
    assert pauses[-1] == rounds.LONGEST_PAUSE_SECONDS
    assert "ada" not in caplog.text
    assert busy.lake.step() == 1.0
    assert not Unprojected.objects.exists()
    busy.close()


def test_an_end_that_could_not_be_noted_is_noted_later(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from django.db import OperationalError

    begun = Begun()
    monkeypatch.setattr(begun, "poll", lambda: begun.outcome)
    busy = Worker(settings, pause_seconds=1.0, clock=lambda: NOW, begin=begun)
    busy.jobs.step()
    begun.outcome = Outcome({"run": 1})

    def gone(*_: Any) -> bool:
        raise OperationalError("server closed the connection")

    with monkeypatch.context() as broken:
        broken.setattr(actions, "finish", gone)
        assert busy.jobs.step() == 2.0
    assert Job.objects.get().state == Job.RUNNING
    busy.jobs.step()
    assert (Job.objects.get().state, len(begun.jobs)) == (Job.DONE, 1)
    busy.close()


def test_a_job_that_cannot_begin_is_tried_again_later(settings: Any) -> None:
    def broken(*_: Any) -> Any:
        raise OSError("no more processes")

    busy = Worker(settings, clock=lambda: NOW, begin=broken)
    busy.jobs.step()
    job = Job.objects.get()
    assert (job.state, job.error_code, job.attempts) == (Job.FAILED, "OSError", 1)
    assert job.run_at > NOW
    busy.close()


def ended(task: tasks.Task) -> Outcome:
    for _ in range(600):
        if (outcome := task.poll()) is not None:
            return outcome
        time.sleep(0.1)
    raise TimeoutError


def test_jobs_are_commands_whose_errors_say_whether_they_help_again(tmp_path: Path) -> None:
    settings = opened(tmp_path / "home", currency="EUR")
    folder = settings.home / repairing.INBOX
    folder.mkdir()
    written(folder / "orders.csv", *ROWS)
    (folder / "odd.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    whole, _ = actions.enqueue(tasks.LOAD, {"file": "orders.csv"}, NOW)
    odd, _ = actions.enqueue(tasks.LOAD, {"file": "odd.csv"}, NOW)
    done, failed = ended(tasks.begin(whole, settings)), ended(tasks.begin(odd, settings))
    assert done.result is not None
    assert (done.error, done.result["orders"]["added"]) == ("", 3)
    assert (failed.error.split(".")[0], failed.again) == ("source", False)
    killed = tasks.begin(whole, settings)
    killed._process.send_signal(signal.SIGKILL)  # type: ignore[attr-defined]
    assert ended(killed) == Outcome(error="jobs.ended_early", again=True)
    assert killed.poll() == Outcome(error="jobs.ended_early", again=True), "asked twice, told twice"
    stopped = tasks.begin(whole, settings)
    stopped.stop()
    assert stopped._process.returncode not in (0, None)  # type: ignore[attr-defined]


KILLED = """
import sys, time
from datetime import UTC, datetime
from regulars.runtime.home import open_home
settings = open_home(sys.argv[1])
from regulars.jobs import actions
from regulars.runtime import tasks
job, _ = actions.enqueue(tasks.REFRESH, {}, datetime.now(UTC))
task = tasks.begin(job, settings)
print("begun", flush=True)
time.sleep(600)
"""


def test_the_process_of_a_job_ends_with_its_worker(settings: Any, tmp_path: Path) -> None:
    """The worker is killed with ``kill -9`` while its refresh waits for the lake; soon another refresh may begin."""
    from regulars.kit.errors import RegularsError
    from regulars.runtime.projection import lake_of
    from regulars.runtime.refresh import alone

    def refreshing() -> bool:
        try:
            with alone(settings.home):
                return False
        except RegularsError:
            return True

    def until(true: bool) -> None:
        end = time.monotonic() + 60
        while refreshing() is not true:
            assert time.monotonic() < end
            time.sleep(0.1)

    script = tmp_path / "killed.py"
    script.write_text(KILLED, encoding="utf-8")
    words = [sys.executable, str(script), str(settings.home)]
    with (
        lake_of(settings).writing(),
        subprocess.Popen(words, env=environment(), stdout=subprocess.PIPE, text=True) as child,
    ):
        assert child.stdout is not None
        assert child.stdout.readline() == "begun\n"
        until(true=True)
        child.send_signal(signal.SIGKILL)
        child.wait()
        until(true=False)


def test_two_workers_do_each_thing_once(home: Opened, tmp_path: Path) -> None:
    """Two processes on one home: events, orders, the night's refresh and every webhook, each once, on either store."""
    from contextlib import closing

    from tests.runtime.test_compaction import event

    from regulars.runtime.compaction import inbox_of
    from regulars.runtime.verification import verify
    from regulars.webhooks import actions as webhooks

    settings = home(webhooks_private="true")
    with receiver() as (address, heard):
        start = datetime.now(UTC)
        webhooks.create(address, [], "", settings.home, start, private=True)
        numbers = 12
        for number in range(numbers):
            told(settings, written(tmp_path / f"{number}.csv", ROWS[2].replace("2,ben", f"{number},ben")))
        with closing(inbox_of(settings)) as inbox:
            inbox.append([event(number) for number in range(500)])
        words = [sys.executable, "-m", "regulars", "worker", "--home", str(settings.home)]
        workers = [subprocess.Popen(words, env=environment()) for _ in range(2)]
        try:
            wanted = numbers + 1  # the loads and the refresh
            end = time.monotonic() + 120
            while time.monotonic() < end:
                done = queries.counts()[Job.DONE]
                if done and len(heard) >= wanted and not Unprojected.objects.exists():
                    break
                time.sleep(0.3)
            time.sleep(3)  # whoever did something twice would do so now
        finally:
            for worker in workers:
                worker.send_signal(signal.SIGTERM)
            codes = [worker.wait(60) for worker in workers]
    assert codes == [0, 0]
    assert [(job.kind, job.state, job.attempts) for job in Job.objects.all()] == [("refresh", Job.DONE, 1)]
    assert Run.objects.count() == 1
    kinds = Counter(json.loads(message.body)["type"] for message in heard)
    assert kinds == {"import.finished": numbers, "scores.published": 1}
    assert len({message.headers["webhook-id"] for message in heard}) == len(heard)
    assert verify(settings).sound
    with closing(inbox_of(settings)) as inbox:
        assert inbox.waiting().events == 0
