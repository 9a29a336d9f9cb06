"""Files that are damaged, foreign or malicious: one clear sentence, in seconds, and nothing left behind."""

from __future__ import annotations

import gzip
import os
import sqlite3
import threading
import time
import zipfile

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from regulars import sources
from regulars.kit.errors import RegularsError
from regulars.lake.workspace import open_workspace
from regulars.sources.raw import read_raw

BOMB_CODES = {
    "source.endless_line",
    "source.monster_line",
    "source.no_structure",
    "source.one_column",
    "source.unclosed_quote",
    "source.too_broken",
    "source.too_wide",
}
WATCHDOG_SECONDS = 60  # only against hanging; each takes well under a few seconds on an idle machine


@pytest.fixture
def workspace():
    space = open_workspace()
    yield space
    space.close()


def refused(origin, workspace, **options) -> RegularsError:
    """Return the one error, after checking that it is a single sentence or two and that nothing is left."""
    con = workspace.door.connection
    before = {path for path in workspace.folder.rglob("*") if path.is_file()}
    started = time.monotonic()
    alarm = threading.Timer(WATCHDOG_SECONDS, con.interrupt)
    alarm.start()
    try:
        with pytest.raises(RegularsError) as caught:
            read_raw(origin, workspace, **options)
    finally:
        alarm.cancel()
    assert time.monotonic() - started < WATCHDOG_SECONDS
    error = caught.value
    assert error.code.startswith("source.")
    assert "\n" not in str(error)
    assert len(str(error)) < 500
    assert error.hint or error.code == "source.unreadable"
    assert {path for path in workspace.folder.rglob("*") if path.is_file()} == before
    assert not con.execute("SELECT table_name FROM duckdb_tables() WHERE table_name LIKE 'raw%'").fetchall()
    return error


def make(tmp_path, name, content):
    path = tmp_path / name
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("empty.csv", b"", "source.empty"),
        ("blank.csv", b"\n \n\n", "source.empty"),
        ("bom.csv", b"\xef\xbb\xbf", "source.empty"),
        ("header.csv", b"id,sum,date\n", "source.no_rows"),
        ("header_only_no_end.csv", b"id,sum,date", "source.no_rows"),
        ("header_and_blanks.csv", b"id,sum,date\n,,\n,,\n", "source.no_rows"),
        ("photo.csv", b"\xff\xd8\xff\xe0\x00\x10JFIF" + os.urandom(5000), "source.not_a_table"),
        ("noise.csv", os.urandom(100_000), "source.not_a_table"),
        ("zeros.csv", bytes(100_000), "source.not_a_table"),
        ("page.xls", b"<html><table><tr><td>1</td></tr></table>", "source.not_a_table"),
        ("manual.csv", b"%PDF-1.4\n%stuff\n", "source.not_a_table"),
        ("broken.parquet", b"PAR1" + os.urandom(500) + b"PAR1", "source.corrupt"),
        ("broken.xlsx", b"PK\x03\x04" + os.urandom(500), "source.corrupt"),
        ("broken.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + os.urandom(2000), "source.corrupt"),
        ("broken.csv.gz", b"\x1f\x8b\x08\x00" + os.urandom(500), "source.corrupt"),
        ("broken.csv.zst", b"\x28\xb5\x2f\xfd" + os.urandom(500), "source.truncated"),
        ("broken.json", b'[{"a": 1}, {"a": ', "source.corrupt"),
        ("broken.jsonl", b'{"a": 1}\n' + b"x\n" * 10, "source.corrupt"),
        ("empty.json", b"[]", "source.no_rows"),
        ("one.csv", b"name\nJan\nEwa\n", "source.one_column"),
        (
            "prose.txt",
            b"Dear shop,\nplease find enclosed, as asked,\nnothing at all.\nYours\n",
            "source.one_column",
        ),
        (
            "wide.csv",
            b",".join(b"c%d" % i for i in range(9000)) + b"\n" + b"1," * 8999 + b"1\n",
            "source.too_wide",
        ),
    ],
)
def test_files_that_are_no_table(tmp_path, workspace, name, content, code):
    error = refused(make(tmp_path, name, content), workspace)
    assert error.code == code, str(error)
    assert name in error.message


def test_a_missing_path_and_an_unknown_address(tmp_path, workspace):
    assert refused(tmp_path / "none.csv", workspace).code == "source.missing"
    assert refused("", workspace).code == "source.missing"
    for url in ("s3://bucket/orders.csv", "https://shop.example/orders.csv", "oracle://u:p@h/x"):
        assert refused(url, workspace).code == "source.unknown_scheme"


