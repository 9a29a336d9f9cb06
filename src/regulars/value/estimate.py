"""What every customer is worth: one call from canonical orders to a value with its interval and its track record."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from regulars import metrics
from regulars.kit.errors import RegularsError
from regulars.kit.i18n import mark
from regulars.kit.unknown import Unknown
from regulars.value import backtest as backtests
from regulars.value import frames, model, total
from regulars.value import method as methods
from regulars.value import promotions as promoted
from regulars.value import rolling as rollings
from regulars.value.assumptions import DAYS_A_YEAR, Assumptions, Minimum
from regulars.value.past import Past
from regulars.value.summary import Summary

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from regulars.lake import Orders


PATH_STEPS = 26
"""Points of the path of the total: fortnights of a year."""


@dataclass(frozen=True)
class Value:
    """What the customers of a shop are worth on ``as_of``.

    ``customers`` has one row a customer who bought at least once: customer_key, orders, x, recency, T (days),
    first_on, last_on, recency_days, age_days, net, gross_spend, refunded, aov, p_alive, p_none, expected_orders, expected_spend,
    clv, clv_low, clv_high, clv_lifetime, next_order_from, next_order, next_order_until, clv_historical, clv_traditional. Forecast columns are null where ``unknown`` says why.
    """

    orders: Orders
    as_of: date
    assumptions: Assumptions
    minimum: Minimum
    customers: pa.Table
    summary: Summary
    past: Past
    model: model.Model | None
    unknown: Unknown | None
    churn_gap_days: float | Unknown

    def backtest(
        self, cutoff: date | None = None, horizon_days: int | None = None
    ) -> backtests.Backtest | Unknown:
        """Test a forecast made on ``cutoff`` against what the orders say happened in the ``horizon_days`` after it.

        By default the horizon is this value's own, shortened to half of the data where they are too short for it, and
        the cut-off lies one horizon before ``as_of``.
        """
        horizon = horizon_days or _backtest_horizon(
            self.summary.span_days(self.as_of), self.assumptions.horizon_days, cutoff, self.as_of
        )
        cutoff = cutoff or self.as_of - timedelta(days=horizon)
        if cutoff + timedelta(days=horizon) > self.as_of:
            raise RegularsError(
                "value.cutoff",
                mark("A cut-off of {cutoff} with {horizon} days after it ends after the data do ({as_of})."),
                hint=mark("Use a cut-off by {latest}, or a shorter horizon."),
                cutoff=cutoff,
                horizon=horizon,
                as_of=self.as_of,
                latest=self.as_of - timedelta(days=horizon),
            )
        settings = replace(self.assumptions, horizon_days=horizon)
        return backtests.run(self.past, cutoff, settings)

    @cached_property
    def track_record(self) -> backtests.Backtest | Unknown:
        """The default backtest, computed once."""
        return self.backtest()

    @cached_property
    def rolling(self) -> rollings.Rolling | Unknown:
        """Backtests at several earlier days with outcome windows that do not overlap, computed once."""
        if self.unknown is not None:
            return self.unknown
        return rollings.run(self)

    @property
    def method(self) -> str:
        """How the forecast was made and why so, in a paragraph; empty without one."""
        return " ".join(map(str, methods.sentences(self)))

    @cached_property
    def path(self) -> tuple[tuple[date, float], ...]:
        """How the total builds up over the horizon: days and what will have come by their end; () without a forecast."""
        if self.model is None:
            return ()
        horizon = self.assumptions.horizon_days
        steps = sorted({round(horizon * step / PATH_STEPS) for step in range(PATH_STEPS + 1)})
        clv = np.asarray(self.customers["clv"])
        built = self.model.built_up(self.summary, self.assumptions, clv, steps)
        return tuple(
            (self.as_of + timedelta(days=day), total) for day, total in zip(steps, built, strict=True)
        )

    @cached_property
    def total(self) -> total.Total | Unknown:
        """The whole shop's value over the horizon, with an interval widened by how wrong earlier totals were."""
        if self.unknown is not None:
            return self.unknown
        return total.estimate(self)

    def totals(self, labels: pa.Array | pa.ChunkedArray | Sequence[object]) -> pa.Table | Unknown:
        """Sum the value by groups, each with an interval; ``labels`` has one entry a row of ``customers``.

        See :func:`regulars.value.total.by_group`.
        """
        return total.by_group(self, labels)

    def to_json(self) -> dict[str, Any]:
        """Everything but the customers, ready for JSON."""
        told: dict[str, Any] = {
            "as_of": self.as_of.isoformat(),
            "horizon_days": self.assumptions.horizon_days,
            "margin": self.assumptions.margin,
            "measure": "margin" if self.assumptions.margin is not None else "net_revenue",
            "discount_rate_yearly": self.assumptions.discount_rate_yearly,
            "interval": self.assumptions.interval,
            "customers": len(self.summary),
        }
        if self.unknown is not None or self.model is None or isinstance(self.total, Unknown):
            told["unknown"] = (
                {"code": self.unknown.code, "reason": str(self.unknown)} if self.unknown is not None else None
            )
            return told
        told["total"] = {"expected": self.total.expected, "low": self.total.low, "high": self.total.high}
        told["expected_orders"] = pc.sum(self.customers["expected_orders"]).as_py()
        told["customers_alive"] = pc.sum(self.customers["p_alive"]).as_py()
        told["model"] = self.model.to_json()
        told["method"] = self.method
        return told

    def to_pandas(self) -> pd.DataFrame:
        """Return ``customers`` as a data frame with the shop's own ``customer_id`` in front."""
        return self.named().to_pandas()

    def named(self) -> pa.Table:
        """Return ``customers`` with the shop's own ``customer_id`` instead of the internal key."""
        return self.with_ids(self.customers)

    def with_ids(self, table: pa.Table) -> pa.Table:
        """Return any table with a ``customer_key`` with the shop's own ``customer_id`` in front instead."""
        identities = self.orders.workspace.engine.arrow(self.orders.identities)
        keys = np.asarray(identities["customer_key"]).astype(np.int64)
        order = np.argsort(keys, kind="stable")
        place = order[np.searchsorted(keys, np.asarray(table["customer_key"]), sorter=order)]
        ids = identities["customer_id"].take(pa.array(place))
        return table.drop_columns(["customer_key"]).add_column(0, "customer_id", ids)


