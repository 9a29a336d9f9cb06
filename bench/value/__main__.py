"""``make bench-value``: the value models beside lifetimes and pymc-marketing, in the same run and on the same files."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import Any

import click

from bench.contender import BENCH
from bench.machine import describe
from bench.value import accuracy, contenders, speed

RESULTS = BENCH / "results" / "value-models.json"
DATA = Path(os.environ.get("REGULARS_DATA", BENCH.parents[1] / "shared" / "data"))
SPEED_NOTE = """Processor seconds on one thread (and MiB of memory at the peak beyond the input and the libraries): the quickest of up to
three calls in a fresh process, so without compiling. Ratios are theirs over ours. Bars are set for a million customers; at
other sizes they stand in brackets. A peer that took too long is not timed, and nothing is extrapolated."""
ACCURACY_NOTE = """Spend of each customer in the days after the cut-off, in the shop's currency. Everybody gets the same purchase days until then.
"beside" are the plain forecasts and usual models that Regulars shows next to its own; intervals are given by nobody else."""


@click.command()
@click.option("--quick", is_flag=True, help="Small sizes and one origin a shop, to try it; nothing is kept.")
@click.option(
    "--only",
    type=click.Choice(("speed", "accuracy")),
    help="Half of it; the other half stays as it was kept.",
)
@click.option(
    "--limit", default=400.0, show_default=True, help="CPU seconds after which a peer's task is given up."
)
@click.option("--folder", type=click.Path(path_type=Path), help="Where temporary files go.")
@click.option("--keep", type=click.Path(path_type=Path), default=RESULTS, help="The JSON file to write.")
def main(quick: bool, only: str | None, limit: float, folder: Path | None, keep: Path) -> None:
    """Print tables of speed, memory and accuracy in Markdown."""
    load = os.getloadavg()
    told: dict[str, Any] = {
        "benchmark": "value-models",
        f"machine_{only or 'all'}": describe() | {"load_before": load},
    }
    if not contenders.LIFETIMES.there:
        click.echo("The peers are not set up: run make bench-value. Regulars is measured alone.", err=True)
    with tempfile.TemporaryDirectory(prefix="bench-value-", dir=folder) as scratch:
        if only != "accuracy":
            told |= _speed(Path(scratch), limit, quick=quick)
        if only != "speed":
            told |= _accuracy(Path(scratch), limit, quick=quick)
    told[f"machine_{only or 'all'}"]["load_after"] = os.getloadavg()
    if not quick:
        if only and keep.exists():
            told = json.loads(keep.read_text(encoding="utf-8")) | told
        keep.write_text(json.dumps(told, indent=1, default=float) + "\n", encoding="utf-8")
        keep.with_suffix(".md").write_text(tables(told) + "\n", encoding="utf-8")
        click.echo(f"Written to {keep}, and as tables beside it.\n", err=True)
    click.echo(tables(told))


def _speed(folder: Path, limit: float, *, quick: bool) -> dict[str, Any]:
    sizes, slow = ([5_000], [2_000]) if quick else ([100_000, 1_000_000], [2_000, 20_000, 100_000])
    imports = speed.imports(1 if quick else 3)
    return {"imports": imports, "speed": speed.run(folder, sizes, slow, limit, _say)}


def _accuracy(folder: Path, limit: float, *, quick: bool) -> dict[str, Any]:
    if not (DATA / accuracy.CDNOW).is_dir():
        click.echo(
            "Accuracy is not measured: the real data sets are not there (set REGULARS_DATA).", err=True
        )
        return {}
    rows = accuracy.run(DATA, folder, limit, _say, quick=quick)
    return {"accuracy": rows, "accuracy_bars": accuracy.bars(rows)}


def tables(told: dict[str, Any]) -> str:
    """Everything that was measured, in Markdown."""
    out = ["# The value models beside their peers", "", "Made by `make bench-value`."]
    if "speed" in told:
        out += ["", "## Speed and memory", "", SPEED_NOTE, "", speed.markdown(told["speed"])]
        out += ["", "| | import, CPU s |", "| --- | ---: |"]
        out += [
            f"| {row['contender']} {row['version']} (`{row['imports']}`) | {row['cpu_s']} |"
            for row in told["imports"]
        ]
    if "accuracy" in told:
        out += ["", "## Accuracy", "", ACCURACY_NOTE, accuracy.markdown(told["accuracy"])]
        out += ["", "| bar | found | limit | |", "| --- | ---: | ---: | --- |"]
        out += [
            f"| {bar['bar'].replace('|', chr(92) + '|')} | {bar['found']} | {bar['limit']} | {'met' if bar['met'] else 'missed'} |"
            for bar in told["accuracy_bars"]
        ]
    return "\n".join(out)


def _say(text: str) -> None:
    click.echo(text, err=True)


main()
