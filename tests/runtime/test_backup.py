"""A backup is the shop of one moment, and comes back on either database; what is wrong with a file is said before anything changes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tarfile
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from tests.homes import Opened, database_of, environment
from tests.runtime.test_compaction import event as any_event
from tests.runtime.test_compaction import in_lake
from tests.runtime.test_load import ROWS, orders, people, told, written

from regulars.kit.errors import RegularsError
from regulars.runtime import compaction
from regulars.runtime.backup import Backup, write
from regulars.runtime.projection import project
from regulars.runtime.restoring import restore
from regulars.runtime.settings import Settings
from regulars.runtime.verification import verify
from regulars.store.inbox import Event

NOW = int(time.time() * 1e6)


def event(number: int) -> Event:
    """An event of today: its id is remembered."""
    return any_event(number, received_at=NOW + number, occurred_at=NOW + number)


@pytest.fixture(params=["sqlite", "postgres"])
def target(request: pytest.FixtureRequest) -> Iterator[str]:
    """The database that a backup goes to."""
    if request.param == "sqlite":
        yield ""
        return
    with database_of(request.getfixturevalue("postgres")) as url:
        yield url


@pytest.fixture
def settings(home: Opened, tmp_path: Path) -> Settings:
    found = home(time_zone="Europe/Warsaw")
    told(found, written(tmp_path / "orders.csv", *ROWS))
    with closing(compaction.inbox_of(found)) as inbox:
        inbox.append([event(number) for number in range(5)])
        compaction.compact(found, inbox)
    return found


def new_home(folder: Path, url: str) -> Path:
    folder.mkdir()
    lines = ['time_zone = "Europe/Warsaw"'] + ([f'database_url = "{url}"'] if url else [])
    (folder / "regulars.toml").write_text("\n".join(lines), encoding="utf-8")
    return folder


def everything() -> dict[str, Any]:
    """What the store holds, as Django reads it."""
    from django.apps import apps

    return {
        model._meta.db_table: sorted(
            json.dumps(row, default=str, sort_keys=True) for row in model.objects.values_list()
        )
        for model in apps.get_models()
        if model._meta.db_table != "settings"
    } | {"orders": orders(), "identifiers": people()}


def test_a_shop_comes_back_whole_on_either_database(settings: Settings, target: str, tmp_path: Path) -> None:
    from regulars.access import actions, queries

    made = actions.create("Shop", ["collect"], settings.home, who="test", now=datetime.now(UTC))
    project(settings)
    with closing(compaction.inbox_of(settings)) as inbox:
        inbox.append([event(number) for number in range(5, 8)])
    done = write(settings, tmp_path)
    assert done.path.stat().st_mode & 0o777 == 0o600
    before = everything()
    assert len(in_lake(settings)) == 8

    back, _ = restore(done.path, new_home(tmp_path / "back", target))
    assert bool(back.database_url) == bool(target)
    assert everything() == before
    assert verify(back).sound
    assert list((back.home / "imports").iterdir())  # rejected rows are files
    # The home's secret came along: what it encrypted is read.
    assert queries.write_keys(back.home)[made.key.prefix][2] == made.signing
    with closing(compaction.inbox_of(back)) as inbox:
        inbox.append([event(number) for number in range(10)])  # two of them are new
        compaction.compact(back, inbox)
    assert [row["event_id"] for row in in_lake(back)] == [f"e{number}" for number in range(10)]
    told(back, written(tmp_path / "more.csv", "77,new,,2024-09-01,tea,1,1.00,paid,EUR"))  # numbers go on
    project(back)
    assert (len(orders()), verify(back).sound) == (len(before["orders"]) + 1, True)


def test_what_waits_comes_along(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Events that come in between the last claim and the copy stand in the copy as waiting."""
    late = [event(number) for number in range(100, 103)]
    drain = compaction.drain

    def drained(settings: Settings, lake: Any, inbox: Any) -> int:
        done = drain(settings, lake, inbox)
        inbox.append(late)
        return done

    monkeypatch.setattr(compaction, "drain", drained)
    done = write(settings, tmp_path / "b.tar")
    monkeypatch.undo()
    assert done.manifest["events_waiting"] == 3
    back, _ = restore(done.path, new_home(tmp_path / "back", ""))
    with closing(compaction.inbox_of(back)) as inbox:
        assert inbox.waiting().events == 3
        assert compaction.compact(back, inbox) == 3
    assert len(in_lake(back)) == 8


