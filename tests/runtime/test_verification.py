"""The lake held against the store: sound after any work, and what was tampered with is found and mended."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.homes import Opened
from tests.runtime.test_load import ROWS, told, written

from regulars.runtime.projection import lake_of, project
from regulars.runtime.verification import repair, verify
from regulars.store.models import Order, OrderLine


@pytest.fixture
def settings(home: Opened, tmp_path: Path) -> Any:
    found = home()
    told(found, written(tmp_path / "orders.csv", *ROWS))
    return found


def test_what_was_just_written_is_sound(settings: Any, tmp_path: Path) -> None:
    before = verify(settings)
    assert (before.waiting, before.orders, before.sound) == (3, 0, True)
    project(settings)
    assert (verify(settings).orders, verify(settings).sound) == (3, True)
    told(
        settings,
        written(tmp_path / "more.csv", ROWS[2].replace("5.00", "6.00"), "9,,,2024-03-01,tea,1,1.00,paid,EUR"),
    )
    project(settings)
    found = verify(settings)
    assert (found.orders, found.waiting, found.sound) == (4, 0, True)


def test_orders_that_change_hands_move_in_the_lake(settings: Any, tmp_path: Path) -> None:
    from regulars.customers.actions import unmerge
    from regulars.store.models import Merge

    project(settings)
    told(settings, written(tmp_path / "known.csv", "7,zoe,guest@example.com,2024-03-01,tea,1,1.00,paid,EUR"))
    told(settings, written(tmp_path / "other.csv", "8,ben,guest@example.com,2024-03-01,tea,1,1.00,paid,EUR"))
    project(settings)
    assert verify(settings).sound
    told(settings, written(tmp_path / "1.csv", "20,,late@example.com,2024-03-01,tea,1,1.00,paid,EUR"))
    project(settings)
    told(settings, written(tmp_path / "2.csv", "21,ada,late@example.com,2024-03-02,tea,1,1.00,paid,EUR"))
    merged = Merge.objects.get()
    project(settings)
    assert (verify(settings).orders, verify(settings).sound) == (7, True)
    unmerge(merged, merged.at)
    assert verify(settings).waiting == 1
    project(settings)
    assert (verify(settings).orders, verify(settings).sound) == (7, True)


def test_what_differs_is_found_and_mended(settings: Any) -> None:
    project(settings)
    ada = Order.objects.get(order_id="1")
    Order.objects.filter(order_id="2").update(country="PL")  # behind the lake's back
    OrderLine.objects.filter(order=ada, line=1).update(gross_minor=1)
    found = verify(settings)
    assert set(found.differing) == {ada.id, Order.objects.get(order_id="2").id}
    assert not found.sound
    assert found.to_json()["differing"]["count"] == 2
    assert repair(settings, found) == 2
    assert verify(settings).sound


def test_what_only_the_lake_has_is_taken_out(settings: Any) -> None:
    project(settings)
    ben = Order.objects.get(order_id="2")
    key = ben.id
    ben.lines.all().delete()
    ben.delete()
    found = verify(settings)
    assert found.strangers == (key,)
    repair(settings, found)
    after = verify(settings)
    assert (after.sound, after.orders) == (True, 2)


def test_a_lake_that_is_gone_is_written_anew(settings: Any) -> None:
    import shutil

    project(settings)
    for table in (lake_of(settings).orders, lake_of(settings).lines):
        shutil.rmtree(table.folder)
    found = verify(settings)
    assert len(found.differing) == 3
    assert repair(settings, found) == 3
    assert verify(settings).sound


def test_a_line_told_twice_in_the_lake_is_found(settings: Any) -> None:
    project(settings)
    table = lake_of(settings).lines
    one = pq.read_table(table.files()[0]).slice(0, 1)
    bucket = int(table.files()[0].parent.name.split("=")[1])
    table.append(one.append_column("bucket", pa.array([bucket], pa.int32())))
    found = verify(settings)
    assert len(found.differing) == 1
    repair(settings, found)
    assert verify(settings).sound
