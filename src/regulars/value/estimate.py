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
from regulars.value import drift, frames, groupings, model, referrals, scoring, total, tracking
from regulars.value import method as methods
from regulars.value import promotions as promoted
from regulars.value import rolling as rollings
from regulars.value.assumptions import DAYS_A_YEAR, Assumptions, Minimum
from regulars.value.learning import Learner, Learnt, engagement
from regulars.value.learning.engagement import Engagement
from regulars.value.past import Past
from regulars.value.reasons import Reasons
from regulars.value.referrals import Referrals
from regulars.value.summary import EPOCH, Summary

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
    clv, clv_low, clv_high, clv_lifetime, next_order_from, next_order, next_order_until, clv_historical, clv_traditional,
    referred_customers, clv_referred. Forecast columns are null where ``unknown`` says why, the last two where the shop does
    not say who brought whom.
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
    learner: Learner | None = None
    """What learns from earlier days, here and in backtests; None where it is left out."""
    learnt: Learnt | Unknown | None = None
    """What it learnt, or why nothing; None where it is left out or there is no forecast."""
    referrals: Referrals | None = None
    """Who brought whom; None where the shop does not say."""
    engagement: Engagement | Unknown | None = None
    """What customers looked at; None where no events are given."""

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
        return backtests.run(self.past, cutoff, settings, learner=self.learner)

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

    @cached_property
    def tracking(self) -> tracking.Track | Unknown:
        """The default backtest followed week by week, computed once."""
        record = self.track_record
        return record if isinstance(record, Unknown) else tracking.follow(self, record)

    @cached_property
    def fits(self) -> tuple[tuple[date, drift.Parameters], ...]:
        """The model's parameters as of the earlier days that were backtested, and as of today; the earliest first."""
        return drift.history(self)

    @property
    def scorer(self) -> scoring.Scorer | Unknown:
        """This forecast as a function from batches of customer summaries to batches of scores."""
        if self.unknown is not None:
            return self.unknown
        assert self.model is not None
        return scoring.Scorer(self.model, self.assumptions, self.as_of)

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
        built = self.model.built_up(self.summary, self.assumptions, (clv,), steps)[0]
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

    @cached_property
    def reasons(self) -> Reasons:
        """Why so much is expected of each customer, in a sentence."""
        return Reasons.of(self.summary)

    @cached_property
    def groupings(self) -> groupings.Groupings:
        """Ready-made labels of the customers."""
        return groupings.Groupings(self)

    def labels(self, grouping: str) -> pa.Array | pa.ChunkedArray | Unknown:
        """Return one label a row of ``customers``: their ``cohort``, ``channel``, ``first_product`` or ``country``.

        See :meth:`regulars.value.groupings.Groupings.labels`.
        """
        return self.groupings.labels(grouping)

    def totals_by(self, grouping: str, most: int | None = None) -> pa.Table | Unknown:
        """Sum the value by a ready-made grouping, each group with an interval; groups beyond ``most`` are one row.

        See :func:`regulars.value.groupings.totals`.
        """
        labels = self.labels(grouping)
        return labels if isinstance(labels, Unknown) else groupings.totals(self, labels, most)

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
            "referrals": None if self.referrals is None else self.referrals.to_json(),
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
        if isinstance(self.learnt, Learnt):
            told["learnt"] = self.learnt.to_json()
        told["path"] = [{"on": on.isoformat(), "expected": expected} for on, expected in self.path]
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
    learner: bool | None = None,
    promotions: Any = None,
    events: Any = None,
) -> Value:
    """Estimate the value of every customer.

    ``as_of`` is the last day the estimate knows about (default: the day of the last order). Values are discounted
    margin over ``horizon_days`` where ``margin`` is given, net revenue otherwise. ``churn_gap_days`` and
    ``lifespan_years`` come from the figures where these are computed anyway. ``learner`` says whether earlier days of the
    shop may teach whom the purchase model misjudges: None where LightGBM is installed (``regulars[rank]``), True to be
    told in ``Value.method`` where it is not, False never. What is learnt multiplies clv, its bounds and clv_lifetime; the total
    spend and expected_orders stay the model's.
    ``promotions`` are the days on which everybody was,
    or will be, offered something: rows of ``(from, until)`` or ``(from, until, name)``, or a table with these columns (see
    :func:`regulars.value.promotions.read`). What past ones did is learned, and those to come lift the forecast by it.
    ``events`` are what customers viewed and put into carts, for the learner: a file or a table as for
    :func:`regulars.sources.events.read_events`, whose ``customer_id`` is that of the orders; where nothing learns, ``learnt`` says why.

    Raises :class:`~regulars.kit.errors.RegularsError` on settings out of range; too little data is not an error but
    ``Value.unknown`` with its reason.
    """
    assumptions = Assumptions(horizon_days, margin, discount_rate_yearly, interval)
    minimum = minimum or Minimum()
    offered = promoted.read(promotions)
    engine = orders.workspace.engine
    last = engine.arrow(frames.span(orders.orders))["last_on"][0].as_py()
    as_of = as_of or last or EPOCH
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
    forecast = fitted.predict(summary, assumptions) if fitted else None
    watched = None if events is None else engagement.read(events, orders)
    wanted = Learner.wanted(learner, len(summary), needed=events is not None)
    teacher = Learner(orders, past, watched) if wanted is True else None
    learnt: Learnt | Unknown | None = wanted if isinstance(wanted, Unknown) else None
    if teacher and fitted and forecast:
        learnt = teacher.learn(summary, forecast, horizon_days, fitted.purchasing.process)
    if forecast and isinstance(learnt, Learnt):
        forecast = learnt.applied(forecast)
    if churn_gap_days is None and lifespan_years is None and last is not None:
        churn_gap_days, lifespan_years = metrics.rhythm(orders, as_of)
    if churn_gap_days is None:
        churn_gap_days = Unknown.because("no_orders", mark("There is no order to learn a rhythm from."))
    customers = _customers(summary, fitted, forecast, learnt, assumptions, as_of, lifespan_years)
    brought = referrals.find(orders, customers, as_of)
    return Value(
        orders,
        as_of,
        assumptions,
        minimum,
        customers=referrals.added(customers, brought),
        summary=summary,
        past=past,
        model=fitted,
        unknown=unknown,
        churn_gap_days=churn_gap_days,
        learner=teacher,
        learnt=learnt,
        referrals=brought,
        engagement=watched,
    )


def _customers(
    summary: Summary,
    fitted: model.Model | None,
    forecast: model.Prediction | None,
    learnt: Learnt | Unknown | None,
    assumptions: Assumptions,
    as_of: date,
    lifespan_years: float | Unknown | None,
) -> pa.Table:
    net = summary.spend - summary.refunded
    today = (as_of - EPOCH).days
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
    if fitted is None or forecast is None:
        columns |= scoring.no_forecast(len(summary))
    else:
        factor = learnt.factor if isinstance(learnt, Learnt) else None
        columns |= scoring.forecast(fitted, summary, assumptions, forecast, life_factor=factor)
    columns["clv_historical"] = (net * assumptions.margin_or_all).round(4)
    columns["clv_traditional"] = _traditional(summary, net, assumptions, lifespan_years)
    return pa.table(columns)


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
