"""Who is who, which lines make an order, and what happens when exports overlap."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq


def names(shop) -> set[str]:
    return {row["customer_id"] for row in shop.rows("identities")}


def test_guests_join_the_one_customer_with_their_email(read) -> None:
    shop = read(
        "order id,date,customer id,email,amount\n"
        "1,2024-03-01,7,Ada@Example.com,10\n2,2024-03-02,0, ada@example.com ,20\n3,2024-03-03,,ben@example.com,30\n"
        "4,2024-03-04,0,BEN@example.com,40\n5,2024-03-05,8,shared@example.com,1\n6,2024-03-06,9,shared@example.com,1\n"
        "7,2024-03-07,0,shared@example.com,1\n8,2024-03-08,0,,5\n"
    )
    rows = {row["order_key"]: row["customer_key"] for row in shop.rows("orders")}
    assert rows[1] == rows[2] == 7
    assert rows[3] == rows[4] not in {7, 8, 9, None}
    assert len({rows[5], rows[6], rows[7]}) == 3, "an e-mail that two customers share joins nobody"
    assert rows[8] is None
    assert names(shop) == {"7", "8", "9", "ben@example.com", "shared@example.com"}
    assert shop.intake["counts"]["guests_joined"] == 1
    assert shop.intake["counts"]["lines_without_customer"] == 1


def test_text_ids_join_their_guests_too(read) -> None:
    shop = read(
        "order id,date,customer id,email,amount\n1,2024-03-01,ada-1,ada@x.pl,10\n2,2024-03-02,,ADA@x.pl,20\n3,2024-03-03,ben-2,,30\n4,2024-03-04,guest,cy@x.pl,1\n"
    )
    rows = {row["order_key"]: row["customer_key"] for row in shop.rows("orders")}
    assert rows[1] == rows[2]
    assert len(set(rows.values())) == 3
    assert names(shop) == {"ada-1", "ben-2", "cy@x.pl"}


def test_dots_of_gmail_are_not_removed(read) -> None:
    shop = read(
        "date,email,amount\n2024-03-01,a.b@gmail.com,1\n2024-03-02,ab@gmail.com,1\n2024-03-02,AB@gmail.com,1\n"
    )
    assert names(shop) == {"a.b@gmail.com", "ab@gmail.com"}


def test_ids_that_a_spreadsheet_made_floats(read) -> None:
    shop = read("date,customer id,amount\n2024-03-01,17850.0,1\n2024-03-02,17850,1\n2024-03-03,13047.0,1\n")
    assert names(shop) == {"17850", "13047"}
    frame = pd.DataFrame(
        {"date": pd.to_datetime(["2024-03-01"] * 2), "customer_id": [17850.0, None], "amount": [1.0, 2.0]}
    )
    shop = read(frame)
    assert names(shop) == {"17850"}
    assert {row["customer_key"] for row in shop.rows("orders")} == {17850, None}


def test_leading_zeros_and_apostrophes(read) -> None:
    shop = read("date,customer id,amount\n2024-03-01,'007,1\n2024-03-02,007,1\n2024-03-03,7,1\n")
    assert names(shop) == {"007", "7"}


def test_zero_is_a_customer_where_nothing_says_otherwise(read) -> None:
    frame = pd.DataFrame(
        {"date": pd.to_datetime(["2024-03-01"] * 3), "customer_id": [0, 1, 2], "amount": [1.0, 2.0, 3.0]}
    )
    assert names(read(frame)) == {"0", "1", "2"}


def test_names_and_emails_stay_out_of_the_analytic_tables(read) -> None:
    shop = read(
        "order id,date,email,customer name,sku,quantity,price\n1,2024-03-01,ada@example.com,Ada Archer,x,1,10\n2,2024-03-02,ben@example.com,Ben Brook,y,1,10\n"
    )
    for table in ("orders", "lines", "products", "rejects"):
        data = str(shop.rows(table))
        assert "example.com" not in data
        assert "Archer" not in data


def test_an_order_number_two_customers_share_is_two_orders(read) -> None:
    shop = read(
        "order id,date,customer id,sku,amount\n1,2024-03-01,5,x,10\n1,2024-03-01,6,y,20\n1,2024-03-01,5,z,1\n2,2024-03-02,5,x,3\n"
    )
    rows = sorted((row["customer_key"], float(row["net"])) for row in shop.rows("orders"))
    assert rows == [(5, 3), (5, 11), (6, 20)]
    assert shop.repaired("order.shared") == 1
    assert shop.one("SELECT count(*) FROM {lines} l JOIN {orders} o USING (order_key, customer_key)") == (4,)


def test_a_line_without_customer_follows_its_order(read) -> None:
    shop = read(
        "order id,date,customer id,sku,amount\n1,2024-03-01,5,x,10\n1,2024-03-01,,y,20\n2,2024-03-02,,x,3\n"
    )
    assert {(row["customer_key"], float(row["net"])) for row in shop.rows("orders")} == {(5, 30), (None, 3)}
    assert shop.repaired("customer.carried") == 1
    assert shop.one("SELECT count(*) FROM {lines} WHERE customer_key = 5") == (2,)


def test_an_order_over_midnight_is_of_its_first_day(read) -> None:
    shop = read(
        "order id,date,customer id,sku,amount\n1,2024-03-01 23:59:30,5,x,10\n1,2024-03-02 00:00:10,5,y,20\n"
    )
    assert [str(row["ordered_on"]) for row in shop.rows("orders")] == ["2024-03-01"]
    assert {str(row["ordered_on"]) for row in shop.rows("lines")} == {"2024-03-01"}


def test_without_order_numbers_a_customers_moment_is_an_order(read) -> None:
    shop = read(
        "date,customer,sku,quantity,price\n2024-03-01 10:00,ada,x,1,10\n2024-03-01 10:00,ada,y,1,5\n2024-03-01 11:00,ada,x,1,10\n2024-03-01 10:00,ben,x,1,10\n"
    )
    assert shop.intake["counts"]["orders"] == 3


def test_without_order_numbers_products_of_a_day_are_an_order(read) -> None:
    shop = read("date,customer,sku,amount\n2024-03-01,ada,x,10\n2024-03-01,ada,y,5\n2024-03-02,ada,x,10\n")
    assert shop.intake["counts"]["orders"] == 2


def test_without_order_numbers_and_products_each_row_of_a_day_is_an_order(read) -> None:
    shop = read(
        "date,customer,amount\n2024-03-01,ada,10\n2024-03-01,ada,5\n2024-03-02,ada,10\n2024-03-02,ada,10\n"
    )
    assert shop.intake["counts"]["orders"] == 4


def test_repeated_lines_are_told_and_dropped_only_when_asked(read) -> None:
    text = "order id,date,customer,sku,quantity,price\n1,2024-03-01,ada,x,1,10\n1,2024-03-01,ada,x,1,10\n1,2024-03-01,ada,y,1,10\n2,2024-03-01,ada,x,1,10\n"
    kept = read(text)
    assert kept.one("SELECT sum(net), sum(lines) FROM {orders}") == (40, 4)
    assert kept.warned("lines.repeated")
    assert kept.intake["counts"]["repeated_lines"] == 1
    dropped = read(text, drop_repeats=True)
    assert dropped.one("SELECT sum(net), sum(lines) FROM {orders}") == (30, 3)
    assert dropped.repaired("line.repeated") == 1
    assert dropped.intake["reconciliation"]["taken_out"] == "10.00"
    assert dropped.intake["reconciliation"]["difference"] == "0.00"


def test_overlapping_exports_count_an_order_once_as_the_last_file_has_it(read, tmp_path: Path) -> None:
    folder = tmp_path / "exports"
    folder.mkdir()
    head = "order id,date,customer,sku,quantity,price,line refunded\n"
    (folder / "2024-01.csv").write_text(
        head + "1,2024-01-01,ada,x,1,10,0\n2,2024-01-31,ben,x,1,10,0\n2,2024-01-31,ben,y,2,3,0\n"
    )
    (folder / "2024-02.csv").write_text(
        head + "2,2024-01-31,ben,x,1,10,10\n2,2024-01-31,ben,y,2,3,0\n3,2024-02-01,cy,x,1,10,0\n"
    )
    shop = read(folder)
    assert shop.intake["read"] == 6
    assert shop.intake["files"] == ["2024-01.csv", "2024-02.csv"]
    rows = {r["order_key"]: (float(r["gross"]), float(r["net"]), r["lines"]) for r in shop.rows("orders")}
    assert rows == {1: (10, 10, 1), 2: (16, 6, 2), 3: (10, 10, 1)}
    assert shop.repaired("order.in_older_file") == 2
    assert shop.intake["reconciliation"]["taken_out"] == "16.00"
    assert shop.intake["reconciliation"]["difference"] == "0.00"


def test_an_order_split_between_two_part_files_stays_whole(read, tmp_path: Path) -> None:
    folder = tmp_path / "parts"
    folder.mkdir()
    when = pd.Timestamp("2024-03-01 10:00", tz="UTC")
    for number, product in enumerate([1, 2]):
        table = pa.table(
            {
                "order_id": [5, 6 + number],
                "customer_id": [9, 9],
                "product_id": [product, 3],
                "ordered_at": [when, when],
                "quantity": [1, 1],
                "unit_price": [2.5, 1.0],
            }
        )
        pq.write_table(table, folder / f"part-{number}.parquet")
    shop = read(folder)
    assert {row["order_key"]: row["lines"] for row in shop.rows("orders")} == {5: 2, 6: 1, 7: 1}
    assert shop.one("SELECT sum(net) FROM {orders}") == (7,)


def test_typed_keys_pass_as_they_are(read) -> None:
    table = pa.table(
        {
            "order_id": pa.array([10, 10, 11], pa.int64()),
            "customer_id": pa.array([3, 3, 4], pa.int64()),
            "product_id": pa.array([100, 200, 100], pa.int64()),
            "ordered_at": pa.array([pd.Timestamp("2024-03-01 10:00", tz="UTC")] * 3),
            "quantity": pa.array([1, 2, 3], pa.int32()),
            "unit_price": pa.array([1, 2, 3], pa.decimal128(12, 2)),
        }
    )
    shop = read(table)
    assert [(r["order_key"], r["customer_key"], float(r["net"])) for r in shop.rows("orders")] == [
        (10, 3, 5),
        (11, 4, 9),
    ]
    assert {r["product_key"] for r in shop.rows("lines")} == {100, 200}
    assert [(r["product_key"], r["product_id"]) for r in shop.rows("products")] == [
        (100, "100"),
        (200, "200"),
    ]


def test_products_take_the_title_their_sold_lines_use_most(read) -> None:
    shop = read(
        "order id,date,customer,sku,description,category,quantity,price,unit cost\n"
        "1,2024-03-01,ada,x,LAMP,Home,1,10,4\n2,2024-03-01,ada,x,LAMP,Home,1,10,4\n3,2024-03-01,ada,x,damaged,,1,0,\n4,2024-03-01,ada,x,damaged,,1,0,\n5,2024-03-01,ada,x,damaged,,1,0,\n"
    )
    assert [(r["title"], r["category"], float(r["cost"])) for r in shop.rows("products")] == [
        ("LAMP", "Home", 4)
    ]


def test_products_without_code_go_by_their_title(read) -> None:
    shop = read(
        "order id,date,customer,sku,product name,quantity,price\n1,2024-03-01,ada,77,LAMP,1,10\n2,2024-03-01,ada,,CUP,1,10\n"
    )
    assert {r["product_id"] for r in shop.rows("products")} == {"77", "CUP"}
