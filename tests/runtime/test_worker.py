"""The worker: what is due when, what failures do, and that a refresh keeps nothing from the lake."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.homes import opened
from tests.runtime.test_load import ROWS, told, written

from regulars.runtime import worker as room
from regulars.runtime.worker import Worker, due
from regulars.store.models import Run, Unprojected

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)


@pytest.fixture
def settings(tmp_path: Path) -> Any:
    """A home in Warsaw with orders."""
    found = opened(tmp_path / "home", time_zone="Europe/Warsaw")
    told(found, written(tmp_path / "orders.csv", *ROWS))
    return found


def ran(number: int, state: str, started: datetime, ended: datetime | None = None) -> None:
    Run.objects.create(id=number, state=state, started_at=started, ended_at=ended or started)


def test_a_refresh_is_due_once_after_each_night(settings: Any) -> None:
    assert due(settings, NOW)  # nothing was ever published
    three = datetime(2026, 3, 10, 2, tzinfo=UTC)  # three o'clock in Warsaw
    ran(1, Run.PUBLISHED, three - timedelta(minutes=1))
    assert not due(settings, three - timedelta(seconds=1))
    assert due(settings, three)
    assert due(settings, NOW)
    ran(2, Run.PUBLISHED, three)
    assert not due(settings, NOW)
    assert not due(settings, three + timedelta(days=1, seconds=-1))
    assert due(settings, three + timedelta(days=1))


def test_the_night_keeps_its_hour_when_clocks_change(settings: Any) -> None:
    """On the last Sunday of March Warsaw goes from UTC+1 to UTC+2: three o'clock comes an hour sooner."""
    ran(1, Run.PUBLISHED, datetime(2026, 3, 28, 3, tzinfo=UTC))
    assert not due(settings, datetime(2026, 3, 29, 0, 59, tzinfo=UTC))
    assert due(settings, datetime(2026, 3, 29, 1, 0, tzinfo=UTC))


def test_failures_wait_longer_and_longer(settings: Any) -> None:
    for failures, minutes in ((1, 1), (2, 2), (3, 4), (4, 8), (7, 60), (20, 60)):
        Run.objects.all().delete()
        for number in range(1, failures + 1):
            ran(number, Run.FAILED, NOW - timedelta(hours=9), NOW)
        assert not due(settings, NOW + timedelta(minutes=minutes, seconds=-1))
        assert due(settings, NOW + timedelta(minutes=minutes))
    ran(21, Run.PUBLISHED, NOW)
    ran(22, Run.FAILED, NOW, NOW)
    assert due(settings, NOW + timedelta(days=1))  # what failed before the last success counts no more


def test_without_orders_nothing_is_due(tmp_path: Path) -> None:
    assert not due(opened(tmp_path / "home"), NOW)


def test_the_lake_follows_while_a_refresh_runs(settings: Any, tmp_path: Path) -> None:
    begun: list[subprocess.Popen[bytes]] = []

    def slow(_: Any) -> subprocess.Popen[bytes]:
        begun.append(subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"]))
        return begun[-1]

    busy = Worker(settings, clock=lambda: NOW, refresh=slow)
    assert busy.step() == 2.0
    assert len(begun) == 1
    assert not Unprojected.objects.exists()
    told(settings, written(tmp_path / "more.csv", ROWS[2].replace("2,ben", "8,ben")))
    assert Unprojected.objects.exists()
    busy.step()
    assert not Unprojected.objects.exists()
    assert len(begun) == 1
    busy.stop()
    busy.run()
    assert begun[0].poll() is not None  # it ends with the worker


def test_a_refresh_that_cannot_begin_is_not_tried_at_every_step(settings: Any) -> None:
    at = [NOW]
    begun = []

    def failing(_: Any) -> subprocess.Popen[bytes]:
        done = subprocess.Popen([sys.executable, "-c", "raise SystemExit(3)"])
        done.wait()
        begun.append(at[0])
        return done

    busy = Worker(settings, clock=lambda: at[0], refresh=failing)
    for _ in range(5):
        busy.step()
    at[0] += timedelta(seconds=room.AGAIN_SECONDS)
    busy.step()
    assert begun == [NOW, at[0]]
    busy.stop()
    busy.run()


def test_what_fails_waits_longer_each_time_and_recovers(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    busy = Worker(
        settings, pause_seconds=1.0, clock=lambda: NOW, refresh=lambda _: subprocess.Popen(["true"])
    )

    def fail(*_: Any) -> int:
        raise OSError("disk full of ada@example.com")

    with monkeypatch.context() as broken:
        broken.setattr(room, "project", fail)
        pauses = [busy.step() for _ in range(10)]
    assert pauses[:4] == [2.0, 4.0, 8.0, 16.0]
    assert pauses[-1] == room.LONGEST_PAUSE_SECONDS
    assert busy.step() == 1.0
    assert not Unprojected.objects.exists()
    busy.stop()
    busy.run()
