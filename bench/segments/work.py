"""One measured part in a process of its own: ``python -m bench.segments.work PART FOLDER`` answers with one line of JSON."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from bench.work import clock
from regulars.lake import open_workspace
from regulars.segments.memberships import Frames, counts, memberships
from regulars.segments.rules import Clock, Person, belongs, read

CUSTOMERS, EVENTS = 1_000_000, 10_000_000
NOW = datetime(2025, 6, 1, 9, 30, tzinfo=UTC)
_TYPES = ("view", "view", "view", "view", "view", "cart", "cart", "search", "page", "checkout")


def _event(kind: str, operator: str, value: Any, **more: Any) -> dict[str, Any]:
    return {"event": {"type": kind, "operator": operator, "value": value, **more}}


ONE = {
    "all": [
        {"field": "country", "operator": "one_of", "value": ["PL", "DE", "CZ"]},
        {"any": [{"field": "p_alive", "operator": ">=", "value": 0.5}, {"segment": "vip"}]},
        _event("view", ">=", 3, window={"last_days": 30}),
        _event("cart", "=", 0, window={"last_days": 7}),
        _event("cart", ">=", 20, aggregate="sum", of="value"),
        {"not": _event("checkout", ">", 0, window={"last_hours": 24})},
    ]
}
DISTINCT = _event(
    "view",
    ">=",
    3,
    aggregate="distinct",
    of="product",
    where={"property": "category", "operator": "is", "value": "tea"},
)


def _many() -> dict[str, Any]:
    """Twenty segments with sixty event conditions, a third of them alike, and five that name others."""
    found: dict[str, Any] = {}
    for place in range(15):
        days = {"last_days": 7 * (1 + place % 10)}
        found[f"s{place}"] = {
            "all": [
                _event("view", ">=", 1 + place % 4, window=days),
                _event("cart", "<", 2, window=days),
                _event("search", ">=", 0, window={"days_ago": [place, 60 + place]}),
                _event("cart", ">", 10 * place, aggregate="sum", of="value", window=days),
            ]
        }
    for place in range(5):
        found[f"n{place}"] = {"all": [{"segment": f"s{place}"}, {"not": {"segment": f"s{place + 5}"}}]}
    return found


RULES: Mapping[str, Mapping[str, Any]] = {
    "one": {"one": ONE},
    "distinct": {"distinct": DISTINCT},
    "many": _many(),
}


def made(folder: Path) -> dict[str, Any]:
    """Write the customers and the events of a shop, the same each time."""
    with closing(open_workspace(threads=2)) as workspace:
        ask = workspace.door.connection.execute
        ask("SELECT setseed(0.5)")
        ask(
            f"""COPY (SELECT i AS customer_key, ['PL', 'DE', 'CZ', 'FR', 'US'][1 + i % 5] AS country, hash(i, 1) % 1000 / 1000.0::DOUBLE AS p_alive,
                CASE WHEN i % 20 = 0 THEN ['vip', 'repeat'] WHEN i % 3 = 0 THEN ['repeat'] END AS segments
                FROM range({CUSTOMERS}) t(i)) TO '{folder}/customers.parquet' (COMPRESSION zstd)"""
        )
        types = ", ".join(f"'{each}'" for each in _TYPES)
        ask(
            f"""COPY (SELECT CAST(floor({CUSTOMERS} * pow((hash(i, 2) % 1000003) / 1000003.0, 2)) AS BIGINT) AS customer_key,
                [{types}][1 + CAST(hash(i, 3) % {len(_TYPES)} AS INTEGER)] AS type,
                TIMESTAMPTZ '{NOW.isoformat()}' - to_seconds(CAST(hash(i, 4) % (365 * 86400) AS BIGINT)) AS at,
                'p' || (hash(i, 5) % 20000) AS product, ['tea', 'coffee', 'cups', 'gifts'][1 + CAST(hash(i, 5) % 4 AS INTEGER)] AS category,
                CAST((hash(i, 6) % 20000) / 100.0 AS DECIMAL(18, 4)) AS value
                FROM range({EVENTS}) t(i)) TO '{folder}/events.parquet' (COMPRESSION zstd)"""
        )
    return {"customers": CUSTOMERS, "events": EVENTS}


def measured(part: str, folder: Path) -> dict[str, Any]:
    """Work out who is in the segments of a part, from the files to one Arrow table of true and false."""
    rules = {name: read(each) for name, each in RULES[part].items()}
    answer: dict[str, Any] = {}
    with closing(open_workspace(threads=2)) as workspace:
        engine = workspace.engine
        with clock(answer):
            frames = Frames(
                engine.read(folder / "customers.parquet"), {"events": engine.read(folder / "events.parquet")}
            )
            found = engine.arrow(memberships(frames, rules, list(rules), Clock(NOW, "Europe/Warsaw")))
        members = {name: int(found[name].to_numpy().sum()) for name in rules}
        assert len(found) == CUSTOMERS
    return answer | {"segments": len(rules), "members": sum(members.values())}


def counted(folder: Path) -> dict[str, Any]:
    """Only count the members of one rule, as a page does while somebody builds it."""
    answer: dict[str, Any] = {}
    with closing(open_workspace(threads=2)) as workspace:
        engine = workspace.engine
        with clock(answer):
            frames = Frames(
                engine.read(folder / "customers.parquet"), {"events": engine.read(folder / "events.parquet")}
            )
            told = memberships(frames, {"one": read(ONE)}, ["one"], Clock(NOW, "Europe/Warsaw"))
            found = engine.arrow(counts(told, ["one"])).to_pylist()[0]
    return answer | {"segments": 1, "members": found["one"]}


def person() -> dict[str, Any]:
    """Decide twenty segments for one person with a hundred events, in Python."""
    rules = {name: read(each) for name, each in RULES["many"].items()}
    rows = [
        {
            "type": _TYPES[n % 10],
            "at": NOW.replace(day=1, hour=n % 9),
            "value": Decimal(n),
            "product": f"p{n}",
        }
        for n in range(100)
    ]
    who, times = Person({"country": "PL", "p_alive": 0.7}, ["vip"], {"events": rows}), 50
    answer: dict[str, Any] = {}
    started = time.perf_counter()
    with clock(answer):
        for _ in range(times):
            belongs(who, rules, list(rules), Clock(NOW, "Europe/Warsaw"))
    answer["ms_each"] = round(1000 * (time.perf_counter() - started) / times, 2)
    return answer | {"segments": len(rules), "members": 0}


PARTS: Mapping[str, Callable[[Path], dict[str, Any]]] = {
    "made": made,
    "count": counted,
    **{part: lambda folder, part=part: measured(part, folder) for part in RULES},  # type: ignore[misc]
    "person": lambda _folder: person(),
}

if __name__ == "__main__":
    print(json.dumps(PARTS[sys.argv[1]](Path(sys.argv[2]))))
