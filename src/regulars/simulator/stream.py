"""Writing a shop to a folder: blocks in parallel, one Parquet file for a few of them, memory the same at any size."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Self

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from regulars.kit.errors import Kind, RegularsError
from regulars.kit.files import ensure_writable
from regulars.kit.i18n import Phrase, mark
from regulars.kit.scratch import Scratch
from regulars.kit.threads import in_order
from regulars.simulator import events, exports, newsletters, tables, truth
from regulars.simulator.tables import Block, Plan
from regulars.simulator.world import World

BLOCKS_PER_PART = 8
_OURS = {"world", "order_lines", "orders", "products", "costs", "events", "newsletters", "truth"}


@dataclass(frozen=True)
class Simulated:
    """What was written: where, and how much of it."""

    folder: Path
    paths: dict[str, Path] = field(default_factory=dict)
    """By table: ``order_lines`` is a folder of parts, or the CSV file; truths are ``truth/customers`` and so on."""
    counts: dict[str, int] = field(default_factory=dict)
    """Rows by table, and ``customers``, ``orders``."""


@dataclass
class _Part:
    """What one part leaves behind in memory once its lines are on disk."""

    counts: dict[str, int]
    truths: dict[str, list[pa.Table]]
    newcomers: NDArray[np.int64]


def simulate(
    world: World,
    folder: str | Path,
    *,
    progress: Callable[[float], None] | None = None,
    format: Literal["parquet", "csv"] = "parquet",  # noqa: A002  the word people use
    workers: int | None = None,
) -> Simulated:
    """Write a simulated shop into ``folder``: what the merchant has, and beside it ``truth/``.

    The same world gives the same rows in the same order, whatever the number of ``workers`` (threads; by default
    one a core, at most 4). ``progress`` is called with the share done, 0..1. The folder is new, empty or an earlier
    simulation, which is replaced once the new one is complete; anything else raises ``RegularsError``.
    """
    target = Path(folder)
    _refuse_strangers(target)
    ensure_writable(target.parent)
    scratch = Scratch(".regulars-simulation-", target.parent)
    try:
        shop = scratch.path / "shop"
        shop.mkdir()
        counts = _write(world, shop, progress or (lambda _: None), workers)
        if format == "csv":
            exports.to_csv(shop)
        if target.is_dir():
            target.replace(scratch.path / "earlier")
        shop.replace(target)
    finally:
        scratch.remove()
    paths = {path.stem: path for path in sorted(target.iterdir())}
    if "orders" in paths:
        paths["order_lines"] = paths.pop("orders")
    paths |= {f"truth/{path.stem}": path for path in sorted((target / "truth").iterdir())}
    return Simulated(target, paths, counts)


def _write(
    world: World, folder: Path, progress: Callable[[float], None], workers: int | None
) -> dict[str, int]:
    shared = tables.plan(world)
    (folder / "truth").mkdir()
    counts: dict[str, int] = {}
    newcomers = np.zeros((world.days, len(world.channels)), dtype=np.int64)
    starts = range(0, world.blocks, BLOCKS_PER_PART)
    groups = [range(first, min(first + BLOCKS_PER_PART, world.blocks)) for first in starts]

    def part_of(number: int) -> _Part:
        return _part(shared, folder, f"part-{number:05d}", groups[number])

    with _Files(folder / "truth") as truths:
        for done, part in enumerate(in_order(part_of, range(len(groups)), workers), start=1):
            for name, number in part.counts.items():
                counts[name] = counts.get(name, 0) + number
            newcomers += part.newcomers
            for name, found in part.truths.items():
                for table in found:
                    truths.write(name, table)
            progress(done / len(groups))
    with _Files(folder) as files:
        files.write("products", truth.products(shared))
        files.write("costs", truth.costs(shared, newcomers))
    with _Files(folder / "truth") as truths:
        truths.write("products", truth.product_truth(shared))
        truths.write("promotions", truth.promotions(shared))
        truths.write("seasons", truth.season_truth(shared))
    (folder / "world.json").write_text(world.to_json() + "\n", encoding="utf-8")
    return counts


def _part(shared: Plan, folder: Path, name: str, group: range) -> _Part:
    """Write the lines of a few blocks to one file a table; keep the truth tables for whoever writes them in order."""
    world = shared.world
    part = _Part({}, {}, np.zeros((world.days, len(world.channels)), dtype=np.int64))
    with ExitStack() as stack:
        files: dict[str, _Files] = {}
        for number in group:
            drawn = tables.block(shared, number)
            for table_name, table in _facts(shared, drawn, number):
                if table_name not in files:
                    files[table_name] = stack.enter_context(_Files(folder / table_name))
                files[table_name].write(name, table)
                part.counts[table_name] = part.counts.get(table_name, 0) + table.num_rows
            part.counts["orders"] = part.counts.get("orders", 0) + drawn.placed.past
            part.counts["customers"] = part.counts.get("customers", 0) + len(drawn.people.ids)
            np.add.at(part.newcomers, (drawn.people.acquired.astype(np.int64), drawn.people.channel), 1)
            for truth_name, table in _truths(shared, drawn):
                part.truths.setdefault(truth_name, []).append(table)
    return part


def _facts(shared: Plan, drawn: Block, number: int) -> Iterator[tuple[str, pa.Table]]:
    yield "order_lines", tables.order_lines(shared, drawn)
    if shared.world.events:
        yield "events", events.events(shared, drawn, number)
    if shared.world.newsletters:
        yield "newsletters", newsletters.newsletters(shared, drawn, number)


def _truths(shared: Plan, drawn: Block) -> Iterator[tuple[str, pa.Table]]:
    yield "customers", tables.customers(shared, drawn)
    yield "late_refunds", tables.late_refunds(drawn)
    if shared.world.future_days:
        yield "future_orders", tables.future_orders(drawn)


class _Files:
    """Parquet files of one folder, each opened at its first table and closed together; a table is a row group."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._open: dict[str, pq.ParquetWriter] = {}

    def __enter__(self) -> Self:
        self.folder.mkdir(parents=True, exist_ok=True)
        return self

    def __exit__(self, *_: object) -> None:
        for writer in self._open.values():
            writer.close()

    def write(self, name: str, table: pa.Table) -> None:
        """Append a table to ``name``.parquet."""
        if name not in self._open:
            path = self.folder / f"{name}.parquet"
            self._open[name] = pq.ParquetWriter(path, table.schema, **_encoding(table.schema))
        self._open[name].write_table(table, row_group_size=max(table.num_rows, 1))


