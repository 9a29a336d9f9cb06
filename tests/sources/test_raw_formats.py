"""Workbooks, Parquet, JSON, folders of them, and tables in memory."""

from __future__ import annotations

import datetime as dt
import gzip
import json
from decimal import Decimal

import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from openpyxl import Workbook

from regulars.kit.errors import RegularsError
from regulars.lake.workspace import open_workspace
from regulars.sources.raw import read_raw


@pytest.fixture(scope="module")
def workspace():
    space = open_workspace()
    yield space
    space.close()


def rows_of(raw):
    columns = ", ".join('"' + name.replace('"', '""') + '"' for name in raw.columns)
    query = f"SELECT {columns} FROM {raw.relation} ORDER BY __file, __row"
    return raw.workspace.door.connection.execute(query).fetchall()


def lines_of(raw):
    query = f"SELECT line FROM ({raw.with_lines(raw.relation)}) ORDER BY __file, __row"
    return [line for (line,) in raw.workspace.door.connection.execute(query).fetchall()]


def workbook(path, rows, *, empty_first=False):
    book = Workbook()
    sheet = book.active
    if empty_first:
        sheet.title = "cover"
        sheet = book.create_sheet("orders")
    for row in rows:
        sheet.append(row)
    book.save(path)
    return path


def test_a_workbook_with_titles_dates_and_numbers(tmp_path, workspace):
    path = workbook(
        tmp_path / "orders.xlsx",
        [
            ["Sales report 2024"],
            [],
            ["id", "day", "moment", "sum", "paid", "who", None],
            [1001, dt.date(2024, 3, 1), dt.datetime(2024, 3, 1, 10, 30), 12.5, True, "Ża", None],
            [1002, dt.date(2024, 3, 2), dt.datetime(2024, 3, 2), 7, False, None, None],
            [None] * 7,
            ["A-7", dt.date(2024, 3, 3), dt.datetime(2024, 3, 3, 9), 0.1, True, "  x ", None],
        ],
        empty_first=True,
    )
    raw = read_raw(path, workspace)
    assert raw.columns == ("id", "day", "moment", "sum", "paid", "who")
    assert rows_of(raw) == [
        ("1001", "2024-03-01", "2024-03-01 10:30:00", "12.5", "true", "Ża"),
        ("1002", "2024-03-02", "2024-03-02 00:00:00", "7", "false", None),
        ("A-7", "2024-03-03", "2024-03-03 09:00:00", "0.1", "true", "  x "),
    ]
    assert (raw.files[0].sheet, raw.files[0].header_line, raw.files[0].blank) == ("orders", 3, 1)
    assert lines_of(raw) == [4, 5, 7]


def test_a_named_sheet(tmp_path, workspace):
    path = workbook(tmp_path / "o.xlsx", [["id", "sum"], [1, 2]], empty_first=True)
    assert rows_of(read_raw(path, workspace, sheet="orders")) == [("1", "2")]
    with pytest.raises(RegularsError, match="has no sheet 'nope'; it has: 'cover', 'orders'") as caught:
        read_raw(path, workspace, sheet="nope")
    assert caught.value.code == "source.sheet"


def test_an_open_document_sheet(tmp_path, workspace):
    """Written by hand from the format: a zip with one content.xml."""
    import zipfile

    cells = "".join(
        "<table:table-row>"
        + "".join(
            f'<table:table-cell office:value-type="string"><text:p>{cell}</text:p></table:table-cell>'
            for cell in row
        )
        + "</table:table-row>"
        for row in [("id", "sum"), ("1", "2,50")]
    )
    content = (
        '<?xml version="1.0"?><office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
        'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0">'
        f'<office:body><office:spreadsheet><table:table table:name="S">{cells}</table:table></office:spreadsheet></office:body>'
        "</office:document-content>"
    )
    path = tmp_path / "o.ods"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("content.xml", content)
        archive.writestr("META-INF/manifest.xml", "<manifest/>")
    assert rows_of(read_raw(path, workspace)) == [("1", "2,50")]


