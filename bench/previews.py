"""``python -m bench.previews``: how long somebody who builds a rule waits for its count, with everything gathered anew and with what is kept.

The shop is that of ``bench.console`` with four orders and ten events a customer in the lake, in one process.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import duckdb
from tests.homes import opened

from bench.console import NOW, fill
from regulars.lake.folder import Lake
from regulars.runtime.settings import Settings


def rule(number: int) -> dict[str, Any]:
    """Return one of the rules that somebody tries one after another."""
    view = {"type": "view", "operator": ">=", "value": number, "window": {"last_days": 90}}
    spent = {"type": "order", "aggregate": "sum", "of": "net", "operator": ">=", "value": str(10 * number)}
    return {"all": [{"field": "orders", "operator": ">=", "value": 2}, {"event": view}, {"event": spent}]}


def pour(lake: Lake, customers: int) -> None:
    """Write orders, lines and events to the lake."""
    bucket = f"CAST(customer_key % {lake.buckets} AS INTEGER) AS bucket"
    amounts = ("units", "gross", "discount", "shipping", "tax", "refunded", "net")
    money = ", ".join(
        f"CAST({20 if name in ('gross', 'net') else 0} AS DECIMAL(18, 4)) AS {name}" for name in amounts
    )
    day = f"TIMESTAMPTZ '{NOW.isoformat()}' - to_days(CAST(hash(i) % 700 AS INTEGER))"
    with duckdb.connect() as connection:
        ask = connection.execute
        orders = f"""SELECT i AS order_key, 1 + i % {customers} AS customer_key, {day} AS ordered_at, CAST({day} AS DATE) AS ordered_on, 'order' AS kind,
            'paid' AS status, true AS valid, CAST(1 AS INTEGER) AS lines, {money}, CAST(NULL AS VARCHAR) AS coupon_code, 'web' AS channel, 'PL' AS country,
            {bucket} FROM range({4 * customers}) t(i)"""
        lake.orders.append(ask(orders).to_arrow_table())
        lines = f"""SELECT order_key, CAST(1 AS INTEGER) AS line, customer_key, CAST(1 AS BIGINT) AS product_key, ordered_on, kind, valid,
            CAST(1 AS DECIMAL(18, 4)) AS quantity, gross, discount, tax, refunded, bucket, net FROM ({orders})"""
        lake.lines.append(ask(lines).to_arrow_table())
        events = f"""SELECT CAST(i AS VARCHAR) AS event_id, 1 + i % {customers} AS customer_key, i AS visitor_key, i AS session_key,
            ['view', 'view', 'cart', 'search'][1 + i % 4] AS type, {day} AS occurred_at, {day} AS received_at, CAST(1 AS BIGINT) AS product_key,
            'tea' AS product_id, CAST(NULL AS VARCHAR) AS order_id, CAST(NULL AS DOUBLE) AS value, 'bench' AS source, '{{}}' AS properties, {bucket}
            FROM range({10 * customers}) t(i)"""
        lake.events.append(ask(events).to_arrow_table())


def asked(settings: Settings, times: int, *, anew: bool) -> dict[str, float]:
    """Return median and slowest of some previews in milliseconds."""
    from regulars.runtime import previewing

    took = []
    for number in range(times):
        if anew:
            previewing.SHELF.forget()
        begun = time.perf_counter()
        previewing.preview(settings, rule(1 + number % 5), NOW)
        took.append(1000 * (time.perf_counter() - begun))
    return {"median_ms": round(statistics.median(took)), "slowest_ms": round(max(took))}


def together(settings: Settings) -> float:
    """Return the milliseconds until two people who ask at once both have their answer, with what is kept."""
    from regulars.runtime import previewing

    some = [threading.Thread(target=previewing.preview, args=(settings, rule(n), NOW)) for n in (1, 2)]
    begun = time.perf_counter()
    for each in some:
        each.start()
    for each in some:
        each.join()
    return round(1000 * (time.perf_counter() - begun))


def main() -> None:
    """Make the shop, ask again and again, print how long it took."""
    wanted = argparse.ArgumentParser(description=__doc__)
    wanted.add_argument("--customers", type=int, default=100_000)
    wanted.add_argument("--times", type=int, default=5)
    told = wanted.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        settings = opened(Path(folder) / "home", currency="PLN")
        from regulars.runtime.projection import lake_of

        fill(told.customers)
        pour(lake_of(settings), told.customers)
        print(f"{told.customers:,} customers, {4 * told.customers:,} orders, {10 * told.customers:,} events")
        print("gathered anew", asked(settings, told.times, anew=True))
        print("kept         ", asked(settings, told.times, anew=False))
        print("two at once   both in", together(settings), "ms")


if __name__ == "__main__":
    main()
