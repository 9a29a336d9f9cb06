"""Value, its track record and segments as sections of the page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow.compute as pc

from regulars.kit.i18n import mark
from regulars.kit.unknown import Unknown
from regulars.report import model as m
from regulars.report.model import Sentence
from regulars.value import Backtest
from regulars.value.method import sentences

if TYPE_CHECKING:
    from regulars.segments import Segments
    from regulars.value import Rolling, Value

BINS = 16
BEST = 8
"""Customers listed by their value."""


def measure(value: Value) -> str:
    """Name what a customer's value is measured in."""
    if value.unknown is not None:
        return mark("Net revenue so far")
    if value.assumptions.margin is None:
        return mark("Predicted net revenue")
    return mark("Predicted margin")


def spread(value: Value, segments: Segments) -> m.ValueSpread | Unknown:
    """How value is spread over customers; what they brought so far where there is no forecast."""
    column = "net" if value.unknown is not None else "clv"
    worth = np.asarray(value.customers[column], float)
    if not len(worth):
        return Unknown.because("no_customers", mark("No order names a customer."))
    edges = _edges(worth)
    counts, _ = np.histogram(worth, edges)
    names = np.asarray(segments.customers["tier"].to_pylist(), object)
    tiers = []
    for row in segments.families["tier"]:
        of = worth[names == row.name]
        if len(of):
            tiers.append(m.Tier(row.name, Sentence(row.title), len(of), float(of.sum()), float(of.min())))
    bins = tuple(
        m.ValueBin(float(low), float(high), int(count))
        for low, high, count in zip(edges, edges[1:], counts, strict=False)
    )
    return m.ValueSpread(measure(value), bins, tuple(tiers))


def _edges(worth: np.ndarray[Any, np.dtype[np.float64]]) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Equal steps up to the 98th percentile in round numbers, then one bin for the rest."""
    low, top = float(min(worth.min(), 0.0)), float(np.quantile(worth, 0.98))
    width = max(top / BINS, 1e-9)
    magnitude = 10.0 ** np.floor(np.log10(width))
    step = float(next(nice for nice in (1, 2, 2.5, 5, 10) if nice * magnitude >= width) * magnitude)
    edges = list(np.arange(0, top + step, step))
    if low < 0:
        edges.insert(0, low)
    if worth.max() >= edges[-1]:
        edges.append(float(np.nextafter(worth.max(), np.inf)))
    return np.array(edges)


def best(value: Value, backtest: Backtest | Unknown) -> tuple[m.BestCustomer, ...]:
    """Return the most valuable customers, without names; none where no forecast may be shown."""
    if value.unknown is not None or failure(backtest) is not None:
        return ()
    columns = ("clv", "clv_low", "clv_high", "p_alive")
    clv, low, high, alive = (np.asarray(value.customers[name], float) for name in columns)
    rows = np.argsort(-clv, kind="stable")[:BEST]
    return tuple(
        m.BestCustomer(value.reasons.phrase(row), *(float(of[row]) for of in (alive, clv, low, high)))
        for row in rows.tolist()
    )


def forecast(value: Value, backtest: Backtest | Unknown) -> m.Forecast | Unknown:
    """What today's customers will bring; the reason instead where data are too few or the past forbids it."""
    if value.unknown is not None:
        return value.unknown
    failed = failure(backtest)
    if failed is not None:
        return failed
    total = value.total
    if isinstance(total, Unknown):
        return total
    clock = value.model.purchasing.clock if value.model is not None else None
    low, high = (end / total.expected if total.expected > 0 else 1.0 for end in (total.low, total.high))
    return m.Forecast(
        value.assumptions.horizon_days, total.expected, total.low, total.high, total.interval, measure(value),
        orders=float(pc.sum(value.customers["expected_orders"]).as_py()),
        alive=float(pc.sum(value.customers["p_alive"]).as_py()),
        path=tuple(m.ForecastPoint(on, come, come * low, come * high) for on, come in value.path),
        method=sentences(value),
        pace=() if clock is None or clock.has_no_seasons else tuple(clock.pace.tolist()),
    )  # fmt: skip


def failure(backtest: Backtest | Unknown) -> Unknown | None:
    """Why a forecast must not be trusted, if it failed on the shop's own past."""
    if isinstance(backtest, Unknown) or not backtest.problems:
        return None
    return Unknown.because("backtest_failed", backtest.problems[0])


def track_record(backtest: Backtest | Unknown, rolling: Rolling | Unknown) -> m.Backtest | Unknown:
    """The backtest beside plain forecasts, and the same at earlier days."""
    if isinstance(backtest, Unknown):
        return backtest
    return m.Backtest(
        backtest.cutoff, backtest.horizon_days, len(backtest.customers), backtest.predicted_total, backtest.actual_total,
        rivals=tuple(
            m.Rival(
                Sentence(score.title), score.name == "model", score.gini, score.bias, score.mae, score.rmse, score.spearman,
                score.top_decile,
            )
            for score in backtest.scores
        ),
        deciles=tuple(
            m.Decile(row.number, round(row.customers), row.predicted, row.actual) for row in backtest.deciles
        ),
        failure=failure(backtest),
        coverage=None if backtest.coverage_told is None else (backtest.interval, backtest.coverage_told),
        reliability=tuple((row.interval, row.held) for row in backtest.reliability),
        earlier=() if isinstance(rolling, Unknown) else tuple(_earlier(past) for past in reversed(rolling.origins)),
        earlier_days=0 if isinstance(rolling, Unknown) else rolling.window_days,
    )  # fmt: skip


def _earlier(past: Backtest) -> m.Earlier:
    before = float(pc.sum(past.customers["persistence"]).as_py() or 0.0)
    return m.Earlier(past.cutoff, past.predicted_total, past.actual_total, before)


def groups(segments: Segments, family: str) -> tuple[m.Group, ...]:
    """Return the segments of a family; those that cannot be told carry their reason."""
    return tuple(
        m.Group(
            row.name, Sentence(row.title), Sentence(row.definition, row.values), row.customers or 0, row.share or 0.0, row.net or 0.0,
            row.clv, None if not row.customers or row.orders is None else row.orders / row.customers, row.median_recency_days,
            unknown=row.unknown,
        )
        for row in sorted(segments.families[family], key=lambda row: row.unknown is not None)
        if row.unknown is not None or row.customers or row.name != "prospect"
    )  # fmt: skip


def rfm_cells(segments: Segments) -> tuple[m.RfmCell, ...]:
    """Return customers and net revenue by recency and frequency score."""
    return tuple(m.RfmCell(cell["r"], cell["f"], cell["customers"], cell["net"]) for cell in segments.rfm_map)


def migration(segments: Segments) -> m.Migration | Unknown:
    """Return who moved from which RFM group to which."""
    found = segments.migration
    if isinstance(found, Unknown):
        return found
    titles = tuple(Sentence(row.title) for row in segments.families["rfm"])
    return m.Migration(found.since, titles, tuple(tuple(row) for row in found.customers.tolist()))