def _encoding(schema: pa.Schema) -> dict[str, Any]:
    """How a table is packed: whole numbers and instants as differences, decimals and words through dictionaries."""
    steps = [f.name for f in schema if pa.types.is_integer(f.type) or pa.types.is_timestamp(f.type)]
    floats = [f.name for f in schema if pa.types.is_floating(f.type)]
    return {
        "compression": "snappy",
        "column_encoding": dict.fromkeys(steps, "DELTA_BINARY_PACKED"),
        "use_dictionary": [f.name for f in schema if f.name not in {*steps, *floats}],
        "write_statistics": [
            name for name in ("order_id", "customer_id", "ordered_at", "date") if name in schema.names
        ],
        "store_decimal_as_integer": True,
        "store_schema": False,
    }


def _refuse_strangers(target: Path) -> None:
    """A folder with anything in it that no simulation wrote is somebody's work."""
    if target.is_file():
        raise RegularsError(
            "simulator.folder",
            mark("{target} is a file."),
            hint=mark("Name a folder."),
            kind=Kind.CONFLICT,
            target=target,
        )
    strangers = [path.name for path in target.iterdir() if path.stem not in _OURS] if target.is_dir() else []
    earlier = target.is_dir() and (not any(target.iterdir()) or (target / "world.json").is_file())
    if strangers or (target.is_dir() and not earlier):
        seen = ", ".join(strangers[:3]) or Phrase.of(mark("files without a world.json"))
        raise RegularsError(
            "simulator.folder",
            mark("{target} holds something else ({seen})."),
            hint=mark("Name a new or an empty folder."),
            kind=Kind.CONFLICT,
            target=target,
            seen=seen,
        )
