"""The simulated customers of the speed tables: orders drawn from Pareto/NBD and Gamma-Gamma, and their summary."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from bench.peers import published
from regulars.numeric import pareto_nbd_draws

LAST = date(2024, 12, 31)
LONGEST_DAYS = 728


def write(folder: Path, customers: int, seed: int = 1) -> dict[str, int]:
    """Write ``orders.parquet`` and ``summary.parquet`` (weeks, mean of repeat purchases); return how many of what."""
    rng = np.random.default_rng(seed)
    age = rng.integers(1, LONGEST_DAYS + 1, customers)
    drawn = pareto_nbd_draws.simulate(tuple(published.PARETO_NBD.values()), age / 7, rng)
    x = drawn.frequency.astype(int)
    who = np.repeat(np.arange(customers), x + 1)
    # Of the purchases of one customer the first is at 0, the last at t_x, and the others anywhere between.
    moment = rng.random(len(who)) * drawn.recency[who]
    ends = np.cumsum(x + 1)
    moment[ends - 1] = drawn.recency
    moment[ends - x - 1] = 0.0
    day = np.minimum(np.ceil(moment * 7).astype(int), age[who])
    p, q, v = published.GAMMA_GAMMA.values()
    rate = rng.standard_gamma(q, customers) / v
    cents = np.maximum(np.rint(100 * rng.standard_gamma(p, len(who)) / rate[who]), 1).astype(np.int64)
    order = np.lexsort((day, who))
    who, day, cents = who[order], day[order], cents[order]
    _orders(folder, who, (LAST - date(1970, 1, 1)).days - age[who] + day, cents)
    _summary(folder, who, day, cents, age)
    return {"customers": customers, "orders": len(who)}


def _orders(folder: Path, who: np.ndarray, day: np.ndarray, cents: np.ndarray) -> None:
    shuffled = np.random.default_rng(0).permutation(len(who))
    amount = pa.array(cents[shuffled] / 100)
    table = pa.table(
        {
            "customer_key": who[shuffled],
            "ordered_on": pa.array(day[shuffled].astype(np.int32)).cast(pa.date32()),
            "amount": amount,
            "net": amount.cast(pa.decimal128(18, 4)),
            "refunded": pa.repeat(pa.scalar(0.0).cast(pa.decimal128(18, 4)), len(who)),
            "kind": pa.repeat("order", len(who)),
            "valid": pa.repeat(True, len(who)),
        }
    )
    pq.write_table(table, folder / "orders.parquet")


def _summary(folder: Path, who: np.ndarray, day: np.ndarray, cents: np.ndarray, age: np.ndarray) -> None:
    new = np.r_[True, (who[1:] != who[:-1]) | (day[1:] != day[:-1])]
    later = day > 0
    frequency = np.bincount(who[new & later], minlength=len(age))
    last = np.zeros(len(age))
    np.maximum.at(last, who, day)
    spent = np.bincount(who[later], cents[later] / 100, minlength=len(age))
    table = {
        "customer_key": np.arange(len(age)),
        "frequency": frequency.astype(float),
        "recency": last / 7,
        "T": age / 7,
        "monetary_value": spent / np.maximum(frequency, 1),
    }
    pq.write_table(pa.table(table), folder / "summary.parquet")
