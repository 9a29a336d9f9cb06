"""What is measured, one worker a contender: ``python -m bench.work NAME ARGUMENTS`` answers with one line of JSON."""

from __future__ import annotations

import json
import resource
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

SUMMARY = """
WITH days AS (
    SELECT customer_key, ordered_on,
           count(*) FILTER (kind = 'order') AS orders,
           sum(CASE WHEN kind = 'order' THEN net + refunded ELSE 0 END) AS spend,
           sum(refunded) AS refunded
    FROM read_parquet('{path}')
    WHERE valid AND customer_key IS NOT NULL AND ordered_on <= DATE '{as_of}'
    GROUP BY customer_key, ordered_on)
SELECT customer_key, sum(orders)::BIGINT AS orders, count(*) FILTER (orders > 0) AS purchase_days,
       min(ordered_on) FILTER (orders > 0) AS first_on, max(ordered_on) FILTER (orders > 0) AS last_on,
       sum(spend) AS spend, sum(refunded) AS refunded,
       count(*) FILTER (orders > 0) - 1 AS x, last_on - first_on AS recency, DATE '{as_of}' - first_on AS T
FROM days GROUP BY customer_key HAVING sum(orders) > 0
"""
"""What a person fluent in SQL would write for the customer summary."""


@contextmanager
def clock(answer: dict[str, Any]) -> Iterator[None]:
    """Add wall and processor seconds of the block to the answer."""
    before, wall = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter()
    yield
    after = resource.getrusage(resource.RUSAGE_SELF)
    answer["wall"] = time.perf_counter() - wall
    answer["cpu"] = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def simulate(lines: str, folder: str, kind: str) -> dict[str, Any]:
    """Write a simulated shop."""
    from regulars.simulator import simulate as write
    from regulars.simulator import sized

    answer: dict[str, Any] = {}
    world = sized(int(lines), future_days=0)
    with clock(answer):
        shop = write(world, folder, format="csv" if kind == "csv" else "parquet")
    return answer | {"lines": shop.counts["order_lines"], "customers": shop.counts["customers"]}


def prepare(origin: str, folder: str) -> dict[str, Any]:
    """Read orders and keep the canonical tables."""
    import regulars

    answer: dict[str, Any] = {}
    with clock(answer):
        orders = regulars.read_orders(origin)
    with orders:
        shutil.copytree(orders.folder, folder)
        last = orders.workspace.engine.arrow(orders.orders.ordered_on.max().as_table())[0][0].as_py()
        count = orders.workspace.engine.arrow(orders.orders.count().as_table())[0][0].as_py()
    return answer | {"as_of": last.isoformat(), "orders": count}


def read(origin: str) -> dict[str, Any]:
    """Import a file as Regulars does."""
    import regulars

    answer: dict[str, Any] = {}
    with clock(answer):
        orders = regulars.read_orders(origin)
    orders.close()
    return answer


def duckdb_count(origin: str) -> dict[str, Any]:
    """Let DuckDB read every cell of a CSV as text and count the rows."""
    connection = _duckdb()
    answer: dict[str, Any] = {}
    columns = ", ".join(
        f'count("{name}")'
        for name in connection.sql(f"SELECT * FROM read_csv('{origin}', all_varchar=true) LIMIT 0").columns
    )
    with clock(answer):
        connection.sql(f"SELECT {columns} FROM read_csv('{origin}', all_varchar=true)").fetchall()
    return answer


def duckdb_parquet(origin: str, target: str) -> dict[str, Any]:
    """Let DuckDB turn a CSV of text into Parquet."""
    connection = _duckdb()
    answer: dict[str, Any] = {}
    with clock(answer):
        connection.execute(
            f"COPY (SELECT * FROM read_csv('{origin}', all_varchar=true)) TO '{target}' (FORMAT parquet, COMPRESSION zstd)"
        )
    Path(target).unlink()
    return answer


def summary_frames(folder: str, as_of: str, saved: str = "") -> dict[str, Any]:
    """Run the summary's expressions; with ``saved``, keep the purchase days in between, as an estimate does."""
    from datetime import date

    from regulars.lake import open_workspace
    from regulars.value import frames

    workspace = open_workspace()
    answer: dict[str, Any] = {}
    try:
        orders = workspace.engine.read(Path(folder) / "orders.parquet")
        with clock(answer):
            days = frames.purchase_days(orders)
            if saved:
                days = workspace.engine.save(days, workspace.folder / "purchase_days.parquet")
            table = workspace.engine.arrow(frames.customer_summary(days, date.fromisoformat(as_of)))
        return answer | {"customers": table.num_rows, "spend": _total(table)}
    finally:
        workspace.close()


def summary_sql(folder: str, as_of: str) -> dict[str, Any]:
    """Run the hand-written SQL with the same memory limit."""
    connection = _duckdb()
    path = Path(folder) / "orders.parquet"
    source = path / "*.parquet" if path.is_dir() else path
    answer: dict[str, Any] = {}
    with clock(answer):
        table = connection.sql(SUMMARY.format(path=source, as_of=as_of)).to_arrow_table()
    return answer | {"customers": table.num_rows, "spend": _total(table)}


def _total(table: Any) -> str:
    import pyarrow.compute as pc

    return str(pc.sum(table["spend"]).as_py())


def _duckdb() -> Any:
    import duckdb

    from regulars.lake.workspace import _default_memory

    connection = duckdb.connect(config={"memory_limit": _default_memory()})
    connection.execute("SET preserve_insertion_order = false")
    return connection


WORKERS: dict[str, Callable[..., dict[str, Any]]] = {
    worker.__name__: worker
    for worker in (
        simulate,
        prepare,
        read,
        duckdb_count,
        duckdb_parquet,
        summary_frames,
        summary_sql,
    )
}

if __name__ == "__main__":
    print(json.dumps(WORKERS[sys.argv[1]](*sys.argv[2:])))
