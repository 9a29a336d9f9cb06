"""Spark says the same as DuckDB, to the last cent."""

from __future__ import annotations

import shutil
from datetime import date, timedelta
from importlib.util import find_spec
from typing import Any

import pytest
from tests.segments.conftest import scores
from tests.shops import make_orders

from regulars.segments import assign

pytestmark = [
    pytest.mark.spark,
    pytest.mark.skipif(
        not shutil.which("java") or not find_spec("pyspark"), reason="needs Java and regulars[spark]"
    ),
]


def test_segments_do_not_depend_on_the_engine() -> None:
    as_of = date(2024, 6, 30)
    rows: list[dict[str, Any]] = [
        {
            "customer": 1 + (7 * number) % 13 % 9,
            "at": as_of - timedelta(days=(number * 37) % 400 - 2),
            "amount": f"{10 + number * 13 % 70}.35",
            "discount": "5.10" if number % 3 == 0 else 0,
            "refunded": "4.05" if number % 4 == 0 else 0,
        }
        for number in range(60)
    ]
    rows.append({"customer": 3, "at": as_of, "amount": "12.34", "kind": "refund"})
    keys = range(1, 10)
    about = {"p_alive": {key: key / 10 for key in keys}, "clv": {key: 10.0 * key for key in keys}}
    results = []
    for engine in ("duckdb", "local[1]"):
        with make_orders(rows, engine=engine) as orders:
            result = assign(orders, scores(rows, as_of, **about))
            results.append((result.customers.to_pylist(), result.to_json()))
    assert results[0] == results[1]
    assert any("won_back" in row["segments"] for row in results[0][0])