def test_parquet_is_a_view_with_its_own_types(tmp_path, workspace):
    table = pa.table(
        {
            "id": pa.array([1, 2, 3], pa.int32()),
            "at": pa.array([dt.datetime(2024, 1, 1)] * 3, pa.timestamp("us", "UTC")),
            "sum": pa.array([Decimal("1.50"), Decimal("2.00"), None], pa.decimal128(9, 2)),
            "tags": [["a"], [], None],
            "buyer": [{"id": 7}, None, {"id": 8}],
            "raw": pa.array([b"abc", None, b"x"], pa.binary()),
            "state": pa.array(["a", "b", "a"]).dictionary_encode(),
        }
    )
    path = tmp_path / "o.parquet"
    pq.write_table(table, path, row_group_size=1)
    before = set(workspace.folder.rglob("*"))
    raw = read_raw(path, workspace)
    assert set(workspace.folder.rglob("*")) == before, "Parquet must not be copied"
    assert raw.types["id"] == "INTEGER"
    assert raw.types["sum"] == "DECIMAL(9,2)"
    assert raw.types["at"] == "TIMESTAMP WITH TIME ZONE"
    assert [row[3:] for row in rows_of(raw)] == [
        ('["a"]', '{"id":7}', "abc", "a"),
        ("[]", None, None, "b"),
        (None, '{"id":8}', "x", "a"),
    ]
    assert lines_of(raw) == [1, 2, 3]


def test_parquet_folders_unite_columns_and_number_rows_by_file(tmp_path, workspace):
    (tmp_path / "2024").mkdir()
    pq.write_table(pa.table({"id": [1, 2], "sum": [1.5, 2.5]}), tmp_path / "a.parquet")
    pq.write_table(pa.table({"sum": [7], "id": [3], "coupon": ["X"]}), tmp_path / "2024" / "b.parquet")
    raw = read_raw(tmp_path, workspace)
    con = workspace.door.connection
    assert con.execute(
        f"SELECT id, sum, coupon, __file, __row FROM {raw.relation} ORDER BY id"
    ).fetchall() == [
        (1, 1.5, None, "a.parquet", 1),
        (2, 2.5, None, "a.parquet", 2),
        (3, 7.0, "X", "2024/b.parquet", 1),
    ]
    assert sum(read.records for read in raw.files) == 3


def test_parquet_with_columns_of_our_own_names(tmp_path, workspace):
    pq.write_table(
        pa.table({"filename": ["q"], "file_row_number": [5], "__row": [9]}), tmp_path / "a.parquet"
    )
    raw = read_raw(tmp_path / "a.parquet", workspace)
    assert raw.columns == ("filename", "file_row_number", "__row (2)")
    assert rows_of(raw) == [("q", 5, 9)]
    assert lines_of(raw) == [1]


def test_json_lines_keep_nested_values_as_text(tmp_path, workspace):
    lines = [
        {
            "id": 1,
            "who": {"email": "a@example.com"},
            "items": [{"sku": "x"}],
            "paid": True,
            "note": "q\"u'o\n;,te",
        },
        {"id": "2", "späte": "ż", "paid": None, "note": ""},
    ]
    path = tmp_path / "o.jsonl"
    path.write_text(
        json.dumps(lines[0]) + "\n\nnot json\n" + json.dumps(lines[1], ensure_ascii=False) + "\n[1]\n"
    )
    raw = read_raw(path, workspace)
    assert raw.columns == ("id", "who", "items", "paid", "note", "späte")
    assert rows_of(raw) == [
        ("1", '{"email":"a@example.com"}', '[{"sku":"x"}]', "true", "q\"u'o\n;,te", None),
        ("2", None, None, None, None, "ż"),
    ]
    assert lines_of(raw) == [1, 4]
    rejects = workspace.door.connection.execute(
        f"SELECT line, value, reason FROM {raw.rejects} ORDER BY line"
    ).fetchall()
    assert rejects == [
        (3, "not json", "the line is not a JSON object"),
        (5, "[1]", "the line is not a JSON object"),
    ]


def test_a_json_array_packed_or_not(tmp_path, workspace):
    content = json.dumps([{"id": 1, "sum": "2.50"}, {"id": 2, "sum": 3, "x": [1]}], indent=1).encode()
    for name, data in (
        ("a.json", content),
        ("a.json.gz", gzip.compress(content)),
        ("b.json", b"\xef\xbb\xbf" + content),
    ):
        (tmp_path / name).write_bytes(data)
        raw = read_raw(tmp_path / name, workspace)
        assert rows_of(raw) == [("1", "2.50", None), ("2", "3", "[1]")]


