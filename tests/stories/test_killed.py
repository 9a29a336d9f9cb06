"""Killed, crowded and cut off: whatever happens to a run, what stands under a final name is whole."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from tests.stories.conftest import RESULTS, Done

Run = Callable[..., Done]
Start = Callable[..., "subprocess.Popen[str]"]


def whole(folder: Path) -> None:
    """Check that each file with a final name can be read to its end."""
    found = {path.name for path in folder.iterdir() if not path.name.startswith(".regulars-")}
    assert found <= RESULTS
    for name in found:
        path = folder / name
        if path.suffix == ".parquet":
            assert pq.read_table(path).num_columns > 0
        elif path.suffix == ".json":
            assert json.loads(path.read_text(encoding="utf-8"))["as_of"]
        else:
            assert path.read_text(encoding="utf-8").rstrip().endswith("</html>")


def test_killed_at_any_moment(
    tmp_path: Path, temporary: Path, small_csv: Path, start: Start, regulars: Run
) -> None:
    out = tmp_path / "out"
    began = time.monotonic()
    assert regulars("value", small_csv, "--out", tmp_path / "first").returncode == 0
    usual = time.monotonic() - began
    killed = 0
    for share in (0.3, 0.6, 0.8, 0.95):
        process = start("value", small_csv, "--out", out)
        try:
            process.wait(timeout=share * usual)
        except subprocess.TimeoutExpired:
            process.kill()
            killed += 1
        process.communicate()
        if out.exists():
            whole(out)
    assert killed >= 1
    assert len(list(temporary.glob("regulars-*"))) <= 1, "each run removes what the killed one before it left"
    assert regulars("value", small_csv, "--out", out).returncode == 0
    assert {path.name for path in out.iterdir()} == RESULTS
    whole(out)


def test_killed_while_writing(tmp_path: Path, shop_csv: Path, start: Start, regulars: Run) -> None:
    """The kill comes as soon as the hidden folder of results appears."""
    out = tmp_path / "out"
    process = start("value", shop_csv, "--out", out)
    deadline = time.monotonic() + 120
    while not list(out.glob(".regulars-*/*")) and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.002)
    process.kill()
    process.communicate()
    assert process.returncode == -signal.SIGKILL
    whole(out)
    assert {path.name for path in out.iterdir()} & RESULTS in (set(), RESULTS)
    assert regulars("value", shop_csv, "--out", out).returncode == 0
    assert {path.name for path in out.iterdir()} == RESULTS


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_asked_to_stop(
    tmp_path: Path, temporary: Path, shop_csv: Path, start: Start, number: signal.Signals
) -> None:
    """A run that is asked to stop tidies up by itself."""
    process = start("value", shop_csv, "--out", tmp_path / "out")
    deadline = time.monotonic() + 60
    while not list(temporary.glob("regulars-*")) and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.01)
    time.sleep(0.2)
    process.send_signal(number)
    _, err = process.communicate(timeout=60)
    assert process.returncode in {128 + number, 130}, err
    assert "Traceback" not in err
    assert not list(temporary.glob("regulars-*"))
    assert not list((tmp_path / "out").glob("*"))


def test_two_at_once_into_one_folder(tmp_path: Path, shop_csv: Path, start: Start, temporary: Path) -> None:
    out = tmp_path / "out"
    both = [start("value", shop_csv, "--out", out, "--horizon-days", days) for days in (90, 180)]
    for process in both:
        _, err = process.communicate(timeout=240)
        assert process.returncode == 0, err
    assert {path.name for path in out.iterdir()} == RESULTS
    whole(out)
    assert not list(temporary.glob("regulars-*"))
    told = json.loads((out / "summary.json").read_text(encoding="utf-8"))["value"]
    customers = pq.read_table(out / "customers.parquet", columns=["clv"])["clv"].to_pylist()
    assert told["horizon_days"] in {90, 180}
    assert sum(customers) == pytest.approx(told["total"]["expected"]), "the files are of one run"


def test_a_reader_that_leaves_early(tmp_path: Path, shop_csv: Path, start: Start, temporary: Path) -> None:
    process = start("value", shop_csv, "--out", tmp_path / "out")
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    err = process.stderr.read()
    assert process.wait(timeout=120) == 0
    assert err == ""
    assert {path.name for path in (tmp_path / "out").iterdir()} == RESULTS
    assert not list(temporary.glob("regulars-*"))
