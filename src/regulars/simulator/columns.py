"""Arrays of numpy become columns of Arrow, without a copy where there is a way."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

MONEY = pa.decimal64(12, 2)
"""Eight bytes an amount; in Parquet an ordinary decimal(12, 2)."""
INSTANT = pa.timestamp("us", tz="UTC")


def money(cents: NDArray[np.int64]) -> pa.Array:
    """Return cents as decimal(12, 2)."""
    whole = np.ascontiguousarray(cents, dtype=np.int64)
    return pa.Array.from_buffers(MONEY, len(whole), [None, pa.py_buffer(whole)])


def instant(seconds: NDArray[np.int64]) -> pa.Array:
    """Return seconds since 1970 as UTC timestamps in microseconds."""
    return pa.array(seconds * 1_000_000).cast(INSTANT)


def words(codes: NDArray[np.int64], names: Sequence[str]) -> pa.Array:
    """Return a dictionary column; a negative code is a null."""
    missing = codes < 0
    small = codes.astype(np.int16 if len(names) < 2**15 else np.int32)
    indices = pa.array(small, mask=missing) if missing.any() else pa.array(small)
    return pa.DictionaryArray.from_arrays(indices, pa.array(names, type=pa.string()))


def constant(name: str, size: int) -> pa.Array:
    """Return a dictionary column of one word."""
    return words(np.zeros(size, dtype=np.int64), [name])


def numbers(values: NDArray[Any], missing: NDArray[np.bool_] | None = None) -> pa.Array:
    """Return a plain column, null where ``missing``."""
    return pa.array(values, mask=missing) if missing is not None and missing.any() else pa.array(values)
