"""From a shop's file to the finished folder, with real exports and with a messy one."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from tests.stories.conftest import RESULTS, Done, purchases

Run = Callable[..., Done]


def finished(folder: Path) -> dict[str, Any]:
    """Check what holds for every finished folder and return the summary."""
    assert {path.name for path in folder.iterdir()} == RESULTS
    text = (folder / "summary.json").read_text(encoding="utf-8")
    summary: dict[str, Any] = json.loads(text, parse_constant=lambda word: pytest.fail(f"{word} in JSON"))
    intake = summary["intake"]
    assert intake["read"] == intake["accepted"] + intake["rejected"]["rows"]
    assert Decimal(intake["reconciliation"]["difference"]) == 0
    assert Decimal(intake["reconciliation"]["account"]["net"]) is not None
    rejects = pq.read_table(folder / "rejects.parquet")
    assert rejects.column_names == ["file", "line", "column", "value", "reason"]
    assert rejects.num_rows >= bool(intake["rejected"]["rows"])
    customers = pq.read_table(folder / "customers.parquet")
    assert customers.num_rows == summary["value"]["customers"]
    assert len(set(customers["customer_id"].to_pylist())) == customers.num_rows
    assert customers["tier"].null_count == customers["rfm_group"].null_count == 0
    report = (folder / "report.html").read_text(encoding="utf-8")
    outside = re.findall(
        r"""(?:src|href)\s*=\s*["']?(?:https?:)?//[^"'\s>]+|@import|url\(\s*["']?https?:""", report
    )
    assert not outside, f"the report asks for {outside[:3]}"
    return summary


@pytest.mark.real_data
@pytest.mark.parametrize(
    ("export", "orders"),
    [
        ("shopify/csv_exports/orders_export.csv", 687),
        ("woocommerce/csv_exports/webtoffee_orders.csv", 150),
        ("magento/csv_exports/sales_order_grid.csv", 300),
    ],
    ids=["Shopify", "WooCommerce", "Magento"],
)
def test_a_shop_systems_own_export(
    real_data: Path, tmp_path: Path, regulars: Run, export: str, orders: int
) -> None:
    done = regulars("value", real_data / "store_formats" / export, "--out", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    counts = finished(tmp_path / "out")["intake"]["counts"]
    assert counts["orders"] + counts["credit_notes"] == orders


@pytest.mark.real_data
def test_online_retail_agrees_with_its_published_counts(
    real_data: Path, tmp_path: Path, regulars: Run
) -> None:
    done = regulars(
        "value", real_data / "online_retail_ii" / "transactions.parquet", "--out", tmp_path / "out"
    )
    assert done.returncode == 0, done.stderr
    summary = finished(tmp_path / "out")
    intake, counts = summary["intake"], summary["intake"]["counts"]
    assert intake["read"] == intake["accepted"] == 1_067_371
    assert counts["orders"] + counts["credit_notes"] == 53_628
    assert counts["customers"] == 5_942
    assert counts["lines"] - counts["lines_without_customer"] == 824_364
    assert intake["dates"]["first"] == "2009-12-01"
    assert intake["dates"]["last"] == "2011-12-09"
    assert Decimal(intake["reconciliation"]["account"]["net"]) == Decimal("19287250.568")
    assert summary["value"].get("unknown") is None
    customers = pq.read_table(tmp_path / "out" / "customers.parquet")
    assert customers["clv"].null_count == 0


@pytest.mark.real_data
def test_cdnow_agrees_with_its_published_counts(real_data: Path, tmp_path: Path, regulars: Run) -> None:
    done = regulars("value", real_data / "cdnow" / "transactions.parquet", "--out", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    summary = finished(tmp_path / "out")
    assert summary["intake"]["accepted"] == 69_659
    assert summary["intake"]["counts"]["customers"] == 23_570
    assert Decimal(summary["intake"]["reconciliation"]["account"]["net"]) == Decimal("2500315.63")
    assert summary["value"].get("unknown") is None


MESS = '''\ufeffNr zamówienia;Data zamówienia;E-mail;Kwota brutto;Rabat;Status
1001;03.01.2024 10:15;Ada@Example.com;"1 234,50 zł";0,00;zrealizowane
1002;04.01.2024 11:00; ada@example.com ;99,99;10,00;zrealizowane
1003;31.01.2024 23:59;ben@example.com;12,00;;anulowane
1004;;cleo@example.com;50,00;;zrealizowane
1005;30.02.2024 12:00;dan@example.com;50,00;;zrealizowane
1006;01.02.2024 12:00;eve@example.com;drogo;;zrealizowane
1007;02.02.2024 12:00;;20,00;;zrealizowane

1008;03.02.2024 12:00;"Zażółć; gęślą ""jaźń""";30,00;;zrealizowane
1009;04.02.2024 12:00;fay@example.com;-15,00;;zrealizowane
'''


@pytest.mark.parametrize("encoding", ["utf-8", "cp1250"])
def test_a_messy_polish_file(tmp_path: Path, regulars: Run, encoding: str) -> None:
    path = tmp_path / "zamówienia.csv"
    path.write_bytes(MESS.lstrip("\ufeff" if encoding != "utf-8" else "").encode(encoding))
    done = regulars("value", path, "--out", tmp_path / "out", "--lang", "pl")
    assert done.returncode == 0, done.stderr
    summary = finished(tmp_path / "out")
    intake = summary["intake"]
    assert intake["read"] == 9
    assert intake["rejected"]["rows"] == 3
    rejects = pq.read_table(tmp_path / "out" / "rejects.parquet").to_pylist()
    assert {(row["line"], row["value"] or "") for row in rejects} == {
        (5, ""),
        (6, "30.02.2024 12:00"),
        (7, "drogo"),
    }
    ids = pq.read_table(tmp_path / "out" / "customers.parquet")["customer_id"].to_pylist()
    assert sum(name.strip().lower() == "ada@example.com" for name in ids) == 1, (
        "one Ada, however she is written"
    )
    report = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert re.search(r"<html[^>]*lang=.?pl", report)


def test_the_output_speaks_polish(tmp_path: Path, shop_csv: Path, regulars: Run) -> None:
    english = regulars("value", shop_csv)
    polish = regulars("value", shop_csv, "--lang", "pl")
    assert english.returncode == polish.returncode == 0
    assert re.search(r"[ąćęłńóśźż]", polish.stdout)
    assert not re.search(r"[ąćęłńóśźż]", english.stdout)
    assert len(polish.stdout.splitlines()) == len(english.stdout.splitlines())


def test_a_second_run_into_the_same_folder_tells_what_changed(
    tmp_path: Path, shop_csv: Path, regulars: Run
) -> None:
    out = tmp_path / "out"
    first = regulars("value", shop_csv, "--as-of", "2024-12-01", "--horizon-days", 90, "--out", out)
    assert first.returncode == 0, first.stderr
    assert finished(out)["since"] is None
    second = regulars("value", shop_csv, "--horizon-days", 90, "--out", out)
    assert second.returncode == 0, second.stderr
    since = finished(out)["since"]
    assert since["as_of"] == "2024-12-01"
    assert "Since the run of Dec 1, 2024" in second.stdout
    (out / "summary.json").write_text("{ torn", encoding="utf-8")
    third = regulars("value", shop_csv, "--horizon-days", 90, "--out", out)
    assert third.returncode == 0, third.stderr
    assert finished(out)["since"]["unknown"]["code"] == "earlier_unreadable"
    assert "nothing can be compared with it" in third.stdout


def test_json_is_one_document_and_equals_the_summary(tmp_path: Path, small_csv: Path, regulars: Run) -> None:
    done = regulars("value", small_csv, "--json", "--out", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert {Path(path).name for path in told.pop("files")} == RESULTS
    assert told == finished(tmp_path / "out")


def test_the_same_orders_however_they_come(tmp_path: Path, small_csv: Path, regulars: Run) -> None:
    """A CSV, a gzipped one, a Parquet file and a folder of two halves give the same customers."""
    import gzip

    import pyarrow.csv as pc

    text = small_csv.read_text(encoding="utf-8")
    (tmp_path / "shop.csv.gz").write_bytes(gzip.compress(text.encode()))
    pq.write_table(pc.read_csv(small_csv), tmp_path / "shop.parquet")
    halves = tmp_path / "halves"
    halves.mkdir()
    header, *lines = text.splitlines(keepends=True)
    for number in range(2):
        part = lines[: len(lines) // 2] if number == 0 else lines[len(lines) // 2 :]
        (halves / f"{number}.csv").write_text(header + "".join(part), encoding="utf-8")
    told = []
    for origin in (small_csv, tmp_path / "shop.csv.gz", tmp_path / "shop.parquet", halves):
        done = regulars("value", origin, "--out", tmp_path / f"out-{origin.name}")
        assert done.returncode == 0, done.stderr
        finished(tmp_path / f"out-{origin.name}")
        table = pq.read_table(tmp_path / f"out-{origin.name}" / "customers.parquet")
        told.append(table.sort_by("customer_id").to_pylist())
    assert told[0] == told[1] == told[2] == told[3]
    assert len(told[0]) == len({row[0] for row in purchases(150)})


def test_a_backtest_knows_of_promotions(tmp_path: Path, shop_csv: Path, regulars: Run) -> None:
    plan = tmp_path / "promotions.csv"
    plan.write_text(
        "from,until,name\n2024-05-01,2024-05-10,May\n2024-09-01,2024-09-07,Autumn\n", encoding="utf-8"
    )
    done = regulars("backtest", shop_csv, "--promotions", plan, "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["customers"] > 500
    plan.write_text("from,until,name\n2024-05-10,2024-05-01,May\n", encoding="utf-8")
    wrong = regulars("backtest", shop_csv, "--promotions", plan)
    assert wrong.returncode == 2
    assert "before it begins" in wrong.stderr


def test_events_teach_the_forecast_or_say_why_not(tmp_path: Path, shop_csv: Path, regulars: Run) -> None:
    seen = tmp_path / "events.csv"
    head = "customer_id,occurred_at,product_id\n"
    seen.write_text(head + "nobody,2024-05-01 10:00:00,tea\nnobody,no moment,tea\n", encoding="utf-8")
    done = regulars("value", shop_csv, "--events", seen, "--out", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    seen.write_text(head + "nobody,no moment,tea\n", encoding="utf-8")
    for verb in ("value", "backtest"):
        wrong = regulars(verb, shop_csv, "--events", seen)
        assert wrong.returncode == 2
        assert "Not one of 1 events could be used: row 2: 'no moment' in occurred_at" in wrong.stderr


def test_segments_and_backtest_write_their_folders(tmp_path: Path, shop_csv: Path, regulars: Run) -> None:
    for verb in ("segments", "backtest"):
        done = regulars(verb, shop_csv, "--out", tmp_path / verb)
        assert done.returncode == 0, done.stderr
        assert {path.name for path in (tmp_path / verb).iterdir()} == {f"{verb}.parquet", f"{verb}.json"}


def test_a_simulated_shop_through_the_same_door(tmp_path: Path, regulars: Run) -> None:
    done = regulars(
        "simulate", "--customers", 900, "--years", 1.5, "--format", "csv", "--out", tmp_path / "shop"
    )
    assert done.returncode == 0, done.stderr
    done = regulars(
        "value",
        tmp_path / "shop" / "orders.csv",
        *("--costs", tmp_path / "shop" / "costs.csv", "--margin", "45%", "--time-zone", "Europe/Warsaw"),
        *("--out", tmp_path / "out"),
    )
    assert done.returncode == 0, done.stderr
    summary = finished(tmp_path / "out")
    assert summary["intake"]["rejected"]["rows"] == 0
    assert summary["value"].get("unknown") is None
    assert summary["figures"]["figures"]["cac"]["value"] is not None
