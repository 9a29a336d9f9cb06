"""Events to the lake: each once, whatever dies when; nobody's name; whose they are."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.homes import Opened, environment, opened

from regulars.runtime import compaction
from regulars.runtime.projection import lake_of
from regulars.store.inbox import Event

AT = int(datetime(2026, 5, 1, 12, tzinfo=UTC).timestamp() * 1e6)


def event(number: int, **more: Any) -> Event:
    told: dict[str, Any] = {
        "event_id": f"e{number}", "source": "shop", "visitor_id": f"v{number % 7}", "customer_id": None, "session_id": "s",
        "type": "view", "occurred_at": AT + number, "received_at": AT + number, "product_id": "tea", "order_id": None,
        "value": None, "url": None, "properties": "{}",
    }  # fmt: skip
    return Event(**told | more)


def in_lake(settings: Any) -> list[dict[str, Any]]:
    files = [str(path) for path in lake_of(settings).events.files()]
    if not files:
        return []
    return duckdb.sql(f"SELECT * FROM read_parquet({files}) ORDER BY event_id").to_arrow_table().to_pylist()


def test_each_event_once_and_the_inbox_empty(home: Opened) -> None:
    settings = home()
    with closing(compaction.inbox_of(settings)) as inbox:
        inbox.append([event(number) for number in range(40)])
        inbox.append([event(number) for number in range(30, 60)])
        assert compaction.compact(settings, inbox) == 60
        assert compaction.compact(settings, inbox) == 0
        assert inbox.waiting().events == 0
        inbox.append([event(60)])
        assert compaction.compact(settings, inbox) == 1
    assert sorted(row["event_id"] for row in in_lake(settings)) == sorted(
        f"e{number}" for number in range(61)
    )


def test_a_commit_that_came_through_is_not_written_again(
    home: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = home()
    with closing(compaction.inbox_of(settings)) as inbox:
        inbox.append([event(number) for number in range(50)])
        monkeypatch.setattr(compaction, "AT_ONCE", 20)
        for boundary in ("append", "done"):
            died = _dying(boundary, inbox, monkeypatch)
            with pytest.raises(RuntimeError):
                compaction.compact(settings, inbox)
            died.undo()
        compaction.compact(settings, inbox)
        assert inbox.waiting().events == 0
    rows = [row["event_id"] for row in in_lake(settings)]
    assert len(rows) == len(set(rows)) == 50


def _dying(boundary: str, inbox: Any, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    from regulars.lake.delta import Table

    patch = pytest.MonkeyPatch()

    def die(*_: Any, **__: Any) -> None:
        raise RuntimeError

    if boundary == "done":
        patch.setattr(type(inbox), "done", die)
    else:
        patch.setattr(Table, "append", die)
    return patch


def test_who_it_was(home: Opened) -> None:
    from regulars.store.models import Customer, Identifier, Visitor

    settings = home()
    with closing(compaction.inbox_of(settings)) as inbox:
        inbox.append(
            [
                event(1, customer_id="ada", visitor_id="phone"),
                event(2, visitor_id="phone"),
                event(3, customer_id="ada", visitor_id="desk"),
            ]
        )
        compaction.compact(settings, inbox)
        inbox.append(
            [event(4, customer_id="ben", visitor_id="desk"), event(5, visitor_id=None, customer_id="ada")]
        )
        compaction.compact(settings, inbox)
    ada, ben = (Identifier.objects.get(value=name).customer_id for name in ("ada", "ben"))
    assert Customer.objects.count() == 2
    assert {one.id: one.customer_id for one in Visitor.objects.all()} == {"phone": ada, "desk": ben}
    rows = {row["event_id"]: row for row in in_lake(settings)}
    assert [rows[f"e{number}"]["customer_key"] for number in range(1, 6)] == [ada, None, ada, ben, ada]
    assert rows["e1"]["visitor_key"] == rows["e2"]["visitor_key"] != rows["e3"]["visitor_key"]
    assert rows["e5"]["visitor_key"] is None


def test_no_name_enters_the_lake(home: Opened) -> None:
    settings = home()
    told = {
        "query": "mail zofia@example.com please",
        "email": "zofia@example.com",
        "traits": {"name": "Zofia"},
        "products": [{"id": "tea", "note": "for zofia@example.com"}],
    }
    with closing(compaction.inbox_of(settings)) as inbox:
        inbox.append(
            [
                event(
                    1,
                    customer_id="zofia",
                    visitor_id="zofia-phone-1",
                    url="https://x/?email=zofia@example.com",
                    properties=json.dumps(told),
                )
            ]
        )
        compaction.compact(settings, inbox)
    (row,) = in_lake(settings)
    assert json.loads(row["properties"]) == {
        "query": "mail … please",
        "products": [{"id": "tea", "note": "for …"}],
    }
    for path in (settings.home / "lake").rglob("*"):
        if path.is_file():
            assert b"zofia" not in path.read_bytes(), path


@given(
    st.text(max_size=200)
    | st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=20,
    ).map(json.dumps)
)
def test_properties_of_any_shape(properties: str) -> None:
    found = json.loads(compaction.kept(properties))
    assert isinstance(found, dict)
    assert set(found) <= set(compaction.KEPT)


KILLED = """
import os, signal, sys, threading, time
home, after = sys.argv[1:]
from regulars.runtime.home import open_home
settings = open_home(home)
from regulars.runtime import compaction
from regulars.runtime.worker import Worker
compaction.AT_ONCE = 25
print("ready", flush=True)
def kill():
    time.sleep(float(after))
    os.kill(os.getpid(), signal.SIGKILL)
threading.Thread(target=kill, daemon=True).start()
worker = Worker(settings, pause_seconds=0.0)
while True:
    worker.once()
"""


def test_kills_at_any_moment_lose_nothing_and_double_nothing(tmp_path: Path) -> None:
    settings = opened(tmp_path / "home")
    script = tmp_path / "killed.py"
    script.write_text(KILLED, encoding="utf-8")
    sent, done, after = 0, 0, 0.04
    with closing(compaction.inbox_of(settings)) as inbox:
        while done < 3:  # kills come later and later, until three of them met a worker that had got somewhere
            assert after < 20, "no worker has got anywhere"
            inbox.append([event(number) for number in range(sent, sent + 300)])
            sent += 300
            waiting = inbox.waiting().events
            killed = subprocess.run(
                [sys.executable, str(script), str(settings.home), str(after)],
                env=environment(), capture_output=True, text=True, check=False,
            )  # fmt: skip
            assert killed.returncode == -signal.SIGKILL, killed.stderr
            assert "ready" in killed.stdout
            done += inbox.waiting().events < waiting
            after = after + 0.15 if done else 1.6 * after
        compaction.compact(settings, inbox)
    rows = [row["event_id"] for row in in_lake(settings)]
    assert len(rows) == len(set(rows)) == sent