def test_folders_without_data(tmp_path, workspace):
    assert refused(tmp_path, workspace).code == "source.no_data"
    (tmp_path / "readme.md").write_text("hello")
    (tmp_path / ".orders.csv").write_text("id,sum\n1,2\n")
    assert refused(tmp_path, workspace).code == "source.no_data"
    (tmp_path / "_delta_log").mkdir()
    assert "Delta" in refused(tmp_path, workspace).message


def test_one_bad_file_in_a_folder_is_named(tmp_path, workspace):
    (tmp_path / "a.csv").write_text("id,sum\n1,2\n")
    make(tmp_path, "b.csv", b"")
    assert "b.csv" in refused(tmp_path, workspace).message


def test_archives_and_databases_under_a_false_name(tmp_path, workspace):
    with zipfile.ZipFile(tmp_path / "orders.csv", "w") as archive:
        archive.writestr("orders.csv", "id,sum\n1,2\n")
    assert "ZIP" in refused(tmp_path / "orders.csv", workspace).message
    with sqlite3.connect(tmp_path / "shop.csv") as con:
        con.execute("CREATE TABLE t (a)")
    con.close()
    error = refused(tmp_path / "shop.csv", workspace)
    assert error.code == "source.not_a_table"
    assert "sqlite:///" in error.hint


