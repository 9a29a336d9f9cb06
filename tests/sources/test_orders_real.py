"""The real files reconcile with their published counts and sums, without one option."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

pytestmark = pytest.mark.real_data


def test_online_retail_two_agrees_with_its_published_counts(read, real_data: Path) -> None:
    path = real_data / "online_retail_ii" / "transactions.parquet"
    shop = read(path)
    counts = shop.intake["counts"]
    assert shop.intake["read"] == shop.intake["accepted"] == counts["lines"] == 1_067_371
    assert counts["orders"] + counts["credit_notes"] == 53_628
    assert counts["customers"] == 5_942
    assert counts["lines"] - counts["lines_without_customer"] == 824_364
    assert shop.one("SELECT count(*) FROM {products}") == (5_305,)
    assert shop.one("SELECT count(*), count(DISTINCT customer_key) FROM {identities}") == (5_942, 5_942)
    assert counts["repeated_lines"] == 34_335

    expected = shop.orders.workspace.door.connection.execute(
        f"SELECT sum(CAST(unit_price AS DECIMAL(18, 4)) * quantity) FROM '{path}'"
    ).fetchone()[0]
    money = shop.intake["reconciliation"]
    assert Decimal(money["input"]) == Decimal(money["carried"]) == expected
    assert money["difference"] == "0.00"
    assert shop.one("SELECT sum(net), sum(gross) - sum(refunded) FROM {orders}") == (expected, expected)
    assert shop.one("SELECT sum(net), count(*) FROM {lines}") == (expected, 1_067_371)
    assert shop.orders.capabilities.clock
    assert shop.orders.capabilities.refunds

    kinds = dict(
        shop.orders.workspace.door.connection.execute(
            f"SELECT kind, count(*) FROM '{shop.orders.folder}/orders.parquet' GROUP BY kind"
        ).fetchall()
    )
    lettered = shop.orders.workspace.door.connection.execute(
        f"SELECT count(DISTINCT order_id) FROM '{path}' WHERE order_id SIMILAR TO '[CA].*'"
    ).fetchone()[0]
    # Beside the lettered documents only write-offs (negative quantities at no price) are no purchases.
    assert kinds["refund"] >= lettered
    assert shop.one("SELECT count(*) FROM {orders} WHERE kind = 'order' AND net < 0") == (0,)
    assert shop.one("SELECT min(gross), min(refunded), min(discount) FROM {orders}") == (0, 0, 0)


def test_cdnow_agrees_with_its_published_counts(read, real_data: Path) -> None:
    shop = read(real_data / "cdnow" / "transactions.parquet")
    counts = shop.intake["counts"]
    assert (counts["orders"], counts["customers"], counts["zero_value"]) == (69_659, 23_570, 80)
    assert shop.intake["reconciliation"]["carried"] == "2500315.63"
    assert shop.one("SELECT sum(units) FROM {orders}") == (167_881,)
    assert shop.one("SELECT customer_id FROM {identities} ORDER BY customer_id LIMIT 1") == ("00001",)
    assert not shop.orders.capabilities.clock
    assert not shop.orders.capabilities.products


def test_shopify_export(read, real_data: Path) -> None:
    shop = read(real_data / "store_formats" / "shopify" / "csv_exports" / "orders_export.csv")
    counts = shop.intake["counts"]
    assert (counts["orders"], counts["lines"], counts["customers"]) == (687, 15_243, 120)
    assert shop.intake["layout"] == "shopify"
    assert shop.intake["currency"] == "GBP"
    assert shop.one("SELECT count(*) FROM {orders} WHERE refunded > 0") == (148,)
    assert shop.one("SELECT count(*) FROM {orders} WHERE refunded > 0 AND net = 0") == (11,)
    totals = shop.intake["reconciliation"]["order_totals"]
    assert totals["difference"] == "0.00"
    assert Decimal(totals["input"]) == shop.one("SELECT sum(gross - discount + shipping) FROM {orders}")[0]
    assert shop.one("SELECT sum(net) FROM {lines}") == shop.one("SELECT sum(net) FROM {orders}")
    # The newest order of the file: 2010-06-30 16:51 +0100.
    last = shop.rows("orders", "ordered_at DESC")[0]
    assert last["ordered_at"].isoformat() == "2010-06-30T15:51:00+00:00"
    assert str(last["ordered_on"]) == "2010-06-30"
    assert str(last["gross"]) == "224.0400"


def test_woocommerce_export(read, real_data: Path) -> None:
    shop = read(real_data / "store_formats" / "woocommerce" / "csv_exports" / "webtoffee_orders.csv")
    counts = shop.intake["counts"]
    assert (counts["records"], counts["orders"], counts["customers"]) == (150, 150, 58)
    assert shop.intake["layout"] == "packed"
    assert shop.one("SELECT count(*) FROM {orders} WHERE refunded = gross AND net = 0") == (8,)
    assert shop.intake["reconciliation"]["order_totals"]["difference"] == "0.00"
    first = shop.rows("orders", "ordered_at")[0]
    assert (str(first["gross"]), str(first["ordered_at"])[:16]) == ("21.9500", "2009-12-01 13:48")
    assert shop.one("SELECT title FROM {products} WHERE product_id = '21335'") == ("LIBRARY LAMP",)


def test_magento_grid(read, real_data: Path) -> None:
    shop = read(real_data / "store_formats" / "magento" / "csv_exports" / "sales_order_grid.csv")
    counts = shop.intake["counts"]
    assert (counts["orders"], counts["customers"]) == (300, 120)
    assert shop.intake["reconciliation"]["order_totals"]["difference"] == "0.00"
    assert shop.one("SELECT count(*) FROM {orders} WHERE refunded > 0") == (70,)
    assert shop.one("SELECT sum(shipping) FROM {orders}") == (Decimal("450.0000"),)
    first = shop.rows("orders", "ordered_at")[0]
    assert str(first["ordered_at"])[:16] == "2009-12-01 11:37"
    assert (str(first["gross"]), str(first["refunded"])) == ("696.7300", "13.5000")