def estimate(
    orders: Orders,
    *,
    as_of: date | None = None,
    horizon_days: int = 365,
    margin: float | None = None,
    discount_rate_yearly: float = 0.10,
    interval: float = 0.80,
    minimum: Minimum | None = None,
    churn_gap_days: float | Unknown | None = None,
    lifespan_years: float | Unknown | None = None,
    promotions: Any = None,
) -> Value:
    """Estimate the value of every customer.

    ``as_of`` is the last day the estimate knows about (default: the day of the last order). Values are discounted
    margin over ``horizon_days`` where ``margin`` is given, net revenue otherwise. ``churn_gap_days`` and
    ``lifespan_years`` come from the figures where these are computed anyway. ``promotions`` are the days on which everybody was,
    or will be, offered something: rows of ``(from, until)`` or ``(from, until, name)``, or a table with these columns (see
    :func:`regulars.value.promotions.read`). What past ones did is learned, and those to come lift the forecast by it.

    Raises :class:`~regulars.kit.errors.RegularsError` on settings out of range; too little data is not an error but
    ``Value.unknown`` with its reason.
    """
    assumptions = Assumptions(horizon_days, margin, discount_rate_yearly, interval)
    minimum = minimum or Minimum()
    offered = promoted.read(promotions)
    engine = orders.workspace.engine
    last = engine.arrow(frames.span(orders.orders))["last_on"][0].as_py()
    as_of = as_of or last or date(1970, 1, 1)
    days = engine.save(
        frames.purchase_days(orders.orders),
        orders.workspace.folder / "purchase_days.parquet",
        title="Purchase days of each customer",
    )
    summary = Summary.from_arrow(
        engine.arrow(frames.customer_summary(days, as_of), title=mark("Summing up customers"))
    )
    past = Past(days, engine, minimum, len(summary), offered)
    unknown = minimum.missing(summary, as_of)
    fitted = model.fit(past, as_of, summary, assumptions.horizon_days) if unknown is None else None
    if churn_gap_days is None and lifespan_years is None and last is not None:
        churn_gap_days, lifespan_years = metrics.rhythm(orders, as_of)
    if churn_gap_days is None:
        churn_gap_days = Unknown.because("no_orders", mark("There is no order to learn a rhythm from."))
    return Value(
        orders,
        as_of,
        assumptions,
        minimum,
        customers=_customers(summary, fitted, assumptions, as_of, lifespan_years),
        summary=summary,
        past=past,
        model=fitted,
        unknown=unknown,
        churn_gap_days=churn_gap_days,
    )


