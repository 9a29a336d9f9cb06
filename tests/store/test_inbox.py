"""What an inbox promises, held by SQLite and PostgreSQL alike: nothing lost, nothing twice, claims that come again."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
import time
from contextlib import closing

import pytest
from tests.store.conftest import NOW, event, events, ids

from regulars.kit.errors import Kind, RegularsError
from regulars.store.inbox import KEPT_DAYS, Waiting, open_inbox
from regulars.store.inbox.sqlite import SqliteInbox


@pytest.fixture
def inbox(place):
    found = open_inbox(place)
    yield found
    found.close()


def test_events_come_back_as_they_were(inbox):
    plain = event(2, visitor_id=None, session_id=None, product_id=None, value=None, url=None, customer_id="c")
    inbox.append([event(1), plain])
    claim = inbox.claim()
    assert claim.events == [event(1), plain]
    assert [type(cell) for cell in claim.events[0]] == [type(cell) for cell in event(1)]


def test_nothing_waits(inbox):
    inbox.append([])
    assert inbox.claim() is None
    assert inbox.waiting() == Waiting(0, None)


def test_an_event_sent_again_counts_once(inbox):
    inbox.append([*events(1, 2, 1), event(2, type="cart")])
    inbox.append(events(2, 3))
    claim = inbox.claim()
    assert sorted(ids(claim.events)) == ["e1", "e2", "e3"]
    inbox.done(claim.number)
    inbox.append(events(3, 1))
    assert inbox.claim() is None, "it left a moment ago"
    inbox.append(events(1, 4))
    assert ids(inbox.claim().events) == ["e4"]


def test_many_at_once_with_duplicates_everywhere(inbox):
    sent = [event(number % 700) for number in range(1234)]
    inbox.append(sent)
    claim = inbox.claim()
    assert len(claim.events) == len(set(ids(claim.events))) == 700


def test_what_has_left_already_is_passed_over(inbox):
    inbox.append(events(*range(6)))
    inbox.done(inbox.claim().number)
    inbox.append(events(*range(6), 6, 7))
    claim = inbox.claim(limit=3)
    assert ids(claim.events)[:1] == ["e6"], "claims of nothing new are no claims"
    inbox.done(claim.number)
    rest = inbox.claim(limit=3)
    assert sorted(ids(claim.events) + (ids(rest.events) if rest else [])) == ["e6", "e7"]


def test_an_inbox_that_had_an_index_of_ids_is_taken_over(tmp_path):
    path = tmp_path / "inbox.db"
    open_inbox(path).close()
    with closing(sqlite3.connect(path)) as older:
        older.execute("CREATE UNIQUE INDEX events_once ON events (event_id)")
    inbox = open_inbox(path)
    inbox.append(events(1, 1))
    assert ids(inbox.claim().events) == ["e1"]
    inbox.close()


def test_a_claim_comes_again_until_it_is_done(place):
    first = open_inbox(place)
    first.append(events(*range(10)))
    claim = first.claim(limit=4)
    first.append(events(*range(20, 25)))
    first.close()
    again = open_inbox(place)
    assert again.claim(limit=100) == claim, "the same number, the same events, whatever came meanwhile"
    assert len(claim.events) == 4
    again.done(claim.number)
    rest = again.claim()
    assert rest.number > claim.number
    assert sorted(ids(claim.events) + ids(rest.events)) == sorted(ids(events(*range(10), *range(20, 25))))
    again.close()


def test_done_may_be_said_twice_and_of_nothing(inbox):
    inbox.append(events(1))
    first = inbox.claim()
    inbox.done(first.number)
    inbox.append(events(2))
    second = inbox.claim()
    for number in (first.number, second.number + 1, -1):
        inbox.done(number)
    assert inbox.claim() == second
    inbox.done(second.number)
    assert inbox.claim() is None


def test_numbers_never_come_again(place):
    seen = []
    for turn in range(4):
        inbox = open_inbox(place)
        inbox.append(events(turn))
        seen.append(inbox.claim().number)
        inbox.done(seen[-1])
        inbox.close()
    assert seen == sorted(set(seen))


def test_what_waits_is_counted(inbox):
    inbox.append([event(number, received_at=NOW + number) for number in (3, 4, 5)])
    assert inbox.waiting() == Waiting(3, NOW + 3)
    claim = inbox.claim(limit=2)
    assert inbox.waiting() == Waiting(3, NOW + 3), "nothing is safe elsewhere yet"
    inbox.done(claim.number)
    assert inbox.waiting() == Waiting(1, NOW + 5)


def test_an_id_is_remembered_for_days(place):
    now = [NOW / 1e6]
    inbox = type(open_inbox(place))(place, clock=lambda: now[0])

    def leave():
        claim = inbox.claim()
        if claim:
            inbox.done(claim.number)
        return ids(claim.events) if claim else []

    inbox.append(events(1))
    assert leave() == ["e1"]
    now[0] += (KEPT_DAYS - 1) * 86_400
    inbox.append([event(2, received_at=int(now[0] * 1e6))])
    assert leave() == ["e2"]
    inbox.append([event(1, received_at=int(now[0] * 1e6))])
    assert leave() == [], "remembered"
    now[0] += 2 * 86_400
    inbox.append([event(3, received_at=int(now[0] * 1e6))])
    assert leave() == ["e3"]
    inbox.append([event(1, received_at=int(now[0] * 1e6)), event(2, received_at=int(now[0] * 1e6))])
    assert leave() == ["e1"], "forgotten, and the later one is not"


def test_all_or_nothing(inbox):
    with pytest.raises(Exception, match=r"(?i)null|none"):
        inbox.append([*events(*range(150)), event(151, type=None)])
    assert inbox.claim() is None
    inbox.append(events(1))
    assert ids(inbox.claim().events) == ["e1"], "and it works on"


def test_threads_share_one(inbox):
    def work(start: int) -> None:
        for number in range(start, start + 100, 10):
            inbox.append(events(*range(number, number + 10)))

    threads = [threading.Thread(target=work, args=(start,)) for start in (0, 100, 200, 250)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(inbox.claim().events) == 350


APPENDING = """
import sys
from tests.store.conftest import events
from regulars.store.inbox import open_inbox
inbox = open_inbox(sys.argv[1])
for number in range(int(sys.argv[2]), int(sys.argv[2]) + 600, 20):
    inbox.append(events(*range(number, number + 20)))
