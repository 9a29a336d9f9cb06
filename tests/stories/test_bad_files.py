"""A wrong file gets one sentence with what was seen, a hint, exit code 2, in seconds, and leaves nothing."""

from __future__ import annotations

import gzip
import json
import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.stories.conftest import Done

Run = Callable[..., Done]
GOOD = "customer_id,date,amount\n" + "".join(f"K{n},2024-01-{1 + n % 28:02},{n}.50\n" for n in range(50))

BAD: dict[str, tuple[str, bytes]] = {
    "nothing": ("orders.csv", b""),
    "blank": ("orders.csv", b"\n\n   \n"),
    "header only": ("orders.csv", b"customer_id,date,amount\n"),
    "no date": ("orders.csv", b"customer_id,amount\nK1,10\nK2,20\n"),
    "no customer": ("orders.csv", b"date,amount\n2024-01-01,10\n2024-01-02,20\n"),
    "no amount": ("orders.csv", b"customer_id,date\nK1,2024-01-01\nK2,2024-01-02\n"),
    "one column": ("orders.csv", b"words\n" + b"something\n" * 20),
    "a picture": ("orders.csv", b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 20),
    "random bytes": ("orders.csv", bytes((7 * n * n + n // 3) % 256 for n in range(20_000))),
    "cut gzip": ("orders.csv.gz", gzip.compress(os.urandom(9) + GOOD.encode() * 50)[:-20]),
    "false Parquet": ("orders.parquet", b"PAR1" + b"\0" * 100),
    "false workbook": ("orders.xlsx", b"PK\x03\x04" + b"\0" * 200),
    "open quote": (
        "orders.csv",
        b'customer_id,date,amount\n"K1,2024-01-01,10\n' + b"K2,2024-01-02,20\n" * 5000,
    ),
    "endless line": ("orders.csv", b"a," * 3_000_000),
    "all unusable": ("orders.csv", b"customer_id,date,amount\n" + b"K1,never,much\n" * 30),
    "a page": ("orders.csv", b"<!doctype html><html><body><p>Please log in</p></body></html>\n" * 5),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_file(tmp_path: Path, regulars: Run, case: str) -> None:
    name, content = BAD[case]
    (tmp_path / name).write_bytes(content)
    began = time.monotonic()
    done = regulars("value", name, "--out", "out")
    assert done.returncode == 2, (done.stdout, done.stderr)
    assert time.monotonic() - began < 60
    lines = done.stderr.strip().splitlines()
    assert 1 <= len(lines) <= 2, done.stderr
    assert all(len(line) < 600 for line in lines)
    assert done.stdout == ""
    assert not (tmp_path / "out").exists() or not list((tmp_path / "out").iterdir())


def test_a_file_that_is_not_there(tmp_path: Path, regulars: Run) -> None:
    done = regulars("value", "nowhere.csv", "--out", "out", "--json")
    assert done.returncode == 2
    problem = json.loads(done.stderr)
    assert problem["code"] == "source.missing"
    assert problem["exit_code"] == 2
    assert "nowhere.csv" in problem["message"]


def test_a_wrong_option(regulars: Run) -> None:
    done = regulars("value", "orders.csv", "--horizn-days", 5)
    assert done.returncode == 2
    assert "--horizon-days" in done.stderr


@pytest.mark.parametrize("out", ["a-file/out", "a-file", "/proc/regulars-out"])
def test_a_folder_that_cannot_be_written(tmp_path: Path, shop_csv: Path, regulars: Run, out: str) -> None:
    (tmp_path / "a-file").write_text("in the way")
    done = regulars("value", shop_csv, "--out", out)
    assert done.returncode in {2, 3}
    assert 1 <= len(done.stderr.strip().splitlines()) <= 3
    assert (tmp_path / "a-file").read_text() == "in the way"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_folder(tmp_path: Path, shop_csv: Path, regulars: Run) -> None:
    (tmp_path / "out").mkdir(mode=0o500)
    done = regulars("value", shop_csv, "--out", "out", "--json")
    assert done.returncode in {2, 3}
    assert json.loads(done.stderr)["code"] == "output.not_writable"
