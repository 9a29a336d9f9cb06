"""The benchmarks: importing a CSV, the customer summary, the whole way from file to report."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.measure import Run, interleaved, process

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Bench:
    """Where files go, and how much of everything."""

    folder: Path
    lines: int
    repetitions: int
    say: Callable[[str], None]

    def work(self, *words: object) -> Run:
        """Run one worker."""
        return process(["-m", "bench.work", *map(str, words)], temporary=self.folder)

    def shop(self, lines: int, kind: str) -> tuple[Path, Run]:
        """Simulate a shop of so many lines, once a run."""
        folder = self.folder / f"shop-{lines}-{kind}"
        self.say(f"Simulating {lines:,} lines as {kind} …")
        run = self.work("simulate", lines, folder, kind)
        origin = folder / ("orders.csv" if kind == "csv" else "order_lines")
        return origin, run


def importing(bench: Bench) -> list[Row]:
    """Read a CSV: Regulars beside DuckDB's own reader, which only splits it into text."""
    rows: list[Row] = []
    for lines in sorted({min(1_000_000, bench.lines), min(10_000_000, bench.lines)}):
        origin, simulated = bench.shop(lines, "csv")
        size = origin.stat().st_size
        bench.say(f"Importing {lines:,} lines, {bench.repetitions} times each …")
        target = bench.folder / "duckdb.parquet"
        found = interleaved(
            {
                "duckdb read_csv, count": lambda origin=origin: bench.work("duckdb_count", origin),
                "duckdb read_csv → Parquet": lambda origin=origin, target=target: bench.work(
                    "duckdb_parquet", origin, target
                ),
                "regulars read_orders": lambda origin=origin: bench.work("read", origin),
            },
            bench.repetitions,
        )
        peer = found["duckdb read_csv → Parquet"]
        for name, row in found.items():
            told = {"lines": simulated.said["lines"], "csv_mib": round(size / 1024**2), "contender": name}
            rows.append(told | row | _ratios(row, peer) | _pace(simulated.said["lines"], row))
        shutil.rmtree(origin.parent)
    return rows


def summary(bench: Bench) -> list[Row]:
    """One row a customer from all orders: our expressions beside SQL written by hand, on the same Parquet file."""
    origin, simulated = bench.shop(bench.lines, "parquet")
    bench.say("Reading it once …")
    canonical = bench.folder / "canonical"
    read = bench.work("prepare", origin, canonical)
    shutil.rmtree(origin.parent)
    as_of = read.said["as_of"]
    bench.say(f"Summing up customers, {bench.repetitions} times each …")
    found = interleaved(
        {
            "hand-written SQL": lambda: bench.work("summary_sql", canonical, as_of),
            "regulars frames": lambda: bench.work("summary_frames", canonical, as_of),
            "regulars frames, days kept": lambda: bench.work("summary_frames", canonical, as_of, "saved"),
        },
        bench.repetitions,
    )
    shutil.rmtree(canonical)
    peer = found["hand-written SQL"]
    shape = {"lines": simulated.said["lines"], "orders": read.said["orders"]}
    for name, row in found.items():
        if (row["customers"], row["spend"]) != (peer["customers"], peer["spend"]):
            raise AssertionError(f"{name} and {peer} do not say the same: {row}")
    return [{**shape, "contender": name, **row, **_ratios(row, peer)} for name, row in found.items()]


def value(bench: Bench) -> list[Row]:
    """The whole of ``regulars value``, from Parquet lines to the report, in a process of its own."""
    origin, simulated = bench.shop(bench.lines, "parquet")
    out = bench.folder / "out"
    words = ["-m", "regulars", "value", str(origin), "--out", str(out)]
    repetitions = bench.repetitions if bench.lines <= 1_000_000 else 1
    bench.say(f"Running regulars value, {repetitions} times …")
    found = interleaved({"regulars value": lambda: process(words, temporary=bench.folder)}, repetitions)
    report = (out / "report.html").stat().st_size
    customers = (out / "customers.parquet").stat().st_size
    shutil.rmtree(out)
    shutil.rmtree(origin.parent)
    shape = {"lines": simulated.said["lines"], "customers": simulated.said["customers"]}
    sizes = {"report_mib": round(report / 1024**2, 2), "customers_mib": round(customers / 1024**2, 1)}
    return [
        {**shape, "contender": name, **row, **_pace(simulated.said["lines"], row), **sizes}
        for name, row in found.items()
    ] + [
        {
            **shape,
            "contender": "simulating it",
            "wall_s": round(simulated.wall, 3),
            "cpu_s": round(simulated.cpu, 3),
            "peak_mib": round(simulated.peak / 1024**2),
            "million_lines_per_s": round(simulated.said["lines"] / simulated.wall / 1e6, 3),
        }
    ]


TRIALS: dict[str, Callable[[Bench], list[Row]]] = {"import": importing, "summary": summary, "value": value}


def _ratios(row: Row, peer: Row) -> Row:
    return {
        f"{name}_ratio": round(row[f"{name}_s"] / peer[f"{name}_s"], 2) if peer[f"{name}_s"] else None
        for name in ("wall", "cpu")
    }


def _pace(lines: int, row: Row) -> Row:
    return {"million_lines_per_s": round(lines / row["wall_s"] / 1e6, 3)}