"""


def test_processes_append_while_a_third_takes_over(place):
    """Two write overlapping events while a third claims; together every event leaves once."""
    inbox = open_inbox(place)
    both = [subprocess.Popen([sys.executable, "-c", APPENDING, place, start]) for start in ("0", "300")]
    left, deadline = [], time.monotonic() + 60
    while time.monotonic() < deadline:
        running = any(process.poll() is None for process in both)
        claim = inbox.claim(limit=70)
        if claim is not None:
            left += ids(claim.events)
            inbox.done(claim.number)
        elif not running:
            break
    assert [process.returncode for process in both] == [0, 0]
    assert sorted(left) == sorted(ids(events(*range(900))))
    inbox.close()


CLAIMING = """
import os, signal, sys
from regulars.store.inbox import open_inbox
claim = open_inbox(sys.argv[1]).claim(limit=5)
print(claim.number, *[one.event_id for one in claim.events], flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_claim_survives_the_death_of_who_took_it(place):
    inbox = open_inbox(place)
    inbox.append(events(*range(9)))
    told = [
        subprocess.run([sys.executable, "-c", CLAIMING, place], capture_output=True, text=True, check=False)
        for _ in range(2)
    ]
    assert told[0].stdout == told[1].stdout
    claim = inbox.claim()
    assert told[0].stdout.split() == [str(claim.number), *ids(claim.events)]
    assert len(claim.events) == 5
    inbox.close()


def test_a_closed_inbox_says_so(inbox):
    inbox.close()
    for work in (lambda: inbox.append(events(1)), inbox.claim, inbox.waiting):
        with pytest.raises(RegularsError) as caught:
            work()
        assert (caught.value.code, caught.value.kind) == ("inbox.unavailable", Kind.UNAVAILABLE)


def test_a_file_that_is_no_database_is_named(tmp_path):
    (tmp_path / "inbox.db").write_bytes(b"no database" * 1000)
    with pytest.raises(RegularsError, match="not a database") as caught:
        open_inbox(tmp_path / "inbox.db")
    assert caught.value.code == "inbox.unavailable"


def test_a_crash_between_done_and_its_deletions_loses_nothing_new(tmp_path, monkeypatch):
    """The claim is done in one commit, its rows go in later ones; what comes in between stays."""
    inbox = SqliteInbox(tmp_path / "inbox.db")
    inbox.append(events(*range(5)))
    claim = inbox.claim()
    with monkeypatch.context() as patch:
        patch.setattr(SqliteInbox, "_sweep", lambda self: None)
        inbox.done(claim.number)
    assert inbox.waiting() == Waiting(0, None)
    with sqlite3.connect(tmp_path / "inbox.db") as other:
        other.execute("DELETE FROM events")  # as far as the deletions had come
    other.close()
    inbox.append(events(7, 8))
    inbox.close()
    again = SqliteInbox(tmp_path / "inbox.db")
    assert again.waiting().events == 2
    assert ids(again.claim().events) == ["e7", "e8"]
    again.close()


POSTGRES = pytest.mark.parametrize(
    "place", [pytest.param("postgres", marks=pytest.mark.postgres)], indirect=True
)


@POSTGRES
def test_a_lost_connection_is_made_again(place):
    import psycopg

    inbox = open_inbox(place)
    with psycopg.connect(place, autocommit=True) as other:
        other.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND usename = 'shop'"
        )
    inbox.append([event("after")])
    assert "eafter" in ids(inbox.claim().events)
    inbox.close()


@POSTGRES
def test_rows_that_become_visible_late_are_not_passed_over(place):
    """A transaction that began first and commits last: its rows are claimed when they are there."""
    import psycopg

    inbox = open_inbox(place)
    with psycopg.connect(place) as slow:
        slow.execute(
            "INSERT INTO regulars_inbox (event_id, source, type, occurred_at, received_at, properties) "
            "VALUES ('slow', 'web', 'view', 1, 1, '{}')"
        )
        inbox.append(events(1))
        first = inbox.claim()
        assert ids(first.events) == ["e1"]
        inbox.done(first.number)
    assert ids(inbox.claim().events) == ["slow"]
    inbox.close()


def test_an_unreachable_server_does_not_tell_the_password():
    with pytest.raises(RegularsError) as caught:
        open_inbox("postgresql://shop:hush@127.0.0.1:1/x")
    assert caught.value.code == "inbox.unavailable"
    assert "hush" not in str(caught.value)
