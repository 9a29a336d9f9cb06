"""The customer summary as arrays: the only door through which order history reaches the statistics."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from numpy.typing import NDArray

EPOCH = date(1970, 1, 1)


@dataclass(frozen=True)
class Summary:
    """One entry a customer in every array, in ascending order of the key.

    ``first_day`` and ``last_day`` count days since 1970-01-01; ``recency`` (t_x) and ``T`` are days; ``spend`` (before
    refunds) and ``refunded`` are money.
    """

    key: NDArray[np.int64]
    orders: NDArray[np.int64]
    purchase_days: NDArray[np.int64]
    first_day: NDArray[np.int64]
    last_day: NDArray[np.int64]
    recency: NDArray[np.float64]
    T: NDArray[np.float64]
    spend: NDArray[np.float64]
    refunded: NDArray[np.float64]

    @classmethod
    def from_arrow(cls, table: pa.Table) -> Summary:
        """Read what :func:`frames.customer_summary` gives."""
        order = np.argsort(np.asarray(table["customer_key"]), kind="stable")

        def column(name: str, kind: Any) -> NDArray[Any]:
            values = table[name]
            if pa.types.is_decimal(values.type):
                values = pc.cast(values, pa.float64())
            elif pa.types.is_date(values.type):
                values = pc.cast(pc.cast(values, pa.date32()), pa.int32())
            return np.asarray(values).astype(kind)[order]

        return cls(
            key=column("customer_key", np.int64),
            orders=column("orders", np.int64),
            purchase_days=column("purchase_days", np.int64),
            first_day=column("first_on", np.int64),
            last_day=column("last_on", np.int64),
            recency=column("recency", np.float64),
            T=column("T", np.float64),
            spend=column("spend", np.float64),
            refunded=column("refunded", np.float64),
        )

    def __len__(self) -> int:
        return len(self.key)

    def part(self, rows: slice | NDArray[Any]) -> Summary:
        """Return some of the customers, in this order."""
        return Summary(*(getattr(self, field.name)[rows] for field in fields(self)))

    @property
    def x(self) -> NDArray[np.int64]:
        """Repeat purchase days."""
        return self.purchase_days - 1

    @property
    def mean_spend(self) -> NDArray[np.float64]:
        """Mean spend a purchase day, the first one included; never negative."""
        return np.maximum(self.spend, 0.0) / self.purchase_days

    @property
    def as_of_day(self) -> int:
        """The end of observation, in days since 1970-01-01."""
        return int(self.first_day[0] + self.T[0]) if len(self) else 0

    def span_days(self, as_of: date) -> int:
        """Days from the first purchase to the as-of date."""
        return (as_of - EPOCH).days - int(self.first_day.min()) if len(self) else 0

    def silence_days(self, as_of: date) -> int:
        """Days from the last purchase to the as-of date."""
        return (as_of - EPOCH).days - int(self.last_day.max()) if len(self) else 0


def locate(keys: NDArray[np.int64], wanted: NDArray[np.int64]) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
    """Return where each wanted key stands among ascending ones, and whether it is there at all."""
    if not len(keys):
        return np.zeros(len(wanted), np.intp), np.zeros(len(wanted), bool)
    place = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return place, keys[place] == wanted
