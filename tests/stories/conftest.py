"""Whole journeys in processes of their own, as a person starts them."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from pathlib import Path

import pytest

RESULTS = {"customers.parquet", "totals.parquet", "summary.json", "rejects.parquet", "report.html"}
Done = subprocess.CompletedProcess[str]


@pytest.fixture
def temporary(tmp_path: Path) -> Path:
    """The temporary folder that the command is given."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    return folder


@pytest.fixture
def start(tmp_path: Path, temporary: Path) -> Callable[..., subprocess.Popen[str]]:
    """Start ``regulars WORDS`` in ``tmp_path`` without waiting for it."""

    def starter(*words: object) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "regulars", *map(str, words)],
            cwd=tmp_path,
            env=os.environ | {"TMPDIR": str(temporary), "COLUMNS": "120"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    return starter


@pytest.fixture
def regulars(start: Callable[..., subprocess.Popen[str]], temporary: Path) -> Callable[..., Done]:
    """Run ``regulars WORDS`` to its end; it must leave nothing in the temporary folder and never show a traceback."""

    def runner(*words: object, timeout: float = 180) -> Done:
        process = start(*words)
        try:
            out, err = process.communicate(timeout=timeout)
        finally:
            process.kill()
            process.wait()
        assert "Traceback" not in err, err
        assert not list(temporary.glob("regulars-*")), "a working folder is left behind"
        return subprocess.CompletedProcess(list(map(str, words)), process.returncode, out, err)

    return runner


def purchases(customers: int, *, start: date = date(2024, 1, 1), days: int = 400) -> list[Sequence[object]]:
    """Orders of a small shop without chance: customer n buys 1 to 6 times, ever later, for ever other amounts."""
    rows: list[Sequence[object]] = []
    for number in range(customers):
        begin, pace = (number * 7) % (days - 60), 5 + number % 41
        for visit in range(1 + (number * number) % 6):
            day = begin + visit * pace
            if day < days:
                amount = f"{10 + (number * 13 + visit * 7) % 90}.{number % 100:02}"
                rows.append((f"K{number:05}", start + timedelta(days=day), amount))
    return sorted(rows, key=lambda row: (row[1], row[0]))


@pytest.fixture
def shop_csv(tmp_path: Path) -> Path:
    """A plain CSV of a shop that is large enough for a forecast."""
    return _written(tmp_path / "shop.csv", 900)


@pytest.fixture
def small_csv(tmp_path: Path) -> Path:
    """The same of a shop that is too small for one: every file of a run is there within seconds."""
    return _written(tmp_path / "small.csv", 150)


def _written(path: Path, customers: int) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["customer_id", "date", "amount"])
        writer.writerows(purchases(customers))
    return path