def test_a_backup_beside_writers_is_of_one_moment(settings: Settings, tmp_path: Path) -> None:
    """While events and orders come in: each event is in the copy once or not at all, and the lake agrees with the store."""
    stop, sent = threading.Event(), [1000]

    def send() -> None:
        with closing(compaction.inbox_of(settings)) as inbox:
            while not stop.is_set():
                inbox.append([event(number) for number in range(sent[0], sent[0] + 20)])
                sent[0] += 20
                time.sleep(0.002)

    def move() -> None:
        with closing(compaction.inbox_of(settings)) as inbox:
            while not stop.is_set():
                compaction.compact(settings, inbox)
                time.sleep(0.01)

    threads = [threading.Thread(target=send), threading.Thread(target=move)]
    for thread in threads:
        thread.start()
    try:
        made: list[tuple[Backup, int]] = []
        for number in range(2):
            before = sent[0]
            made.append((write(settings, tmp_path / f"{number}.tar"), before))
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    for number, (done, before) in enumerate(made):
        back, _ = restore(done.path, new_home(tmp_path / f"back{number}", ""))
        with closing(compaction.inbox_of(back)) as inbox:
            compaction.compact(back, inbox)
        ids = [row["event_id"] for row in in_lake(back)]
        assert len(ids) == len(set(ids))
        assert set(ids) == {
            event(number).event_id for number in (*range(5), *range(1000, 1000 + len(ids) - 5))
        }
        assert len(ids) - 5 + 1000 >= before
        project(back)
        assert verify(back).sound


def test_the_old_ones_go_when_the_new_one_is_there(settings: Settings, tmp_path: Path) -> None:
    folder = tmp_path / "backups"
    folder.mkdir()
    for day in (1, 2, 3):
        (folder / f"regulars-2024010{day}-000000.tar").touch()
    (folder / "other.tar").touch()
    done = write(settings, folder, keep=2)
    assert sorted(path.name for path in folder.iterdir()) == [
        "other.tar",
        "regulars-20240103-000000.tar",
        done.path.name,
    ]


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
def test_what_cannot_be_is_said_and_changes_nothing(settings: Settings, tmp_path: Path) -> None:
    done = write(settings, tmp_path / "b.tar")
    for name, code in (("b.tar", "backup.exists"), ("nowhere/b.tar", "backup.no_folder")):
        with pytest.raises(RegularsError) as error:
            write(settings, tmp_path / name)
        assert error.value.code == code
    whole = done.path.read_bytes()
    place = whole.index(b"PAR1") + 40
    with tarfile.open(tmp_path / "newer.tar", "w") as archive, tarfile.open(done.path) as old:
        for member in old.getmembers():
            if member.name != "manifest.json":
                archive.addfile(member, old.extractfile(member))
    for name, content in (
        ("short.tar", whole[: len(whole) // 2]),
        ("empty.tar", b""),
        ("bent.tar", whole[:place] + bytes([whole[place] ^ 255]) + whole[place + 1 :]),
        ("text.tar", b"orders,customers\n"),
        ("headless.tar", (tmp_path / "newer.tar").read_bytes()),
        ("nowhere.tar", None),
    ):
        if content is not None:
            (tmp_path / name).write_bytes(content)
        with pytest.raises(RegularsError) as error:
            restore(tmp_path / name, tmp_path / "back")
        assert error.value.code == "restore.unusable", name
        assert not (tmp_path / "back").exists()
    with pytest.raises(RegularsError) as error:
        restore(done.path, settings.home)
    assert error.value.code == "restore.not_empty"
    assert not list(tmp_path.glob(".*restored*"))


def test_a_database_that_is_in_use_is_left_alone(postgres: str, tmp_path: Path) -> None:
    from tests.homes import opened

    with database_of(postgres) as url:
        settings = opened(tmp_path / "home", url)
        told(settings, written(tmp_path / "orders.csv", *ROWS))
        done = write(settings, tmp_path / "b.tar")
        before = everything()
        with pytest.raises(RegularsError) as error:
            restore(done.path, tmp_path / "back")  # the backup's own settings name this database
        assert error.value.code == "restore.database_not_empty"
        assert everything() == before
        assert not (tmp_path / "back").exists()


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
def test_killed_in_the_middle_nothing_stands_under_a_final_name(settings: Settings, tmp_path: Path) -> None:
    write(settings, tmp_path / "b.tar")
    again = [
        sys.executable,
        "-m",
        "regulars",
        "restore",
        str(tmp_path / "b.tar"),
        "--home",
        str(tmp_path / "back"),
    ]
    for after in (0.6, 1.0, 1.4):
        started = subprocess.Popen(
            again, env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        time.sleep(after)
        os.kill(started.pid, signal.SIGKILL)
        started.wait()
        if (tmp_path / "back").exists():  # then it had come through
            break
    else:
        done = subprocess.run(again, env=environment(), capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
    assert not list(tmp_path.glob(".back-restored-*"))
    from tests.homes import opened

    (tmp_path / "back" / "regulars.toml").unlink()
    opened(tmp_path / "back")
    assert len(orders()) == 3


def test_what_a_killed_backup_left_is_swept_away_by_the_next(settings: Settings, tmp_path: Path) -> None:
    import fcntl

    left, held = (tmp_path / f".regulars-2026010{day}-030000.tar.part" for day in (1, 2))
    left.write_bytes(b"secret")
    with held.open("wb") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        write(settings, tmp_path)
        assert held.exists(), "somebody is writing to it"
    assert not left.exists()
    assert len(list(tmp_path.glob("regulars-*.tar"))) == 1
