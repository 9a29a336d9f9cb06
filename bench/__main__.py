"""``make bench``: run the benchmarks, print their tables, and keep them in ``bench/results``."""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from bench.machine import describe
from bench.measure import FailedError
from bench.trials import TRIALS, Bench, Row

RESULTS = Path(__file__).parent / "results"
BYTES_A_LINE = 400
"""Disk that a simulated line may take, with its CSV or its canonical tables, what spills, and the results."""


def size(text: str) -> int:
    """Read 10M, 500k or a plain number."""
    units = {"k": 1_000, "m": 1_000_000}
    number, unit = (text[:-1], units[text[-1].lower()]) if text[-1].lower() in units else (text, 1)
    return int(float(number) * unit)


def short(lines: int) -> str:
    """Write 10000000 as 10M."""
    return f"{lines // 1_000_000}M" if lines >= 1_000_000 else f"{lines // 1000}k"


@click.command()
@click.option(
    "--lines", default="10M", show_default=True, help="Order lines to simulate, such as 10M or 100M."
)
@click.option(
    "--only", multiple=True, type=click.Choice(tuple(TRIALS)), help="Run only this; may be repeated."
)
@click.option(
    "--repetitions", default=3, show_default=True, help="Runs of each contender; the median counts."
)
@click.option("--folder", type=click.Path(path_type=Path), help="Where temporary files go.")
@click.option("--keep/--no-keep", default=True, show_default=True, help="Write the tables to bench/results.")
def main(lines: str, only: tuple[str, ...], repetitions: int, folder: Path | None, keep: bool) -> None:
    """Measure speed and memory beside a peer, in the same run and on the same files."""
    console = Console()
    if not console.is_terminal:
        console.width = 200
    number = size(lines)
    needed = number * BYTES_A_LINE
    with tempfile.TemporaryDirectory(prefix="bench-", dir=folder) as scratch:
        free = shutil.disk_usage(scratch).free
        if free < needed:
            sys.exit(
                f"{lines} lines need about {needed >> 30} GiB of disk; {free >> 30} GiB are free. Use --folder."
            )
        bench = Bench(Path(scratch), number, repetitions, lambda text: console.print(text, style="dim"))
        for name in only or TRIALS:
            try:
                rows = TRIALS[name](bench)
            except FailedError as problem:
                console.print(f"{name}: {problem}", style="red", markup=False)
                continue
            _print(console, f"{name}, {lines} lines", rows)
            if keep:
                _keep(f"{name}-{short(number)}", rows, repetitions)


def _print(console: Console, title: str, rows: list[Row]) -> None:
    names = list(dict.fromkeys(name for row in rows for name in row))
    table = Table(title=title, title_justify="left")
    for name in names:
        table.add_column(name, justify="left" if name == "contender" else "right", overflow="fold")
    for row in rows:
        table.add_row(
            *[
                f"{row[name]:,}" if isinstance(row.get(name), int) else str(row.get(name, ""))
                for name in names
            ]
        )
    console.print(table)


def _keep(name: str, rows: list[Row], repetitions: int) -> None:
    RESULTS.mkdir(exist_ok=True)
    told = {"benchmark": name, "machine": describe(), "repetitions": repetitions, "rows": rows}
    (RESULTS / f"{name}.json").write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")


main()
