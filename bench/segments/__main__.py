"""``python -m bench.segments``: a million customers, ten million events, and how long rules of segments take."""

from __future__ import annotations

import json
import os
import tempfile
import time
from pathlib import Path
from typing import Any

import click

from bench.machine import describe
from bench.measure import median, process

RESULTS = Path(__file__).resolve().parents[1] / "results" / "segments.json"
BAR_SECONDS = 5.0
TITLES = {
    "one": "one rule, four event conditions, memberships",
    "count": "the same rule, only counted",
    "distinct": "different products of a category",
    "many": "twenty segments with sixty event conditions",
    "person": "one person with 100 events, twenty segments, 50 times, in Python",
}


@click.command()
@click.option("--keep", type=click.Path(path_type=Path), default=RESULTS, help="The JSON file to write.")
@click.option("--repetitions", default=3, show_default=True, help="Of each part; the median counts.")
def main(keep: Path, repetitions: int) -> None:
    """Make a shop, measure each part in a process of its own, and keep what was found."""
    told: dict[str, Any] = {"benchmark": "segments", "machine": describe(), "bar_wall_s": BAR_SECONDS}
    with tempfile.TemporaryDirectory(prefix="bench-segments-") as name:
        folder = Path(name)
        told["shop"] = process(["-m", "bench.segments.work", "made", name], temporary=folder).said
        for part in TITLES:
            started, load = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), os.getloadavg()[0]
            words = ["-m", "bench.segments.work", part, name]
            runs = [process(words, temporary=folder) for _ in range(repetitions)]
            found = median(runs) | {"least_wall_s": round(min(run.wall for run in runs), 3)}
            told[part] = {"at": started, "load_before": round(load, 2), **found}
            keep.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    keep.with_suffix(".md").write_text(page(told) + "\n", encoding="utf-8")
    click.echo(page(told))


def page(told: dict[str, Any]) -> str:
    """Return everything that was measured as Markdown."""
    shop = told["shop"]
    out = [
        "# Rules of segments",
        "",
        f"Made by `python -m bench.segments`: {shop['customers']:,} customers, {shop['events']:,} events in Parquet, two threads of DuckDB.",
        "Medians; other work ran on the same cores, so the load before each part and the processor seconds stand beside the wall clock.",
        f"The bar is {told['bar_wall_s']:g} s of wall clock on two free cores.",
        "",
        "| | wall s | least wall s | CPU s | peak MiB | members | load |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for part, title in TITLES.items():
        found = told[part]
        out.append(
            f"| {title} | {found['wall_s']:.2f} | {found['least_wall_s']:.2f} | {found['cpu_s']:.2f} | {found['peak_mib']:,} "
            f"| {found['members']:,} | {found['load_before']} |"
        )
    return "\n".join([*out, "", f"One person takes {told['person']['ms_each']} ms."])


main()
