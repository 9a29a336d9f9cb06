"""``python -m bench.console``: how long each page of the console takes in a shop of a million customers, in one process.

The shop is made row by row in the store, SQLite or a PostgreSQL whose address is given: what is measured is reading it, not how it came there.
"""

from __future__ import annotations

import argparse
import json
import re
import statistics
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.homes import opened
from tests.report.sample import page as sample

from bench.machine import describe

NOW = datetime(2026, 1, 1, tzinfo=UTC)
DAY = date(2026, 1, 1)
NAMES = ("Ada", "Ben", "Cleo", "Żaneta", "Dorota", "Emil", "Franka", "Grzegorz", "Hania", "Igor")
SEGMENTS = {"vip": 0.01, "loyal": 0.1, "repeat": 0.45, "at_risk": 0.05, "one_time_lapsed": 0.3}
TIERS = (("top", 0.05), ("high", 0.2), ("middle", 0.5), ("low", 1.0))
PART = 20_000
PAGES = (
    "/", "/customers", "/customers?sort=last", "/customers?tier=low", "/customers?segment=vip", "/customers?segment=repeat",
    "/customers?segment=one_time_lapsed", "/customers?segment=at_risk&tier=low", "/customers?sort=new", "/customers?q=Ada+Surname77", "/customers?q=Żan",
    "/customers?q=someone777", "/customers/1", "/value", "/segments", "/data", "/audit",
)  # fmt: skip


SORTS = ("net", "orders", "last", "quiet", "leaving", "new")


def parts(rows: Iterator[tuple[Any, ...]]) -> Iterator[list[tuple[Any, ...]]]:
    """Yield rows in parts."""
    some = []
    for row in rows:
        some.append(row)
        if len(some) == PART:
            yield some
            some = []
    if some:
        yield some


def fill(customers: int) -> float:
    """Make a shop; return the seconds that scores and memberships took, which a refresh would write."""
    from regulars.report import kept
    from regulars.store import bulk, database
    from regulars.store.models import Order, Product, Run
    from regulars.store.state import remember

    def insert(table: str, columns: tuple[str, ...], rows: Iterator[tuple[Any, ...]]) -> None:
        for part in parts(rows):
            with database.writing():
                bulk.insert(table, columns, part)

    remember("currency", "PLN")
    keys = range(1, customers + 1)
    at = NOW.isoformat(sep=" ") if not database.is_postgres() else NOW
    insert(
        "customers",
        ("id", "first_name", "last_name", "language", "country", "region", "city", "gender", "created_at", "updated_at"),
        ((key, NAMES[key % 10], f"Surname{key % 5000}", "", "PL", "", "", "", at, at) for key in keys),
    )  # fmt: skip
    insert(
        "identifiers",
        ("customer_id", "kind", "value", "since"),
        (
            row
            for key in keys
            for row in ((key, "store_id", f"c{key}", at), (key, "email", f"someone{key}@shop.example", at))
        ),
    )
    begun = time.perf_counter()
    columns = (
        "run", "customer_id", "orders", "net_minor", "aov_minor", "first_on", "last_on", "p_alive", "expected_orders", "clv_minor",
        "clv_low_minor", "clv_high_minor", "clv_lifetime_minor", "tier", "rfm", "rfm_group", "lifecycle", "reason",
    )  # fmt: skip
    insert("scores", columns, (_score(key, customers) for key in keys))
    for name, share in SEGMENTS.items():
        size = int(customers * share)
        # Lapsed ones are at the end of the list by value, which is the worst case of walking it.
        chosen = (
            range(1, size + 1) if name != "one_time_lapsed" else range(customers - size + 1, customers + 1)
        )
        insert("memberships", ("run", "segment", "customer_id"), ((1, name, key) for key in chosen))
    took = time.perf_counter() - begun
    Product.objects.create(id=1, product_id="tea", title="Green tea", updated_at=NOW)
    for number in range(1, 41):
        Order.objects.create(
            id=number, order_id=str(number), customer_id=1, ordered_at=NOW - timedelta(days=number), ordered_on=DAY, currency="PLN", content=number, updated_at=NOW,
        )  # fmt: skip
    insert(
        "order_lines",
        ("order_id", "line", "product_id", "quantity", "gross_minor", "discount_minor", "tax_minor", "refunded_minor"),
        ((number, line, 1, 1, 500, 0, 0, 0) for number in range(1, 41) for line in range(1, 6)),
    )  # fmt: skip
    sizes = {
        "behaviour": {
            name: {"title": name, "customers": int(customers * share)} for name, share in SEGMENTS.items()
        },
        "tier": {name: {"title": name, "customers": int(customers * share)} for name, share in TIERS},
    }
    Run.objects.create(
        id=1,
        state="published",
        as_of=DAY,
        started_at=NOW,
        ended_at=NOW,
        page=kept.written(sample()),
        sizes=sizes,
    )
    return took


