"""A lake that an older version wrote, without columns that came later, is read and written as any other."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from deltalake import DeltaTable, write_deltalake
from tests.homes import Opened
from tests.runtime.test_load import told
from tests.runtime.test_refresh import published, refreshed, shop

from regulars.lake.columns import EVENTS, LINES, ORDERS
from regulars.runtime.compaction import compact, inbox_of
from regulars.runtime.projection import lake_of, project
from regulars.store.inbox import Event

AT = 1_714_550_400_000_000
LATER = {
    "orders": ["coupon_code", "channel", "country"],
    "lines": [],
    "events": ["properties", "order_id", "value"],
}
"""Columns that no analysis needs, as if they had come later."""


def seen(number: int) -> Event:
    return Event(
        f"e{number}", "key", "v1", None, None, "view", AT + number, AT + number, "p1", None, 1.5, None, "{}"
    )


def happened(settings: Any, *numbers: int) -> None:
    with closing(inbox_of(settings)) as inbox:
        inbox.append([seen(number) for number in numbers])
        compact(settings, inbox)


def aged(folder: Path, without: list[str]) -> None:
    """Write a table anew as an older version would have, in several files, the numbers of its batches included."""
    held = DeltaTable(str(folder))
    rows = pa.table(held.to_pyarrow_table()).drop_columns(without)
    for mode, part in (("overwrite", rows.slice(0, len(rows) // 2)), ("append", rows.slice(len(rows) // 2))):
        write_deltalake(
            str(folder), part, mode=mode, schema_mode="overwrite" if mode == "overwrite" else None
        )


def names(folder: Path) -> set[str]:
    return {field.name for field in DeltaTable(str(folder)).schema().fields}


def test_the_columns_are_those_that_are_written(home: Opened, tmp_path: Path) -> None:
    settings = home()
    told(settings, shop(tmp_path / "orders.csv", customers=20))
    project(settings)
    happened(settings, 1)
    lake = lake_of(settings)
    for table, columns in ((lake.orders, ORDERS), (lake.lines, LINES), (lake.events, EVENTS)):
        kept = pa.schema(DeltaTable(str(table.folder)).schema().to_arrow())
        assert {each.name: each.type for each in kept} == {each.name: each.type for each in columns}


def test_an_older_lake_is_read_and_written(home: Opened, tmp_path: Path) -> None:
    settings = home()
    told(settings, shop(tmp_path / "orders.csv"))
    happened(settings, 1, 2)
    refreshed(settings)
    before = published()
    lake = lake_of(settings)
    for name, without in LATER.items():
        if without:
            aged(settings.home / "lake" / name, without)
            assert not names(settings.home / "lake" / name) & set(without)
    batch = lake.events.applied("inbox")
    refreshed(settings)
    assert published() == before
    for name, columns in (("orders", ORDERS), ("events", EVENTS)):
        assert names(settings.home / "lake" / name) == set(columns.names)
    assert lake.events.applied("inbox") == batch
    version = lake.orders.version
    project(settings)
    assert lake.orders.version == version, "it is done once"
    happened(settings, 3)
    rows = DeltaTable(str(lake.events.folder)).to_pyarrow_table().to_pylist()
    assert sorted((row["event_id"], row["value"]) for row in rows) == [
        ("e1", None),
        ("e2", None),
        ("e3", 1.5),
    ]


@pytest.mark.parametrize("first", ["events", "orders"])
def test_new_rows_into_an_older_lake(home: Opened, tmp_path: Path, first: str) -> None:
    """Whichever writes first, events or orders, finds the older tables."""
    settings = home()
    told(settings, shop(tmp_path / "orders.csv", customers=20))
    happened(settings, 1, 2)
    project(settings)
    lake = lake_of(settings)
    orders = len(DeltaTable(str(lake.orders.folder)).to_pyarrow_table())
    for name in ("orders", "events"):
        aged(settings.home / "lake" / name, LATER[name])
    more = tmp_path / "more.csv"
    more.write_text(
        "order_id,customer_id,date,product,quantity,amount,status,currency\nnew,c1,2024-05-05,p1,1,5.00,paid,EUR\n"
    )
    told(settings, str(more))
    if first == "orders":
        project(settings)
    happened(settings, 3)
    project(settings)
    assert len(DeltaTable(str(lake.orders.folder)).to_pyarrow_table()) == orders + 1
    assert len(DeltaTable(str(lake.events.folder)).to_pyarrow_table()) == 3