def _customers(
    summary: Summary,
    fitted: model.Model | None,
    assumptions: Assumptions,
    as_of: date,
    lifespan_years: float | Unknown | None,
) -> pa.Table:
    net = summary.spend - summary.refunded
    today = (as_of - date(1970, 1, 1)).days
    columns: dict[str, Any] = {
        "customer_key": summary.key,
        "orders": summary.orders,
        "x": summary.x,
        "recency": summary.recency,
        "T": summary.T,
        "first_on": _dates(summary.first_day),
        "last_on": _dates(summary.last_day),
        "recency_days": today - summary.last_day,
        "age_days": today - summary.first_day,
        "net": net.round(4),
        "gross_spend": summary.spend,
        "refunded": summary.refunded,
        "aov": (net / summary.orders).round(4),
    }
    forecast = fitted.predict(summary, assumptions) if fitted else None
    for name, attribute in FORECAST_COLUMNS.items():
        values = getattr(forecast, attribute) if forecast else None
        columns[name] = (
            pa.nulls(len(summary), pa.float64()) if values is None else pa.array(values, pa.float64())
        )
    columns |= _later(summary, fitted, forecast, assumptions, today)
    columns["clv_historical"] = (net * assumptions.margin_or_all).round(4)
    columns["clv_traditional"] = _traditional(summary, net, assumptions, lifespan_years)
    return pa.table(columns)


NEXT_ORDER = {"next_order_from": 0.25, "next_order": 0.5, "next_order_until": 0.75}
"""How probable it is that a customer who stays has bought again by then."""
LONGEST_WAIT_DAYS = 5 * 365
"""A date beyond is none."""

FORECAST_COLUMNS = {
    "p_alive": "p_alive",
    "p_none": "p_none",
    "expected_orders": "expected_orders",
    "expected_spend": "expected_spend",
    "clv": "clv",
    "clv_low": "low",
    "clv_high": "high",
}


def _later(
    summary: Summary,
    fitted: model.Model | None,
    forecast: model.Prediction | None,
    assumptions: Assumptions,
    today: int,
) -> dict[str, pa.Array]:
    """Value for life, and between which days the next purchase is to be expected of a customer who stays."""
    if fitted is None or forecast is None:
        none = {"clv_lifetime": pa.nulls(len(summary), pa.float64())}
        return none | {name: pa.nulls(len(summary), pa.date32()) for name in NEXT_ORDER}
    life = fitted.for_life(summary, assumptions, forecast)
    columns = {"clv_lifetime": pa.array(life, pa.float64(), mask=~np.isfinite(life))}
    for name, share in NEXT_ORDER.items():
        wait = fitted.next_purchase(summary, share)
        far = ~(wait <= LONGEST_WAIT_DAYS)
        days = today + np.where(far, 0, wait).astype(np.int32)
        columns[name] = pa.array(days, pa.int32(), mask=far).cast(pa.date32())
    return columns


def _traditional(
    summary: Summary,
    net: NDArray[np.float64],
    assumptions: Assumptions,
    lifespan_years: float | Unknown | None,
) -> pa.Array:
    """AOV × orders a year × lifespan × margin; a customer's pace is taken over at least a year, so that one order is one."""
    if lifespan_years is None or isinstance(lifespan_years, Unknown):
        return pa.nulls(len(summary), pa.float64())
    yearly = summary.orders / np.maximum(summary.T / DAYS_A_YEAR, 1.0)
    return pa.array(
        (net / summary.orders * yearly * lifespan_years * assumptions.margin_or_all).round(4), pa.float64()
    )


def _dates(days: NDArray[np.int64]) -> pa.Array:
    return pa.array(days.astype(np.int32), pa.int32()).cast(pa.date32())


def _backtest_horizon(span_days: int, wanted: int, cutoff: date | None, as_of: date) -> int:
    if cutoff is not None:
        return max(1, min(wanted, (as_of - cutoff).days))
    return max(1, min(wanted, span_days // 2))
