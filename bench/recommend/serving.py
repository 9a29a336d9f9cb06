"""``python -m bench.recommend.serving``: how fast an index answers, how large it is, and what a big shop costs to work out."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import click

from bench.machine import describe

RESULTS = Path(__file__).resolve().parents[1] / "results" / "recommend-serving.json"
PARTS = ("latency", "neighbours", "co-purchase", "together", "fewer", "everyone")


@click.command()
@click.option("--keep", type=click.Path(path_type=Path), default=RESULTS, help="The JSON file to write.")
@click.option(
    "--only", type=click.Choice(PARTS), multiple=True, help="Measure these parts again, keep the rest."
)
def main(keep: Path, only: tuple[str, ...]) -> None:
    """Measure each part in a process of its own, so that peak memory is its own, and keep what was found."""
    told: dict[str, Any] = json.loads(keep.read_text(encoding="utf-8")) if only and keep.exists() else {}
    told |= {"benchmark": "recommend-serving", "machine": describe()}
    for part in only or PARTS:
        environment = os.environ | {"OMP_NUM_THREADS": "2", "OPENBLAS_NUM_THREADS": "2"}
        command = [sys.executable, "-m", "bench.recommend.parts", part]
        started = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        load = os.getloadavg()[0]
        found = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=environment).stdout
        told[part] = {"at": started, "load_before": round(load, 2), **json.loads(found.splitlines()[-1])}
        keep.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
        keep.with_suffix(".md").write_text(page(told) + "\n", encoding="utf-8")
    click.echo(page(told))


def page(told: dict[str, Any]) -> str:
    """Return everything that was measured as Markdown."""
    out = [
        "# Serving recommendations",
        "",
        "Made by `make bench-serving`. Other work ran on the same cores: the load before each part stands beside it. Processor seconds leave out the waiting for a core, and add up over threads.",
    ]
    if "latency" in told:
        found = told["latency"]
        out += [
            "",
            f"## One question: {found['items']:,} items, {found['neighbours']} neighbours each (load {found['load_before']})",
            "",
            f"A session of {found['session']} items; the best {found['k']} of what follows from it.",
            "",
            "| way | p50 µs | p99 µs |",
            "| --- | ---: | ---: |",
            *(f"| {name} | {p50:,.0f} | {p99:,.0f} |" for name, (p50, p99) in found["microseconds"].items()),
            "",
            "| the same index | |",
            "| --- | ---: |",
            *(f"| {name} | {value:,} |" for name, value in found["index"].items()),
        ]
    for part in PARTS[1:]:
        if part in told:
            found = told[part]
            out += ["", f"## {found['title']} (load {found['load_before']})", "", "| | |", "| --- | ---: |"]
            out += [f"| {name} | {value:,} |" for name, value in found["figures"].items()]
    return "\n".join(out)


if __name__ == "__main__":
    main()
