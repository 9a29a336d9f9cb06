"""Processor seconds and peak memory of each task by each contender, one after the other, on the same files."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.value import contenders, shop
from bench.value.contenders import LIFETIMES, PYMC, REGULARS

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Task:
    """What is timed, who takes part, and how many times quicker Regulars must be than each of them (None: no bar)."""

    name: str
    title: str
    bars: dict[str, float | None]


BOTH = {"lifetimes": None, "pymc-marketing": None}
TASKS = (
    Task("fit_bg_nbd", "BG/NBD fit", {"lifetimes": 100, "pymc-marketing": 100}),
    Task("fit_pareto_nbd", "Pareto/NBD fit", {"lifetimes": 1000, "pymc-marketing": None}),
    Task("fit_gamma_gamma", "Gamma-Gamma fit", {"lifetimes": 50, "pymc-marketing": None}),
    Task("expected_orders", "expected orders (BG/NBD)", {"lifetimes": 10, "pymc-marketing": 10}),
    Task("expected_orders_pareto", "expected orders (Pareto/NBD)", BOTH),
    Task("clv", "12-month discounted CLV (BG/NBD)", {"lifetimes": 60, "pymc-marketing": 60}),
    Task("clv_pareto", "12-month discounted CLV (Pareto/NBD)", {"lifetimes": None}),
    Task("clv_intervals", "interval of each CLV (nobody else)", {}),
    Task("summary", "summary from orders", {"lifetimes": 10, "pymc-marketing": None}),
)
PEAK_BAR_MIB = 400
BAR_CUSTOMERS = 1_000_000
"""The bars are set for so many customers."""
SLOW = "fit_pareto_nbd"
"""The one task that a peer needs half an hour for: it is timed at fewer customers, and nothing is extrapolated."""


def run(
    folder: Path, sizes: list[int], slow_sizes: list[int], limit: float, say: Callable[[str], None]
) -> list[Row]:
    """Measure every task at every size."""
    rows: list[Row] = []
    for customers in sorted({*sizes, *slow_sizes}):
        data = folder / f"customers-{customers}"
        data.mkdir()
        counts = shop.write(data, customers)
        for task in TASKS:
            slow = task.name == SLOW
            if customers not in sizes and not slow:
                continue
            say(f"{task.title}, {customers:,} customers …")
            before = [row for row in rows if row["task"] == task.name]
            rows.append(_measure(task, data, counts, limit, before[-1] if before else None))
    return rows


def _measure(task: Task, data: Path, counts: dict[str, int], limit: float, smaller: Row | None) -> Row:
    found = {REGULARS.name: REGULARS.run(task.name, data)}
    for one in (LIFETIMES, PYMC):
        if one.name in task.bars and one.there:
            hopeless = _hopeless(one.name, counts["customers"], limit, smaller)
            found[one.name] = hopeless or one.run(task.name, data, limit=limit)
    mine = found[REGULARS.name].get("cpu")
    row: Row = {
        "task": task.name,
        "title": task.title,
        **counts,
        "contenders": found,
        "ratios": {},
        "bars": {},
    }
    for name, bar in task.bars.items():
        ratio = found.get(name, {}).get("cpu", 0) / mine if mine else 0
        row["ratios"][name] = round(ratio, 1) or None
        if bar is not None:
            row["bars"][name] = {"at_least": bar, "met": bool(ratio >= bar) if ratio else None}
    return row


def _hopeless(name: str, customers: int, limit: float, smaller: Row | None) -> Row | None:
    """Say that a peer is not tried where time in proportion to the customers would pass the limit."""
    if smaller is None:
        return None
    before = smaller["contenders"][name]
    if "failed" in before or before["cpu"] * customers / smaller["customers"] > limit:
        return {"failed": "not tried: slow at the size before"}
    return None


def imports(repetitions: int) -> list[Row]:
    """Processor seconds to import each contender, median of fresh processes."""
    return [
        {
            "contender": one.name,
            "imports": one.imports,
            "version": one.version(),
            "cpu_s": round(statistics.median(one.import_seconds() for _ in range(repetitions)), 3),
        }
        for one in contenders.ALL
        if one.there
    ]


def markdown(rows: list[Row]) -> str:
    """One line a task and size: processor seconds, peak memory beyond the input, ratios and bars."""
    out = [
        "| task | customers | regulars s (MiB) | lifetimes s (MiB) | × | pymc-marketing s (MiB) | × | bars |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: | --- |",
    ]
    for row in rows:
        told = [_cell(row["contenders"].get(one.name)) for one in contenders.ALL]
        times = [
            "" if row["ratios"].get(name) is None else f"{row['ratios'][name]:,}"
            for name in ("lifetimes", "pymc-marketing")
        ]
        bars = [
            f"≥ {bar['at_least']:g}× {name}: {'met' if bar['met'] else 'missed'}"
            for name, bar in row["bars"].items()
            if bar["met"] is not None
        ]
        peak = row["contenders"]["regulars"].get("peak", 0) / 2**20
        bars.append(f"< {PEAK_BAR_MIB} MiB: {'met' if peak < PEAK_BAR_MIB else 'missed'}")
        if row["customers"] != BAR_CUSTOMERS:
            bars = [f"({'; '.join(bars)})"]
        out.append(
            f"| {row['title']} | {row['customers']:,} | {told[0]} | {told[1]} | {times[0]} | {told[2]} | {times[1]} | {'; '.join(bars)} |"
        )
    return "\n".join(out)


def _cell(found: dict[str, Any] | None) -> str:
    if found is None:
        return "–"
    if "failed" in found:
        return found["failed"]
    return f"{found['cpu']:.3g} ({found['peak'] / 2**20:.0f})"
