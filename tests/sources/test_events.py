"""Events from anywhere: what is read, what is set aside and why, and what is none of ours."""

from __future__ import annotations

from contextlib import closing
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from regulars.kit.errors import RegularsError
from regulars.lake import open_workspace
from regulars.sources.events import Events, read_events

TODAY = date(2025, 6, 1)
HOUR = 3_600_000_000


def taken(origin: Any, **more: Any) -> Events:
    with closing(open_workspace()) as opened:
        return read_events(origin, opened, today=TODAY, **more)


def written(tmp_path, text: str):
    path = tmp_path / "events.csv"
    path.write_text(text, encoding="utf-8")
    return path


def rows(found: Events) -> list[tuple[str, str | None, str, int]]:
    """Product, customer, kind and instant of each event, by instant."""
    table = found.rows.sort_by([("at", "ascending"), ("product", "ascending")]).to_pylist()
    return [
        (
            found.product_ids[row["product"]],
            None if row["customer"] < 0 else found.customer_ids[row["customer"]],
            "cart" if row["cart"] else "view",
            row["at"],
        )
        for row in table
    ]


HEAD = "event_id,visitor_id,customer_id,session_id,type,occurred_at,product_id\n"


def test_what_each_row_says(tmp_path):
    path = written(
        tmp_path,
        HEAD
        + "1,v1,,s1,view,2025-05-01 10:00:00,tea\n2,v1,c7,s1,cart,2025-05-01T10:01:00+02:00,tea\n"
        + "3,v2,,s2,search,2025-05-01 10:00:00,cup\n4,v2,,s2,purchase,2025-05-01 10:02:00,\n5,v2,,s2,view,2025-05-01 10:03:00,\n",
    )
    found = taken(path)
    ten = int(pd.Timestamp("2025-05-01 10:00", tz="UTC").value // 1000)
    assert rows(found) == [("tea", "c7", "cart", ten - 2 * HOUR + 60_000_000), ("tea", None, "view", ten)]
    assert found.counts == {"read": 5, "other": 2, "product": 1, "aside": 0, "repeated": 0}
    assert found.rows["told"].to_pylist() == [True, True]
    assert len(set(found.rows["key"].to_pylist())) == 1


def test_the_shops_clock_and_calendar(tmp_path):
    path = written(
        tmp_path,
        "session,czas,produkt\na,2025-03-01 00:30:00,tea\na,2025-07-01 00:30,tea\n".replace("07", "05"),
    )
    found = taken(path, time_zone="Europe/Warsaw")
    at = pd.to_datetime(sorted(found.rows["at"].to_pylist()), unit="us")
    assert [str(each) for each in at] == ["2025-02-28 23:30:00", "2025-04-30 22:30:00"]
    days = pd.to_datetime(sorted(found.rows["day"].to_pylist()), unit="D")
    assert [each.date() for each in days] == [date(2025, 3, 1), date(2025, 5, 1)]
    with pytest.raises(RegularsError, match="time zone"):
        taken(path, time_zone="Mars/Base")


@pytest.mark.parametrize(
    ("header", "kinds"),
    [
        ("timestamp,visitorid,event,itemid", ("view", "addtocart")),
        ("event_time,event_type,product_id,user_id,user_session", ("view", "cart")),
        ("event_timestamp,event_name,item_id,user_pseudo_id,ga_session_id", ("view_item", "add_to_cart")),
        ("sent_at,event,sku,anonymous_id", ("Product Viewed", "Product Added")),
        (
            "Data i godzina,Typ zdarzenia,Kod produktu,ID sesji",
            ("wyświetlenie produktu", "dodano do koszyka"),
        ),
    ],
)
def test_headers_of_trackers(tmp_path, header, kinds):
    cells = {"view": kinds[0], "cart": kinds[1]}
    lines = [header]
    for kind in ("view", "cart"):
        line = []
        for name in header.casefold().split(","):
            if name in ("event", "event_type", "event_name", "typ zdarzenia"):
                line.append(cells[kind])
            elif "time" in name or name in ("sent_at", "data i godzina"):
                line.append("1746093600000000" if name == "event_timestamp" else "2025-05-01 10:00:00")
            else:
                line.append("77")
        lines.append(",".join(line))
    found = taken(written(tmp_path, "\n".join(lines)))
    assert sorted(kind for _, _, kind, _ in rows(found)) == ["cart", "view"]
    assert {at for *_, at in rows(found)} == {1746093600000000}


def test_the_same_from_a_table_parquet_and_a_data_frame(tmp_path):
    frame = pd.DataFrame(
        {
            "visitor_id": [1, 2, 2],
            "customer_id": [17850.0, np.nan, 17850.0],
            "product_id": ["007", "8", "8"],
            "occurred_at": pd.to_datetime(
                ["2025-05-01 10:00", "2025-05-01 11:00", "2025-05-01 11:01"], utc=True
            ),
            "type": ["view", "view", "cart"],
        }
    )
    path = tmp_path / "events.parquet"
    pq.write_table(pa.Table.from_pandas(frame), path)
    told = rows(taken(frame))
    assert told == rows(taken(path)) == rows(taken(pa.Table.from_pandas(frame)))
    assert [row[:3] for row in told] == [
        ("007", "17850", "view"),
        ("8", None, "view"),
        ("8", "17850", "cart"),
    ]


def test_an_event_id_counts_once(tmp_path):
    line = "{},v1,,,view,2025-05-01 10:00:0{},tea\n"
    found = taken(written(tmp_path, HEAD + line.format(1, 0) + line.format(1, 5) + line.format("", 2) * 2))
    assert [at % 10_000_000 for *_, at in rows(found)] == [0, 2_000_000, 2_000_000]
    assert found.counts["repeated"] == 1


def test_bad_rows_are_named_and_the_others_kept(tmp_path):
    good = "1,v1,,,view,2025-05-01 10:00:00,tea\n"
    bad = "2,v1,,,view,yesterday,tea\n3,v1,,,view,1889-05-01 10:00:00,tea\n4,v1,,,view,2031-01-01 10:00:00,tea\n5,,,,view,2025-05-01 10:00:00,tea\n6,v1,,,view,,tea\n"
    found = taken(written(tmp_path, HEAD + good + bad))
    assert len(rows(found)) == 1
    assert found.counts["aside"] == 5
    assert [(each.line, each.cell, each.reason) for each in found.aside] == [
        (3, "yesterday", "moment"),
        (4, "1889-05-01 10:00:00", "early"),
        (5, "2031-01-01 10:00:00", "future"),
        (6, "", "nobody"),
        (7, "", "moment"),
    ]
    assert str(found.aside[0].told) == "row 3: 'yesterday' in occurred_at is no moment that can be read"


def test_nothing_usable_says_which_row(tmp_path):
    with pytest.raises(RegularsError, match=r"Not one of 2 events.*row 2: 'soon'") as raised:
        taken(written(tmp_path, HEAD + "1,v1,,,view,soon,tea\n2,v1,,,view,later,tea\n"))
    assert raised.value.code == "events.nothing_usable"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("visitor_id,occurred_at\n1,2025-05-01\n", "events.columns"),
        ("visitor_id,product_id\n1,tea\n", "events.columns"),
        ("product_id,occurred_at\ntea,2025-05-01\n", "events.columns"),
        (
            "visitor_id,product_id,occurred_at\n1,tea,05/06/2025 10:00\n1,tea,07/08/2024 10:00\n",
            "events.order",
        ),
    ],
)
def test_what_cannot_be_read_at_all(tmp_path, text, code):
    with pytest.raises(RegularsError) as raised:
        taken(written(tmp_path, text))
    assert raised.value.code == code


def test_nothing_at_all_is_nothing(tmp_path):
    found = taken(written(tmp_path, HEAD + "1,v1,,,search,2025-05-01 10:00:00,tea\n"))
    assert found.rows.num_rows == 0
    assert found.aside == ()
    with pytest.raises(RegularsError, match="no rows"):
        taken(written(tmp_path, HEAD))


def test_a_moment_beyond_all_calendars_is_set_aside():
    table = pa.table(
        {
            "visitor_id": ["a", "b"],
            "product_id": ["tea", "tea"],
            "occurred_at": pa.array([9_000_000_000_000_000, 1_746_093_600_000_000], pa.timestamp("us")),
        }
    )
    found = taken(table, time_zone="Europe/Warsaw")
    assert found.counts["aside"] == 1
    assert len(rows(found)) == 1


def test_a_million_identical_rows_are_read():
    one = pa.table(
        {
            "event_id": ["1"],
            "visitor_id": ["v"],
            "product_id": ["tea"],
            "occurred_at": ["2025-05-01 10:00:00"],
        }
    )
    found = taken(one.take(pa.array(np.zeros(1_000_000, np.int64))))
    assert found.rows.num_rows == 1
    assert found.counts["repeated"] == 999_999
