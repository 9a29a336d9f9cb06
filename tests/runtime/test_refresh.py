"""From the store to what is published: the lake says what the library reads, a kill loses nothing, and only one works at a time."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.homes import Opened, environment, opened

from regulars.kit.errors import RegularsError
from regulars.runtime.journey import analyse
from regulars.runtime.reading import read_orders

START = date(2024, 1, 1)


def shop(path: Path, customers: int = 700, seed: int = 1) -> str:
    """A shop of 14 months with refunds and guests, large enough for a forecast."""
    rng = np.random.default_rng(seed)
    rows, number = [], 0
    for key in range(customers):
        at = float(rng.integers(0, 330))
        end = at + rng.exponential(260)
        who = f"c{key},c{key}@example.com" if key % 5 else f",g{key}@example.com"
        while at < min(end, 425):
            number += 1
            day = START + timedelta(days=int(at))
            for product in rng.choice(12, rng.integers(1, 4), replace=False):
                amount = f"{rng.gamma(4, 4) + 1:.2f}"
                rows.append(
                    f"o{number},{who},{day},p{product},{rng.integers(1, 4)},{amount},{0 if rng.random() < 0.9 else 1.0},paid,EUR"
                )
            at += max(rng.exponential(35), 1.0)
    text = (
        "order_id,customer_id,email,date,product,quantity,amount,refunded,status,currency\n"
        + "\n".join(rows)
        + "\n"
    )
    path.write_text(text, encoding="utf-8")
    return str(path)


@pytest.fixture(scope="module")
def orders_csv(tmp_path_factory: pytest.TempPathFactory) -> str:
    return shop(tmp_path_factory.mktemp("shop") / "orders.csv")


def refreshed(settings: Any) -> Any:
    from regulars.runtime.refresh import refresh

    return refresh(settings)


def loaded(settings: Any, path: str) -> Any:
    from regulars.runtime.load import load

    return load(path, settings)


def published() -> dict[str, dict[str, Any]]:
    """Every shown score by the shop's own id."""
    from regulars.runtime import publication
    from regulars.store.models import Identifier, Score

    run = publication.published()
    names = {}
    for one in Identifier.objects.order_by("kind"):  # an e-mail only where there is no id
        names[one.customer_id] = one.value
    fields = [each.attname for each in Score._meta.fields if each.attname not in ("pk", "run", "customer_id")]
    return {
        names[score.customer_id]: {name: getattr(score, name) for name in fields}
        for score in Score.objects.filter(run=run.id if run else -1)
    }


def test_what_is_published_is_what_the_library_says(home: Opened, orders_csv: str) -> None:
    settings = home()
    loaded(settings, orders_csv)
    done = refreshed(settings)
    assert done.recommendations
    found = published()
    with read_orders(orders_csv) as orders:
        library = analyse(orders)
        rows = library.customers.to_pylist()
        figures = library.figures.to_json()
    assert library.value.unknown is None
    assert done.customers == len(rows) == len(found)
    for row in rows:
        mine = found[row["customer_id"]]
        assert mine["orders"] == row["orders"]
        assert mine["net_minor"] == round(float(row["net"]) * 100)
        assert (mine["first_on"], mine["last_on"]) == (row["first_on"], row["last_on"])
        assert mine["clv_minor"] == pytest.approx(row["clv"] * 100, abs=1.0)
        assert mine["p_alive"] == pytest.approx(row["p_alive"], abs=1e-6)
        assert (mine["tier"], mine["rfm"], mine["lifecycle"]) == (row["tier"], row["rfm"], row["lifecycle"])
        assert mine["reason"] == row["reason"]
    told = json.loads(json.dumps(done.run.summary["figures"], default=str))
    for name, figure in figures["figures"].items():
        assert told["figures"][name] == json.loads(json.dumps(figure, default=str)), name


