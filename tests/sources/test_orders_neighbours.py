"""What a row means never depends on rows that have nothing to do with it, nor on how the file writes its cells."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

HEAD = "order_id,customer_id,ordered_at,amount,status\n"


@pytest.mark.parametrize("word", ["cancelled", "pending"])
def test_orders_stay_what_they_are_where_nobody_paid(read, word):
    shop = read(
        HEAD
        + f"1,1,2024-01-01 23:50,10.00,{word}\n1,1,2024-01-02 00:10,5.00,{word}\n2,2,2024-01-03 10:00,7.00,{word}\n"
    )
    first = shop.rows("orders")[0]
    assert (first["status"], first["valid"], first["net"]) == (
        {"cancelled": "cancelled", "pending": "unpaid"}[word],
        False,
        Decimal(15),
    )


def test_a_blank_status_is_paid_beside_a_cancelled_one(read):
    shop = read(HEAD + "1,1,2024-01-01,10.00,\n1,1,2024-01-01,5.00,cancelled\n2,2,2024-01-03,7.00,\n")
    first = shop.rows("orders")[0]
    assert (first["status"], first["refunded"], first["net"]) == ("paid", Decimal(5), Decimal(10))
    assert shop.repaired("status.mixed") == 1


def test_blanks_around_a_status_do_not_change_it(read):
    shop = read(
        HEAD
        + '1,1,2024-01-01,10.00," wc-refunded"\n2,2,2024-01-03,7.00," wc-cancelled"\n3,2,2024-01-03,7.00,"Completed "\n'
    )
    assert [(row["status"], row["net"]) for row in shop.rows("orders")] == [
        ("paid", Decimal(0)),
        ("cancelled", Decimal(7)),
        ("paid", Decimal(7)),
    ]


@pytest.mark.parametrize(
    "content",
    [
        "order_id,customer_id,ordered_at,quantity,unit_price,discount\n1,1,2024-01-01,1,10.00,15.00\n2,2,2024-01-03,1,7.00,0.00\n",
        "order_id,customer_id,ordered_at,quantity,unit_price,tax\n1,1,2024-01-01,1,0.00,0.05\n2,2,2024-01-03,1,7.00,0.00\n",
        "order_id,customer_id,ordered_at,order_total,shipping\n1,1,2024-01-01,5.00,15.00\n2,2,2024-01-03,20.00,5.00\n",
    ],
)
def test_an_order_below_zero_takes_back_whatever_else_the_file_holds(read, content):
    alone = [row["kind"] for row in read(content).rows("orders")]
    returned = {
        "discount": "3,3,2024-01-04,-1,7.00,0.00\n",
        "tax": "3,3,2024-01-04,-1,7.00,0.00\n",
        "shipping": "3,3,2024-01-04,-7.00,0.00\n",
    }
    last = content.split("\n", 1)[0].rsplit(",", 1)[1]
    beside = [row["kind"] for row in read(content + returned[last]).rows("orders")]
    assert alone == beside[:2] == ["refund", "order"]


def test_typed_and_written_cells_are_cleaned_alike(read, tmp_path: Path):
    table = {
        "order_id": [1, 2, 3],
        "customer_id": [1, 2, 3],
        "ordered_at": [datetime(2024, 1, 1, 10), datetime(2024, 1, 2, 10), datetime(2024, 1, 3, 10)],
        "amount": [1.5, 2.5, 3.5],
        "channel": [" web ", "none", "web"],
        "country": ["n/a", "PL", "  "],
    }
    pq.write_table(pa.table(table), tmp_path / "typed.parquet")
    rows = [",".join(map(str, row)) for row in zip(*table.values(), strict=True)]
    for shop in (read(tmp_path / "typed.parquet"), read(",".join(table) + "\n" + "\n".join(rows) + "\n")):
        assert [(row["channel"], row["country"]) for row in shop.rows("orders")] == [
            ("web", None),
            (None, "PL"),
            ("web", None),
        ]


def test_a_cell_that_says_nothing_never_outweighs_one_that_does(read):
    shop = read(
        "order_id,customer_id,ordered_at,amount,country,channel\n1,1,2024-01-01,1.00,PL,Web\n1,1,2024-01-01,2.00,n/a,none\n"
    )
    assert [(row["country"], row["channel"]) for row in shop.rows("orders")] == [("PL", "Web")]
    shop = read(
        "order_id,customer_id,ordered_at,amount,product_id,title\n"
        "1,1,2024-01-01,1.00,7,Mug\n2,1,2024-01-02,2.00,7,n/a\n3,1,2024-01-03,2.00,7,n/a\n"
    )
    assert [row["title"] for row in shop.rows("products")] == ["Mug"]


def test_a_blank_at_the_end_makes_no_other_line(read):
    content = "order_id,customer_id,ordered_at,quantity,unit_price,title\n1,1,2024-01-01,1,1.00,Mug\n1,1,2024-01-01,1,1.00,Mug \n"
    assert read(content).warned("lines.repeated")
    assert read(content, drop_repeats=True).rows("orders")[0]["lines"] == 1


def test_orders_and_lines_agree_on_the_day(read, tmp_path: Path):
    folder = tmp_path / "exports"
    folder.mkdir()
    for number, on in enumerate((1, 5)):
        table = {
            "order_id": [1],
            "customer_id": [1],
            "ordered_at": pa.array([datetime(2024, 3, on, 10, tzinfo=UTC)], pa.timestamp("us", tz="UTC")),
            "quantity": [2],
            "unit_price": [9.99],
        }
        pq.write_table(pa.table(table), folder / f"f{number}.parquet")
    shop = read(folder)
    days = {row["ordered_on"] for name in ("orders", "lines") for row in shop.rows(name)}
    assert len(days) == 1
    assert days <= {date(2024, 3, 1), date(2024, 3, 5)}