def test_truncated_archives(tmp_path, workspace):
    packed = gzip.compress(b"id,sum,x\n" + b"".join(b"%d,2,3\n" % i for i in range(200_000)))
    error = refused(make(tmp_path, "o.csv.gz", packed[: len(packed) // 2]), workspace)
    assert error.code == "source.truncated"
    assert (
        refused(make(tmp_path, "small.csv.gz", gzip.compress(b"id,sum\n1,2\n")[:-9]), workspace).code
        == "source.truncated"
    )


def test_a_workbook_behind_a_password(tmp_path, workspace):
    """An encrypted .xlsx is an OLE container with a stream named EncryptedPackage."""
    name = "EncryptedPackage".encode("utf-16-le")
    content = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504) + name + bytes(3000)
    error = refused(make(tmp_path, "o.xlsx", content), workspace)
    assert error.code == "source.locked"
    assert "password" in error.message


def test_a_workbook_bomb(tmp_path, workspace):
    path, megabyte = tmp_path / "o.xlsx", bytes(1 << 20)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr("xl/workbook.xml", "<x/>")
        with archive.open("xl/sheet.xml", "w") as member:
            for _ in range(600):
                member.write(megabyte)
    assert refused(path, workspace).code == "source.bomb"


def test_pages_of_parquet_that_break_are_found_by_the_reader(tmp_path, workspace):
    path = tmp_path / "o.parquet"
    pq.write_table(pa.table({"id": list(range(10_000)), "sum": [1.5] * 10_000}), path)
    path.write_bytes(path.read_bytes()[:-2000])
    assert refused(path, workspace).code == "source.corrupt"


def test_a_broken_page_inside_a_good_parquet_file(tmp_path, workspace):
    path = tmp_path / "o.parquet"
    pq.write_table(
        pa.table({"id": [str(i * 7919) for i in range(50_000)]}),
        path,
        compression="zstd",
        use_dictionary=False,
    )
    content = bytearray(path.read_bytes())
    content[5_000:60_000] = os.urandom(55_000)
    path.write_bytes(content)
    raw = read_raw(path, workspace)
    with pytest.raises(RegularsError, match=r"o\.parquet broke") as caught, raw.guarded():
        workspace.door.connection.execute(f"SELECT max(id) FROM {raw.relation}").fetchall()
    assert caught.value.code == "source.corrupt"


def test_a_broken_page_that_only_the_whole_reading_meets(tmp_path, workspace):
    path, rows = tmp_path / "o.parquet", 200_000
    table = pa.table(
        {
            "order_id": list(range(rows)),
            "customer": [f"c{i % 977}" for i in range(rows)],
            "date": ["2024-05-01"] * rows,
            "total": [1.5] * rows,
        }
    )
    pq.write_table(table, path, use_dictionary=False, row_group_size=50_000)
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 60_000] = os.urandom(60_000)
    path.write_bytes(content)
    with pytest.raises(RegularsError, match=r"o\.parquet broke") as caught:
        sources.read(path, workspace)
    assert caught.value.code == "source.corrupt"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_files_that_may_not_be_read(tmp_path, workspace):
    path = make(tmp_path, "o.csv", b"id,sum\n1,2\n")
    path.chmod(0)
    assert refused(path, workspace).code == "source.forbidden"


def test_refused_permission_is_told_even_to_root(tmp_path, workspace, monkeypatch):
    from pathlib import Path

    path = make(tmp_path, "o.csv", b"id,sum\n1,2\n")

    def refuse(self, *_args, **_kwargs):
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr(Path, "open", refuse)
    assert refused(path, workspace).code == "source.forbidden"


def test_pipes_and_devices_are_not_waited_for(tmp_path, workspace):
    os.mkfifo(tmp_path / "pipe.csv")
    assert refused(tmp_path / "pipe.csv", workspace).code == "source.unreadable"


def test_ten_gigabytes_of_nothing(tmp_path, workspace):
    path = tmp_path / "huge.csv"
    with path.open("wb") as out:
        out.truncate(10 << 30)
    assert refused(path, workspace).code == "source.not_a_table"


def test_ten_gigabytes_in_one_line_and_in_one_column(tmp_path, workspace):
    path = tmp_path / "line.csv"
    with path.open("wb") as out:
        out.write(b"x" * (2 << 20))
        out.truncate(10 << 30)
    assert refused(path, workspace).code == "source.endless_line"
    with path.open("wb") as out:
        out.write(b"name\n" + b"Jan\n" * 600_000)
        out.truncate(10 << 30)
    assert refused(path, workspace).code == "source.one_column"


def test_a_line_that_never_ends_after_a_good_start(tmp_path, workspace):
    path = tmp_path / "tail.csv"
    with path.open("wb") as out:
        out.write(b"id,sum,x\n" + b"1,2,3\n" * 400_000)
        out.truncate(1 << 30)
    assert refused(path, workspace).code == "source.endless_line"


def test_a_line_of_a_million_cells(tmp_path, workspace):
    content = b"id,sum,x\n" + b"1,2,3\n" * 400_000 + b"1," * 1_000_000 + b"\n"
    assert refused(make(tmp_path, "wide.csv", content), workspace).code == "source.monster_line"


def test_quotes_that_swallow_the_file(tmp_path, workspace):
    body = b"".join(b"%d,t %d,x\n" % (i, i) for i in range(500_000))
    error = refused(make(tmp_path, "late.csv", b"a,b,c\n" + body + b'1,"open,3\n' + body), workspace)
    assert error.code == "source.unclosed_quote"
    assert "500,002" in error.message


@pytest.mark.parametrize(
    "bomb",
    [
        b'"' * 5_000_000,
        b'",' * 3_000_000,
        b'"\n' * 1_000_000,
        b'"\n1,2,3\n' * 60_000,
        b'"""\n' * 100_000,
        b'1,"2\n' * 100_000,
    ],
)
@pytest.mark.parametrize("start", [b"", b"a,b,c\n1,2,3\n", b"a,b,c\n" + b"1,2,3\n" * 200_000])
def test_bombs_of_quotes(tmp_path, workspace, bomb, start):
    """Either refused, or read with every line accounted for; never endless, never silent."""
    path = make(tmp_path, "bomb.csv", start + bomb)
    started = time.monotonic()
    try:
        raw = read_raw(path, workspace)
    except RegularsError as error:
        assert error.code in BOMB_CODES, error
    else:
        assert raw.rejected > 0
        assert raw.lines["bomb.csv"].unaccounted(workspace.door.connection) <= 0
    assert time.monotonic() - started < WATCHDOG_SECONDS


def test_a_packed_bomb(tmp_path, workspace):
    path = tmp_path / "bomb.csv.gz"
    with gzip.open(path, "wb", compresslevel=6) as out:
        out.write(b"id,sum,x\n")
        for _ in range(300):
            out.write(b"1,2,3\n" * 175_000)
    assert refused(path, workspace).code == "source.bomb"


def test_a_nearly_full_disk_stops_the_unpacking(tmp_path, workspace, monkeypatch):
    import shutil
    from collections import namedtuple

    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: usage(100, 99, 1))
    path = make(tmp_path, "o.csv.gz", gzip.compress(b"id,sum\n1,2\n"))
    assert refused(path, workspace).code == "source.disk"


def test_unknown_encodings_and_delimiters(tmp_path, workspace):
    path = make(tmp_path, "o.csv", b"id,sum\n1,2\n")
    assert refused(path, workspace, encoding="klingon").code == "source.encoding"
    assert refused(path, workspace, encoding="base64").code == "source.encoding"
    assert refused(path, workspace, delimiter=";;").code == "source.delimiter"
