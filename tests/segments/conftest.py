"""Scores for segment tests, worked out in plain Python from the same rows as the shop."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import pyarrow as pa
import pytest

from regulars.kit.unknown import Unknown


@dataclass
class FakeValue:
    as_of: date
    customers: pa.Table
    churn_gap_days: float | Unknown = 40.0
    unknown: Unknown | None = None
    extra: dict[str, Any] = field(default_factory=dict)


def scores(
    rows: Iterable[Mapping[str, Any]],
    as_of: date,
    *,
    p_alive: Mapping[int, float] | None = None,
    clv: Mapping[int, float] | None = None,
    gap: float | Unknown = 40.0,
) -> FakeValue:
    days: dict[int, list[date]] = defaultdict(list)
    net: dict[int, float] = defaultdict(float)
    for row in rows:
        if row.get("customer") is None or row.get("status", "paid") != "paid" or row["at"] > as_of:
            continue
        key = row["customer"]
        if row.get("kind", "order") == "order":
            days[key].append(row["at"])
            net[key] += float(row["amount"]) - float(row.get("discount", 0)) - float(row.get("refunded", 0))
        else:
            net[key] -= float(row["amount"])
    keys = list(days)
    table = pa.table(
        {
            "customer_key": pa.array(keys, pa.int64()),
            "orders": pa.array([len(days[key]) for key in keys], pa.int64()),
            "recency_days": pa.array([(as_of - max(days[key])).days for key in keys], pa.int64()),
            "age_days": pa.array([(as_of - min(days[key])).days for key in keys], pa.int64()),
            "net": pa.array([net[key] for key in keys], pa.float64()),
            "aov": pa.array([net[key] / len(days[key]) for key in keys], pa.float64()),
            "p_alive": pa.array([(p_alive or {}).get(key) for key in keys], pa.float64()),
            "clv": pa.array([(clv or {}).get(key) for key in keys], pa.float64()),
        }
    )
    return FakeValue(as_of, table, gap)


@pytest.fixture(name="scores")
def scores_fixture() -> Callable[..., FakeValue]:
    return scores