def test_a_later_order_and_its_end_change_the_customer_and_back(orders_csv: str, tmp_path: Path) -> None:
    settings = opened(tmp_path / "home")
    loaded(settings, orders_csv)
    refreshed(settings)
    before = published()
    text = Path(orders_csv).read_text(encoding="utf-8")
    head, *rows = text.splitlines()
    last = max(row.split(",")[3] for row in rows)
    silent = min(
        (name for name in before if name.startswith("c")), key=lambda name: (before[name]["p_alive"], name)
    )
    order = f"late,{silent},{silent}@example.com,{last},p1,2,80.00,0,paid,EUR"
    (tmp_path / "late.csv").write_text(f"{head}\n{order}\n", encoding="utf-8")
    assert loaded(settings, str(tmp_path / "late.csv")).orders.added == 1
    assert refreshed(settings).projected == 1
    after = published()
    assert after[silent]["orders"] == before[silent]["orders"] + 1
    assert after[silent]["net_minor"] == before[silent]["net_minor"] + 8000
    assert after[silent]["p_alive"] > before[silent]["p_alive"] + 0.2
    assert after[silent]["clv_minor"] > before[silent]["clv_minor"]
    (tmp_path / "late.csv").write_text(
        f"{head}\n{order.replace(',paid,', ',cancelled,')}\n", encoding="utf-8"
    )
    assert loaded(settings, str(tmp_path / "late.csv")).orders.changed == 1
    refreshed(settings)
    assert published() == before


def test_one_refresh_at_a_time(home: Opened, orders_csv: str) -> None:
    from regulars.runtime.refresh import alone

    settings = home()
    with alone(settings.home), pytest.raises(RegularsError) as caught:
        refreshed(settings)
    assert caught.value.code == "refresh.running"


def test_without_orders_there_is_nothing_to_refresh(home: Opened) -> None:
    from regulars.store.models import Run

    settings = home()
    with pytest.raises(RegularsError) as caught:
        refreshed(settings)
    assert caught.value.code == "refresh.no_orders"
    assert Run.objects.get().error["code"] == "refresh.no_orders"


def test_a_store_that_changed_again_while_the_lake_was_written(
    home: Opened, orders_csv: str, tmp_path: Path
) -> None:
    """The mark of an order that got a newer version stays, so that the next round brings it."""
    from regulars.runtime import projection
    from regulars.store.changes import touch
    from regulars.store.models import Order, Unprojected

    settings = home()
    loaded(settings, orders_csv)
    kept = projection._write

    def meanwhile(connection: Any, lake: Any) -> int:
        count = kept(connection, lake)
        if not meanwhile.done:  # type: ignore[attr-defined]
            meanwhile.done = True  # type: ignore[attr-defined]
            order = Order.objects.get(order_id="o7")
            Order.objects.filter(id=order.id).update(status="cancelled")
            touch([order.id], datetime.now().astimezone())
        return count

    meanwhile.done = False  # type: ignore[attr-defined]
    projection._write = meanwhile
    try:
        projection.project(settings)
    finally:
        projection._write = kept
    assert not Unprojected.objects.exists()
    assert status_in_lake(settings, "o7") == "cancelled"


def status_in_lake(settings: Any, order_id: str) -> str:
    import duckdb

    from regulars.runtime.projection import lake_of
    from regulars.store.models import Order

    files = [str(path) for path in lake_of(settings).orders.files()]
    key = Order.objects.get(order_id=order_id).id
    rows = duckdb.sql(f"SELECT status FROM read_parquet({files}) WHERE order_key = {key}").fetchall()
    assert len(rows) == 1
    return rows[0][0]


