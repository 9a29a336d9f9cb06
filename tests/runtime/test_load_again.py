"""A load that was cut off goes on, and a file that knows nothing of refunds does not take those away that were told one by one."""

from __future__ import annotations

import signal
import subprocess
import sys
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from tests.homes import Opened, environment
from tests.runtime.test_load import HEAD, ROWS, orders, people, told, written

NOW = datetime(2024, 6, 1, tzinfo=UTC)

KILLED = """
import os, signal, sys
from regulars.runtime.home import open_home
home, origin, parts = sys.argv[1:]
settings = open_home(home)
import regulars.runtime.load as room
room.LINES_AT_ONCE = 10
arrive, done = room.orders_room.arrive, []
def counted(*told, **more):
    if len(done) == int(parts):
        os.kill(os.getpid(), signal.SIGKILL)
    done.append(1)
    return arrive(*told, **more)
room.orders_room.arrive = counted
room.load(origin, settings)
"""


def many(path: Path) -> str:
    rows = [
        f"{n},c{n % 7},c{n % 7}@example.com,2024-01-{1 + n % 28:02d},p{n % 5},1,{n}.50,paid,EUR"
        for n in range(1, 51)
    ]
    return written(path, *rows)


def shown() -> tuple[Any, Any]:
    """Orders with their customers by name, as keys are given out in order of arrival."""
    names = {key: name for name, key in people().items() if name.startswith("store_id:")}
    return set(people()), {number: (names[order[0]], *order[1:]) for number, order in orders().items()}