def test_a_folder_of_several_formats(tmp_path, workspace):
    (tmp_path / "a.csv").write_text("ID,Sum\n1,2.5\n")
    (tmp_path / "b.jsonl").write_text('{"id": 2, "sum": 3}\n')
    workbook(tmp_path / "c.xlsx", [["id", "sum"], [3, 4]])
    pq.write_table(pa.table({"id": [4], "sum": [5.5]}), tmp_path / "d.parquet")
    raw = read_raw(tmp_path, workspace)
    assert [name.casefold() for name in raw.columns] == ["id", "sum"]
    assert rows_of(raw) == [("1", "2.5"), ("2", "3"), ("3", "4"), ("4", "5.5")]


def test_a_folder_of_strangers_is_refused(tmp_path, workspace):
    (tmp_path / "orders.csv").write_text("id,sum,date\n1,2,3\n")
    (tmp_path / "people.csv").write_text("email,city,id\na,b,c\n")
    with pytest.raises(RegularsError, match="different tables") as caught:
        read_raw(tmp_path, workspace)
    assert caught.value.code == "source.mixed_columns"


def frame():
    return pd.DataFrame(
        {
            "id": [1, 2],
            "at": pd.to_datetime(["2024-01-01", "2024-01-02"]),
            "mixed": [1, "a"],
            "kind": pd.Categorical(["x", "y"]),
        }
    )


def test_pandas(workspace):
    raw = read_raw(frame(), workspace)
    assert raw.types["id"] == "BIGINT"
    assert raw.types["mixed"] == raw.types["kind"] == "VARCHAR"
    assert raw.types["at"].startswith("TIMESTAMP")
    assert [(row[0], row[2], row[3]) for row in rows_of(raw)] == [(1, "1", "x"), (2, "a", "y")]
    indexed = read_raw(frame().set_index("id"), workspace)
    assert indexed.columns[0] == "id"
    doubled = frame()[["id", "id"]]
    assert read_raw(doubled, workspace).columns == ("id", "id (2)")


def test_polars_eager_and_lazy_and_arrow(workspace):
    eager = pl.DataFrame(
        {"id": [1, 2], "sum": [Decimal("1.50"), None], "kind": pl.Series(["a", "b"], dtype=pl.Categorical)}
    )
    for table in (eager, eager.lazy(), eager.to_arrow(), eager.to_arrow().to_reader()):
        raw = read_raw(table, workspace)
        assert rows_of(raw) == [(1, Decimal("1.50"), "a"), (2, None, "b")]
        assert lines_of(raw) == [1, 2]
        assert raw.files[0].name == ""


def test_ibis_reads_the_relation(workspace):
    raw = read_raw(frame(), workspace)
    assert workspace.door.backend.table(raw.relation).count().execute() == 2


def test_what_is_no_table(workspace):
    for origin in (42, {"a": [1]}, [1, 2], pd.Series([1])):
        with pytest.raises(RegularsError) as caught:
            read_raw(origin, workspace)
        assert caught.value.code == "source.unknown_origin"
    with pytest.raises(RegularsError, match="no rows"):
        read_raw(pd.DataFrame({"a": []}), workspace)


@pytest.mark.real_data
def test_real_parquet_has_its_published_rows(real_data, workspace):
    raw = read_raw(real_data / "online_retail_ii" / "transactions.parquet", workspace)
    count = workspace.door.connection.execute(f"SELECT count(*), max(__row) FROM {raw.relation}").fetchone()
    assert count == (1_067_371, 1_067_371)
    assert raw.files[0].records == 1_067_371


@pytest.mark.real_data
def test_real_api_answers_as_json_lines(real_data, workspace, tmp_path):
    orders = []
    for path in sorted((real_data / "store_formats" / "woocommerce" / "rest_json_v3").glob("*.json")):
        answer = json.loads(path.read_text())
        if isinstance(answer, list) and answer and isinstance(answer[0], dict) and "line_items" in answer[0]:
            orders += answer
    assert orders
    path = tmp_path / "orders.jsonl"
    path.write_text("".join(json.dumps(order) + "\n" for order in orders))
    raw = read_raw(path, workspace)
    totals = [row[raw.columns.index("total")] for row in rows_of(raw)]
    assert totals == [order.get("total") for order in orders]
    nested = [json.loads(row[raw.columns.index("line_items")]) for row in rows_of(raw)]
    assert nested == [order["line_items"] for order in orders]