@pytest.fixture
def whole(orders_csv: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What an undisturbed load and refresh publish."""
    settings = opened(tmp_path_factory.mktemp("whole") / "home")
    loaded(settings, orders_csv)
    refreshed(settings)
    return published()


KILLED = """
import os, signal, sys, threading, time
home, after, *words = sys.argv[1:]
def kill():
    time.sleep(float(after))
    os.kill(os.getpid(), signal.SIGKILL)
threading.Thread(target=kill, daemon=True).start()
from regulars.runtime.home import open_home
open_home(home)
import regulars.runtime.load as room
room.LINES_AT_ONCE = 300
from regulars.cli import main
sys.argv = ["regulars", *words, "--home", home]
main()
"""


@pytest.mark.parametrize("verb", ["load", "refresh"])
def test_a_kill_at_any_moment_loses_nothing(
    verb: str, orders_csv: str, tmp_path: Path, whole: dict[str, Any]
) -> None:
    """The process is killed later and later until it gets through; then all is as if it had never been."""
    home = tmp_path / "home"
    settings = opened(home)
    if verb == "refresh":
        loaded(settings, orders_csv)
    script = tmp_path / "killed.py"
    script.write_text(KILLED, encoding="utf-8")
    words = ["load", orders_csv] if verb == "load" else ["refresh"]
    killed = 0
    began = time.monotonic()
    after = 1.0
    while True:
        done = subprocess.run(
            [sys.executable, str(script), str(home), str(after), *words],
            env=environment(), capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode == 0:
            break
        assert done.returncode == -signal.SIGKILL, done.stderr
        killed += 1
        after *= 2.0
        assert time.monotonic() - began < 240
    assert killed >= 2
    settings = opened(home)
    if verb == "load":
        again = loaded(settings, orders_csv)
        assert (again.orders.added, again.orders.changed) == (0, 0)
    refreshed(settings)
    assert published() == whole


def test_what_was_expected_is_kept_run_by_run(home: Opened, orders_csv: str) -> None:
    from regulars.runtime import history
    from regulars.runtime.projection import lake_of
    from regulars.store.models import Run, Score

    settings = home()
    loaded(settings, orders_csv)
    for _ in range(2):
        refreshed(settings)
    lake = lake_of(settings)
    customer = Score.objects.exclude(clv_minor=None).order_by("customer_id").first()
    assert customer is not None
    past = history.of(lake, customer.customer_id)
    assert [row["run"] for row in past] == [2, 1]
    assert past[0]["clv_minor"] == customer.clv_minor == past[1]["clv_minor"]
    assert (past[0]["tier"], past[0]["lifecycle"]) == (customer.tier, customer.lifecycle)
    kept = lake.scores.applied(history.APPLICATION)
    Run.objects.filter(id=1).update(state=Run.FAILED)  # as if it had been cut off before it was shown
    assert [row["run"] for row in history.of(lake, customer.customer_id)] == [2]
    assert kept == 2
    assert history.of(lake, 10**9) == []
    names = {path.suffix for path in (settings.home / "lake" / "scores").rglob("*") if path.is_file()}
    assert names <= {".parquet", ".json"}


def test_carts_of_the_storefront_say_who_left_one(home: Opened, tmp_path: Path) -> None:
    from contextlib import closing
    from datetime import UTC

    from tests.runtime.test_compaction import event

    from regulars.runtime import compaction
    from regulars.segments.queries import shipped_memberships
    from regulars.store.models import Identifier

    settings = home()
    rows = [f"o{n},c{n},2024-05-{n + 1:02d},tea,1,20.00,paid,EUR" for n in range(1, 9)]
    text = "order_id,customer_id,date,product,quantity,amount,status,currency"
    (tmp_path / "orders.csv").write_text("\n".join([text, *rows]) + "\n", encoding="utf-8")
    loaded(settings, str(tmp_path / "orders.csv"))

    def at(day: int) -> int:
        return int(datetime(2024, 5, day, 12, tzinfo=UTC).timestamp() * 1e6)

    told = [(1, "cart", 6), (8, "cart", 7), (2, "view", 6), (2, "view", 7), (3, "view", 9)]
    with closing(compaction.inbox_of(settings)) as inbox:
        inbox.append(
            [
                event(n, type=kind, customer_id=f"c{who}", visitor_id=f"v{who}", occurred_at=at(day))
                for n, (who, kind, day) in enumerate(told)
            ]
        )
        compaction.compact(settings, inbox)
    run = refreshed(settings).run
    named = dict(Identifier.objects.filter(kind=Identifier.STORE_ID).values_list("customer_id", "value"))
    inside = {
        (row["segment"], named[row["customer_key"]])
        for part in shipped_memberships(run.id, [], None)
        for row in part.to_pylist()
        if row["segment"].endswith("_abandoner")
    }
    # c8 ordered on the ninth, two days after the cart; c3 looked once.
    assert inside == {("cart_abandoner", "c1"), ("browse_abandoner", "c2")}