def test_a_killed_load_keeps_what_it_had_and_the_next_goes_on(home: Opened, tmp_path: Path) -> None:
    from regulars.store.models import Import

    settings = home()
    origin = many(tmp_path / "orders.csv")
    script = tmp_path / "killed.py"
    script.write_text(KILLED, encoding="utf-8")
    words = [sys.executable, str(script), str(settings.home), origin, "3"]
    done = subprocess.run(words, env=environment(), capture_output=True, text=True, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr
    cut = Import.objects.get()
    # How far it came can be read while it works, and afterwards.
    assert (cut.state, cut.orders, cut.committed, cut.added) == ("running", 50, 30, 30)
    kept = shown()[1]
    assert len(kept) == 30
    again = told(settings, origin)
    assert (again.orders.added, again.orders.changed, again.orders.unchanged) == (20, 0, 30)
    assert {number: order for number, order in shown()[1].items() if number in kept} == kept
    cut.refresh_from_db()
    assert (cut.state, cut.error["code"], cut.committed) == ("failed", "load.stopped", 30)
    whole = shown()
    _emptied()
    assert told(settings, origin).orders.added == 50
    assert shown() == whole


def test_orders_that_others_add_while_a_load_runs_are_there_once(
    home: Opened, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from regulars.runtime import load as room
    from regulars.runtime import taking

    settings = home()
    origin = many(tmp_path / "orders.csv")
    arrive, done = room.orders_room.arrive, []

    def interrupted(*told: Any, **more: Any) -> Any:
        done.append(1)
        if (
            len(done) == 3
        ):  # told by the shop itself between two parts: one that is still to come, and one that the file does not know
            for name, moment in (("50", datetime(2024, 1, 23, tzinfo=UTC)), ("another", NOW)):
                line = taking.ToldLine("p1", "", "", Decimal(1), 99, 0, 0, None)
                who = (name, "paid", "ada", "", moment, "EUR", 0, 0, "", "", "")
                taking.take(taking.ToldOrder(*who, (line,)), settings, NOW)
        return arrive(*told, **more)

    monkeypatch.setattr(room, "LINES_AT_ONCE", 10)
    monkeypatch.setattr(room.orders_room, "arrive", interrupted)
    loaded = told(settings, origin)
    assert (loaded.orders.added, loaded.orders.changed, loaded.orders.unchanged) == (49, 1, 0)
    there = orders()
    assert len(there) == 51
    assert [there[name][4] for name in ("50", "another")] == [[(5050, 0, 1.0)], [(99, 0, 1.0)]]


def test_an_order_of_nobody_who_is_there_is_refused(home: Opened, tmp_path: Path) -> None:
    from django.db import IntegrityError

    from regulars.orders.actions import arrive, heads_of, lines_of
    from regulars.orders.content import HEAD as NAMES

    settings = home()
    told(settings, written(tmp_path / "orders.csv", *ROWS))
    before = orders()
    head = dict.fromkeys(NAMES, "") | {
        "kind": "order", "status": "paid", "customer_id": 999, "ordered_at": "2024-01-01 10:00:00", "ordered_on": "2024-01-01",
        "currency": "EUR", "shipping_minor": 0, "shipping_net_minor": 0, "content": 1,
    }  # fmt: skip
    for name in ("new", "1"):
        row = heads_of([tuple((head | {"order_id": name}).values())])
        with pytest.raises(IntegrityError):
            arrive(row, lambda _: [lines_of([(0, 1, None, 1.0, 5, 0, 0, 0)])], NOW)
    assert orders() == before


def _emptied() -> None:
    from regulars.store.models import Customer, Order, OrderLine, Product, Unprojected

    for each in (Unprojected, OrderLine, Order, Product, Customer):
        each.objects.all().delete()


def test_a_load_beside_another_is_not_called_stopped(home: Opened, tmp_path: Path) -> None:
    from regulars.kit.locks import locked
    from regulars.store.models import Import

    settings = home()
    Import.objects.create(origin="other.csv", state="running", started_at=NOW)
    with locked(settings.home / "load.lock", shared=True):
        told(settings, written(tmp_path / "orders.csv", *ROWS))
    assert Import.objects.get(origin="other.csv").state == "running"


def refunded(order: str, refund: str, lines: tuple[tuple[int, int], ...] = (), shipping: int = 0) -> None:
    from regulars.orders.amendments import Asked
    from regulars.runtime import taking

    assert taking.refund(order, Asked(refund, None, lines, shipping, NOW), NOW)


def money(order: str) -> tuple[Any, ...]:
    from regulars.store.models import Order

    one = Order.objects.get(order_id=order)
    lines = [(line.line, line.refunded_minor, line.paid_back_minor) for line in one.lines.order_by("line")]
    return one.version, one.shipping_net_minor, one.shipping_refunded_minor, lines


DELIVERED = (
    "order_id,customer_id,date,product,quantity,amount,tax,shipping,status,currency\n"
    "1,ada,2024-01-05,tea,2,12.30,2.30,6.00,paid,EUR\n"
    "1,ada,2024-01-05,cup,1,7.50,0.00,0.00,paid,EUR\n"
    "1,ada,2024-01-05,cup,1,7.50,0.00,0.00,paid,EUR\n"
    "2,ben,2024-02-05,tea,1,5.00,0.00,0.00,paid,EUR\n"
)


def test_refunds_told_one_by_one_stay(home: Opened, tmp_path: Path) -> None:
    settings = home(delivery_counts="true")
    path = tmp_path / "orders.csv"
    path.write_text(DELIVERED, encoding="utf-8")
    told(settings, str(path))
    lines = {line: (gross, quantity) for line, (gross, _, quantity) in enumerate(orders()["1"][4], 1)}
    tea = next(line for line, (gross, _) in lines.items() if gross == 1230)
    cup = max(line for line, (gross, _) in lines.items() if gross == 750)
    refunded("1", "r1", ((tea, 333), (cup, 750)), shipping=200)
    refunded("2", "r2", ((1, 1),))
    before = (money("1"), money("2"))
    for _ in range(2):  # twice is once
        again = told(settings, str(path))
        assert (again.orders.added, again.orders.changed, again.orders.unchanged) == (0, 0, 2)
        assert (money("1"), money("2")) == before
    # What else changed is taken over, and the refunds stay to the unit; those lines keep the numbers that refunds know them by.
    head, *rows = DELIVERED.splitlines()
    path.write_text("\n".join([head, *reversed([row.replace("paid", "unpaid") for row in rows])]))
    assert told(settings, str(path)).orders.changed == 2
    assert money("1") == (before[0][0] + 1, *before[0][1:])
    assert orders()["1"][2] == "unpaid"
    refunded("1", "r3", ((tea, 1230 - 333),), shipping=400)
    assert money("1")[1:3] == (0, 600)
    assert {line: back for line, _, back in money("1")[3]}[tea] == 1230


@pytest.mark.parametrize(
    ("change", "stays"),
    [
        (("7.50,paid", "8.00,paid"), True),  # another line than the refunded one
        (("2,10.00", "2,9.00"), False),
        (("tea,2", "tea,3"), False),
        (("tea,2", "pot,2"), False),
    ],
)
def test_only_lines_that_are_as_they_were_keep_refunds(
    home: Opened, tmp_path: Path, change: tuple[str, str], stays: bool
) -> None:
    settings = home()
    told(settings, written(tmp_path / "1.csv", *ROWS))
    tea = next(n for n, (gross, *_) in enumerate(orders()["1"][4], 1) if gross == 1000)
    refunded("1", "r1", ((tea, 400),))
    later = written(
        tmp_path / "2.csv", *[row.replace(*change) if row.startswith("1,") else row for row in ROWS]
    )
    assert told(settings, later).orders.changed == 1
    assert sorted(back for _, back, _ in money("1")[3]) == ([0, 400] if stays else [0, 0])
    assert told(settings, later).orders.changed == 0


def test_a_line_more_does_not_take_a_refunded_ones_number(home: Opened, tmp_path: Path) -> None:
    settings = home()
    told(settings, written(tmp_path / "1.csv", ROWS[0]))
    refunded("1", "r1", ((1, 400),))
    told(settings, written(tmp_path / "2.csv", *(ROWS[1], ROWS[0])))
    assert [(line, back) for line, back, _ in money("1")[3]] == [(1, 400), (2, 0)]
    assert [gross for gross, *_ in orders()["1"][4]] == [1000, 750]


def test_a_file_that_knows_refunds_wins(home: Opened, tmp_path: Path) -> None:
    settings = home()
    told(settings, written(tmp_path / "1.csv", *ROWS))
    refunded("2", "r1", ((1, 400),))
    path = tmp_path / "2.csv"
    rows = [f"{row},{'1.00' if row.startswith('2,') else ''}" for row in ROWS]
    path.write_text(HEAD.strip() + ",refunded amount\n" + "\n".join(rows), encoding="utf-8")
    assert told(settings, str(path)).orders.changed == 1
    assert money("2")[3] == [(1, 100, None)]
    assert told(settings, str(path)).orders.unchanged == 3
    # What the file said of them stays too where a later one says nothing.
    assert told(settings, str(tmp_path / "1.csv")).orders.unchanged == 3
    assert money("2")[3] == [(1, 100, None)]
