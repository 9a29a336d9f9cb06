"""``regulars simulate`` writes the shop that its options describe."""

from __future__ import annotations

import json
from pathlib import Path

import click
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from regulars.cli import simulate
from regulars.kit.errors import RegularsError


def run(*words: str) -> dict[str, object]:
    result = CliRunner().invoke(simulate.simulate, [*words, "--json"], standalone_mode=False)
    if result.exception:
        raise result.exception
    return json.loads(result.stdout)


def test_a_small_shop_with_its_truth(tmp_path: Path) -> None:
    told = run("--customers", "300", "--years", "1", "--seed", "3", "--out", str(tmp_path / "shop"))
    assert told["counts"]["customers"] == 300
    assert told["as_of"] == "2026-01-31"
    assert told["start"] == "2025-02-01"
    lines = pq.read_table(told["paths"]["order_lines"])
    assert len(lines) == told["counts"]["order_lines"]
    assert (tmp_path / "shop" / "truth").is_dir()
    assert [path.name for path in tmp_path.iterdir()] == ["shop"], "nothing half-written is left beside it"


def test_the_number_of_lines_is_met_roughly(tmp_path: Path) -> None:
    told = run("--lines", "60000", "--out", str(tmp_path / "shop"))
    assert told["counts"]["order_lines"] == pytest.approx(60_000, rel=0.1)


def test_csv_on_request(tmp_path: Path) -> None:
    told = run("--customers", "50", "--format", "csv", "--out", str(tmp_path / "shop"))
    assert Path(str(told["paths"]["order_lines"])).suffix == ".csv"


def test_what_cannot_be_is_refused(tmp_path: Path) -> None:
    with pytest.raises(click.UsageError, match="not both"):
        run("--customers", "5", "--lines", "5", "--out", str(tmp_path / "shop"))
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("years of work")
    with pytest.raises(RegularsError, match="something else"):
        run("--customers", "5", "--out", str(tmp_path / "mine"))
    assert (tmp_path / "mine" / "thesis.txt").read_text() == "years of work"


def test_people_are_told_what_to_do_next(tmp_path: Path) -> None:
    result = CliRunner().invoke(simulate.simulate, ["--customers", "20", "--out", str(tmp_path / "shop")])
    assert result.exit_code == 0
    assert "regulars value" in result.stdout