def _score(key: int, customers: int) -> tuple[Any, ...]:
    part = key / customers
    tier = next(name for name, share in TIERS if part <= share)
    value = int(1_000_000 * (1 - part))
    last = (DAY - timedelta(days=key % 700)).isoformat()
    return (
        1, key, 1 + key % 12, value * 2, value, "2023-01-01", last, 1 - part, 1.5, value, value // 2, value * 2, value * 3, tier,
        "R5F3M4", "champions", "active", "3 orders, about every 5 weeks, the last one 2 weeks ago",
    )  # fmt: skip


def signed_in() -> Any:
    """Return a browser of an owner."""
    from django.test import Client

    from regulars.access.people import actions
    from regulars.store.models import User

    if not User.objects.exists():
        actions.create(
            "owner@shop.example", "Owner", ["owner"], "correct horse battery", who="bench", now=NOW
        )
    client = Client()
    found = re.search(rb'name="form" value="([^"]+)"', client.get("/sign-in").content)
    assert found
    told = {"form": found[1].decode(), "email": "owner@shop.example", "password": "correct horse battery"}
    assert client.post("/sign-in", told).status_code == 302
    return client


def measured(client: Any, path: str, times: int) -> dict[str, float]:
    """Return median and slowest of some requests in milliseconds, after one that is not counted."""
    assert client.get(path, follow=True).status_code == 200, path
    took = []
    for _ in range(times):
        begun = time.perf_counter()
        client.get(path, follow=True)
        took.append(1000 * (time.perf_counter() - begun))
    return {"median_ms": round(statistics.median(took), 1), "slowest_ms": round(max(took), 1)}


def made(customers: int) -> None:
    """Make the shop unless it is there; count where its segments stand."""
    from regulars.customers import stretches
    from regulars.store.models import Run

    begun = time.perf_counter()
    if not Run.objects.exists():
        scores = fill(customers)
        print(f"made in {time.perf_counter() - begun:.0f} s, of which scores and segments {scores:.0f} s")
    begun = time.perf_counter()
    stretches.build(1)
    print(f"counted where segments and tiers stand in {time.perf_counter() - begun:.1f} s")


def main() -> None:
    """Make the shop, ask for every page, print how long each took."""
    wanted = argparse.ArgumentParser(description=__doc__)
    wanted.add_argument("--customers", type=int, default=1_000_000)
    wanted.add_argument("--times", type=int, default=15)
    wanted.add_argument("--database", default="", help="address of an empty PostgreSQL database; else SQLite")
    wanted.add_argument("--json", type=Path)
    wanted.add_argument("--home", type=Path, help="where to keep the shop, and to find it the next time")
    told = wanted.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        opened(told.home or Path(folder) / "home", told.database)
        made(told.customers)
        client = signed_in()
        # What comes after the first page of the longest list, half way down.
        beyond = f"/customers?after={500_000}~{told.customers // 2}"
        # The last page of a large segment, and what hardly anybody is in, by every sorting.
        least = 1_000_000 * 60 // told.customers
        end = f"/customers?segment=one_time_lapsed&after={least}~{told.customers - 60}"
        met = [f"/customers?segment=at_risk&tier=low&sort={sort}" for sort in SORTS]
        met += [f"/customers?segment=one_time_lapsed&sort={sort}" for sort in SORTS]
        met += [f"/customers?tier=top&sort={sort}" for sort in SORTS]
        found = {path: measured(client, path, told.times) for path in (*PAGES, beyond, end, *met)}
    for path, each in found.items():
        print(f"{path:<60}{each['median_ms']:>9.1f}{each['slowest_ms']:>9.1f} ms")
    if told.json:
        told.json.write_text(json.dumps({"machine": describe(), "customers": told.customers, "pages": found}, indent=1))  # fmt: skip


if __name__ == "__main__":
    main()
