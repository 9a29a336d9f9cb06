"""Scoring customers in batches: a fitted forecast applied to a stream of summaries, in this process or on a cluster.

What a customer is forecast depends on the fit and on their own history alone, so batches of any size give what one table of
everybody gives, and memory is bounded by a batch.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from regulars.kit.errors import RegularsError
from regulars.kit.i18n import mark
from regulars.value import frames
from regulars.value.assumptions import Assumptions
from regulars.value.model import Model, Prediction
from regulars.value.summary import EPOCH, Summary

if TYPE_CHECKING:
    import ibis.expr.types as ir
    from numpy.typing import NDArray

    from regulars.lake import Orders

FORECAST_COLUMNS = {
    "p_alive": "p_alive",
    "p_none": "p_none",
    "expected_orders": "expected_orders",
    "expected_spend": "expected_spend",
    "clv": "clv",
    "clv_low": "low",
    "clv_high": "high",
}
"""Columns of a customer and the fields of a prediction that they hold."""
NEXT_ORDER = {"next_order_from": 0.25, "next_order": 0.5, "next_order_until": 0.75}
"""How probable it is that a customer who stays has bought again by then."""
LONGEST_WAIT_DAYS = 5 * 365
"""A date beyond is none."""

SCHEMA = pa.schema(
    [
        pa.field("customer_key", pa.int64()),
        *(pa.field(name, pa.float64()) for name in (*FORECAST_COLUMNS, "clv_lifetime")),
        *(pa.field(name, pa.date32()) for name in NEXT_ORDER),
    ]
)
"""What scoring gives for a customer; the same columns as in ``Value.customers``."""
BATCH_ROWS = 1 << 17
"""Customers at a time: some 100 MB with everything in between."""


@dataclass(frozen=True)
class Scorer:
    """A fitted forecast as a function from batches of customer summaries to batches of scores.

    It is the purchase model's: what the learner adds needs more than a summary and is not in it. It can be pickled, and is what Spark's ``mapInArrow`` takes: ``summaries.mapInArrow(scorer, schema)``. Without
    ``intervals`` p_none, clv_low and clv_high are null, and scoring is several times quicker. For a later day than the fit's
    use ``dataclasses.replace(scorer, as_of=day)``.
    """

    model: Model
    assumptions: Assumptions
    as_of: date
    intervals: bool = True
    batch_rows: int = BATCH_ROWS

    @property
    def schema(self) -> pa.Schema:
        """The schema of every batch given back."""
        return SCHEMA

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Score what :func:`frames.customer_summary` gives, batch by batch, rows in the order they come.

        Batches may have any size: small ones are joined and large ones cut, so that memory is bounded and customers with
        the same history are worked out once. Raises ``RegularsError`` where customers were summed up until another day.
        """
        for table in _resized(batches, self.batch_rows):
            yield from self.score(table).to_batches()

    def score(self, table: pa.Table) -> pa.Table:
        """Score one table of summaries at once."""
        summary = Summary.from_arrow(table)
        if not len(summary):
            return SCHEMA.empty_table()
        today = (self.as_of - EPOCH).days
        ends = summary.first_day + summary.T
        if np.any(ends != today):
            raise RegularsError(
                "value.other_day",
                mark("These customers were summed up until {found}, and the forecast is for {as_of}."),
                hint=mark("Sum them up until the day of the forecast, or give the forecast their day."),
                found=date.fromordinal(EPOCH.toordinal() + int(ends[ends != today][0])),
                as_of=self.as_of,
            )
        told = self.model.predict(summary, self.assumptions, intervals=self.intervals)
        columns = forecast(self.model, summary, self.assumptions, told)
        scored = pa.table({"customer_key": pa.array(summary.key, pa.int64()), **columns}, schema=SCHEMA)
        place = np.searchsorted(summary.key, np.asarray(table["customer_key"]))
        return scored.take(pa.array(place))


def forecast(
    model: Model,
    summary: Summary,
    assumptions: Assumptions,
    told: Prediction,
    *,
    life_factor: NDArray[np.float64] | None = None,
) -> dict[str, pa.Array]:
    """Return all forecast columns of a summary, in its order, from what the model (or the learner too) told of it.

    ``life_factor`` is the learner's on the value for life, which is worked out here.
    """
    columns: dict[str, pa.Array] = {}
    for name, attribute in FORECAST_COLUMNS.items():
        values = getattr(told, attribute)
        columns[name] = (
            pa.nulls(len(summary), pa.float64()) if values is None else pa.array(values, pa.float64())
        )
    life = model.for_life(summary, assumptions, told)
    if life_factor is not None:
        life = life * life_factor
    columns["clv_lifetime"] = pa.array(life, pa.float64(), mask=~np.isfinite(life))
    for name, share in NEXT_ORDER.items():
        wait = model.next_purchase(summary, share)
        far = ~(wait <= LONGEST_WAIT_DAYS)
        days = summary.as_of_day + np.where(far, 0, wait).astype(np.int32)
        columns[name] = pa.array(days.astype(np.int32), pa.int32(), mask=far).cast(pa.date32())
    return columns


def no_forecast(customers: int) -> dict[str, pa.Array]:
    """Return the columns of :func:`forecast` without a value in them."""
    return {field.name: pa.nulls(customers, field.type) for field in SCHEMA if field.name != "customer_key"}


def score(orders: Orders, scorer: Scorer, *, path: Path | None = None) -> ir.Table:
    """Score every customer who bought by ``scorer.as_of``, on the engine of the orders, into Parquet at ``path``.

    Nothing is gathered in one place: DuckDB hands batches to this process, Spark scores where its data lie. Returns the
    table that reads the result; by default it lies in the working folder and goes with it.
    """
    summary = frames.customer_summary(frames.purchase_days(orders.orders), scorer.as_of)
    # Customers alike come in one batch, so that their intervals are drawn once and not once a batch.
    alike = summary.order_by(["x", "first_on", "customer_key"])
    return orders.workspace.engine.map_batches(
        alike,
        scorer,
        scorer.schema,
        path or orders.workspace.folder / "scores.parquet",
        title=mark("Scoring customers"),
    )


def _resized(batches: Iterable[pa.RecordBatch], rows: int) -> Iterator[pa.Table]:
    """Join and cut batches into tables of ``rows`` rows; the last may be shorter, none is empty."""
    held: list[Any] = []
    count = 0
    for batch in batches:
        while count + len(batch) >= rows:
            some = rows - count
            yield pa.Table.from_batches([*held, batch.slice(0, some)])
            held, count, batch = [], 0, batch.slice(some)
        if len(batch):
            held.append(batch)
            count += len(batch)
    if held:
        yield pa.Table.from_batches(held)
