"""Lay the scores and the orders' own habits side by side, as arrays in the order of the scores."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Protocol

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from regulars.kit.i18n import mark
from regulars.kit.unknown import Unknown
from regulars.segments import frames
from regulars.segments.beside import Beside
from regulars.segments.shipped import NO_DISCOUNTS, NO_REFUNDS, Facts
from regulars.segments.visits import left_behind

if TYPE_CHECKING:
    from regulars.lake import Orders
    from regulars.segments.thresholds import Thresholds
    from regulars.sources.events import Events

NO_SCORES = Unknown.because(
    "segments.no_scores",
    mark("There are too few orders to predict who will come back and what they will spend."),
)


class Scores(Protocol):
    """What segments need to know of customer value; ``value.Value`` has it."""

    @property
    def as_of(self) -> date:
        """The day on which everything is judged."""

    @property
    def churn_gap_days(self) -> float | Unknown:
        """P80 of the shop's own days between orders."""

    @property
    def customers(self) -> pa.Table:
        """One row a customer; see ``assign`` for the columns that are read."""


def gather(orders: Orders, value: Scores, at: Thresholds, events: Events | None = None) -> Facts:
    """Execute the frames and align their rows with ``value.customers``; a customer without a row has zeros."""
    engine, scores = orders.workspace.engine, value.customers
    key = scores["customer_key"].to_numpy()
    habits = engine.arrow(
        frames.habits(orders.orders, value.as_of, recent_days=at.big_spender_days),
        title="Reading buying habits",
    )
    gaps = engine.arrow(
        frames.returns_from_silence(orders.orders, value.as_of, within_days=at.won_back_days),
        title="Looking for customers who came back",
    )
    beside, after = Beside(habits, key), Beside(gaps, key)
    visits = left_behind(orders, events, value.as_of, key, at)
    told = orders.capabilities
    gap = value.churn_gap_days if at.churn_gap_days is None else at.churn_gap_days
    return Facts(
        orders=_whole(scores, "orders"),
        recency_days=_whole(scores, "recency_days"),
        age_days=_whole(scores, "age_days"),
        net=_amounts(scores, "net"),
        aov=_amounts(scores, "aov"),
        p_alive=_score(value, "p_alive"),
        clv=_score(value, "clv"),
        discounted=beside("discounted", 0).astype(np.int64) if told.discounts else NO_DISCOUNTS,
        refunded=beside("refunded", 0.0) if told.refunds else NO_REFUNDS,
        paid=beside("paid", 0.0),
        recent_net=beside("recent_net", 0.0),
        buyer=beside("buyer", 0).astype(bool),
        comeback_gap=after("gap_days", np.nan),
        left_cart=visits if isinstance(visits, Unknown) else visits.cart,
        left_product=visits if isinstance(visits, Unknown) else visits.product,
        gap=gap,
    )


def _whole(table: pa.Table, column: str) -> NDArray[np.int64]:
    return table[column].fill_null(0).cast(pa.int64()).to_numpy()


def _amounts(table: pa.Table, column: str) -> NDArray[np.float64]:
    return np.nan_to_num(table[column].cast(pa.float64()).fill_null(0.0).to_numpy())


def _score(value: Scores, column: str) -> NDArray[np.float64] | Unknown:
    """Return a predicted column with NaN for null, or why nobody has one."""
    scores = value.customers
    if len(scores) == 0 or column not in scores.column_names or scores[column].null_count == len(scores):
        reasons = getattr(value, "unknown", None)
        reason = reasons.get(column) if isinstance(reasons, dict) else reasons
        return reason if isinstance(reason, Unknown) else NO_SCORES
    return scores[column].cast(pa.float64()).to_numpy(zero_copy_only=False)
