"""One order's way through the house: read, count, value, group, and say it on a page."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

import regulars
from regulars import metrics, recommend, report, segments, value
from regulars.kit.files import publishing
from regulars.kit.i18n import mark
from regulars.kit.progress import stage
from regulars.kit.unknown import Unknown
from regulars.lake import Orders
from regulars.report.compose import compose
from regulars.runtime.written import dumps, told, unknown_json
from regulars.sources.costs import read_costs
from regulars.sources.events import Events, read_events
from regulars.sources.promotions import read_promotions
from regulars.value import Backtest, drift

if TYPE_CHECKING:
    from regulars.report.model import Page

CUSTOMER_COLUMNS = (
    "customer_id",
    "reason",
    "orders",
    "recency_days",
    "age_days",
    "net",
    "aov",
    "p_alive",
    "p_none",
    "expected_orders",
    "expected_spend",
    "clv",
    "clv_low",
    "clv_high",
    "clv_lifetime",
    "next_order_from",
    "next_order",
    "next_order_until",
    "clv_historical",
    "clv_traditional",
    "clv_referred",
    "referred_customers",
    "rfm",
    "rfm_group",
    "tier",
    "lifecycle",
    "segments",
    "x",
    "recency",
    "T",
    "first_on",
    "last_on",
    "gross_spend",
    "refunded",
)


SEGMENT_GROUPINGS = ("tier", "rfm_group", "lifecycle", "segments")
"""What the segments know customers by, beside what the orders tell."""


@dataclass(frozen=True)
class Analysis:
    """Everything known about a shop on one day; each part is computed once, on first use where it is costly."""

    orders: Orders
    figures: metrics.Figures
    value: value.Value
    segments: segments.Segments
    title: str = ""
    earlier: drift.Earlier | Unknown | None = None
    """What an earlier run left in the folder that is written to again."""

    @cached_property
    def since(self) -> drift.Since | Unknown | None:
        """This run beside the earlier one; None without one of an earlier day."""
        return drift.compare(self.value, self.earlier)

    @property
    def backtest(self) -> Backtest | Unknown:
        """The forecast's track record on this shop's own past."""
        return self.value.track_record

    @cached_property
    def recommended(self) -> recommend.Hindsight | Unknown | None:
        """What would have been recommended some weeks ago, and was it bought; None where the orders name no products."""
        if not self.orders.capabilities.products:
            return None
        with stage(mark("Looking back at recommendations")):
            return recommend.hindsight(self.orders, as_of=self.value.as_of)

    @cached_property
    def page(self) -> Page:
        """What the report shows."""
        return compose(
            self.orders,
            self.figures,
            self.value,
            self.segments,
            self.backtest,
            since=self.since,
            recommended=self.recommended,
            title=self.title,
            version=regulars.__version__,
        )

    @property
    def findings(self) -> tuple[report.Finding, ...]:
        """The three things worth knowing first."""
        return report.findings(self.page)

    @cached_property
    def customers(self) -> pa.Table:
        """One row a customer, named by the shop's own id, with figures, forecast, its reason in English, and segments."""
        return self.customers_in("en")

    def customers_in(self, language: str) -> pa.Table:
        """Return ``customers`` with the reasons in a language."""
        named, groups = self.value.named(), self.segments.customers
        ours = np.asarray(self.value.customers["customer_key"]).astype(np.int64)
        theirs = np.asarray(groups["customer_key"]).astype(np.int64)
        order = np.argsort(theirs, kind="stable")
        place = pa.array(order[np.searchsorted(theirs, ours, sorter=order)])
        for name in groups.column_names:
            if name != "customer_key":
                named = named.append_column(name, groups[name].take(place))
        named = named.append_column("reason", self.value.reasons.texts(language))
        return named.select([name for name in CUSTOMER_COLUMNS if name in named.column_names])

    @cached_property
    def groupings(self) -> dict[str, pa.Array | pa.ChunkedArray]:
        """Every grouping there is, by name: one label a row of ``value.customers`` (lists where groups overlap)."""
        return self.value.groupings.available | {
            name: self.segments.customers[name] for name in SEGMENT_GROUPINGS
        }

    @cached_property
    def totals(self) -> pa.Table:
        """What each group of each grouping is expected to bring, with intervals; no rows without a forecast."""
        return value.groupings.table(self.value, self.groupings)

    def summary(self) -> dict[str, Any]:
        """Everything but the customers, ready for JSON."""
        return {
            "regulars": regulars.__version__,
            "as_of": self.value.as_of.isoformat(),
            "findings": [finding.text("en") for finding in self.findings],
            "intake": self.orders.intake,
            "figures": self.figures.to_json(),
            "value": self.value.to_json(),
            "backtest": said(self.backtest, self.value.rolling, self.value.tracking),
            "drift": drifted(self.value),
            "since": since_json(self.since),
            "segments": self.segments.to_json(),
            "recommendations": None if self.recommended is None else told(self.recommended),
            "totals": {"file": "totals.parquet", "rows": len(self.totals), "groupings": list(self.groupings)},
        }

    def write(self, folder: Path, *, language: str = "en") -> tuple[Path, ...]:
        """Write customers, totals and rejects as Parquet, summary.json and report.html: all of them appear or none."""
        with publishing(folder) as scratch:
            with stage(mark("Writing the results")):
                pq.write_table(self.customers_in(language), scratch / "customers.parquet", compression="zstd")
                pq.write_table(self.totals, scratch / "totals.parquet", compression="zstd")
                (scratch / "summary.json").write_text(dumps(self.summary()), encoding="utf-8")
                (scratch / "rejects.parquet").write_bytes(self.orders.rejects.read_bytes())
                (scratch / "report.html").write_text(
                    report.render(self.page, language=language), encoding="utf-8"
                )
            names = sorted(path.name for path in scratch.iterdir())
        return tuple(folder / name for name in names)


def analyse(
    orders: Orders,
    *,
    as_of: date | None = None,
    horizon_days: int = 365,
    margin: float | None = None,
    discount_rate_yearly: float = 0.10,
    costs: pa.Table | str | Path | None = None,
    promotions: Any = None,
    events: Any = None,
    thresholds: segments.Thresholds | None = None,
    title: str = "",
    earlier: drift.Earlier | Unknown | None = None,
) -> Analysis:
    """Count, value and group the customers of a shop.

    ``margin`` is the share of net revenue left after the cost of goods; ``costs`` a table of date, channel and spend;
    ``earlier`` what :func:`regulars.drift.earlier_run` found of an earlier run, to be compared with this one;
    ``promotions`` a file, a table or rows of first day, last day and name; ``events`` a file or a table of what was viewed and
    put into carts.
    """
    offered = (
        read_promotions(promotions, orders.workspace) if isinstance(promotions, str | Path) else promotions
    )
    spending = read_costs(costs, orders.workspace) if isinstance(costs, str | Path) else costs
    zone = orders.shop.time_zone
    seen = (
        events
        if events is None or isinstance(events, Events)
        else read_events(events, orders.workspace, time_zone=zone)
    )
    figures = metrics.compute(orders, as_of=as_of, margin=margin, costs=spending)
    worth = value.estimate(
        orders,
        as_of=figures.as_of,
        horizon_days=horizon_days,
        margin=figures.margin,
        discount_rate_yearly=discount_rate_yearly,
        churn_gap_days=metrics.churn_gap_days(figures),
        lifespan_years=metrics.lifespan_years(figures),
        promotions=offered,
        events=seen,
    )
    groups = segments.assign(orders, worth, thresholds=thresholds, events=seen)
    return Analysis(orders, figures, worth, groups, title, earlier)


def write_backtest(
    worth: value.Value,
    result: Backtest | Unknown,
    folder: Path,
    earlier: value.Rolling | Unknown | None = None,
    track: value.Track | Unknown | None = None,
) -> tuple[Path, ...]:
    """Write backtest.json and, where there is one, backtest.parquet with a row a customer."""
    names = ["backtest.json"]
    with publishing(folder) as scratch:
        (scratch / "backtest.json").write_text(dumps(said(result, earlier, track)), encoding="utf-8")
        if not isinstance(result, Unknown):
            pq.write_table(worth.with_ids(result.customers), scratch / "backtest.parquet", compression="zstd")
            names.append("backtest.parquet")
    return tuple(folder / name for name in names)


def write_segments(found: Analysis, folder: Path) -> tuple[Path, ...]:
    """Write segments.json and segments.parquet with a row a customer."""
    with publishing(folder) as scratch:
        (scratch / "segments.json").write_text(dumps(found.segments.to_json()), encoding="utf-8")
        table = found.value.with_ids(found.segments.customers)
        pq.write_table(table, scratch / "segments.parquet", compression="zstd")
    return folder / "segments.json", folder / "segments.parquet"


def said(
    result: Backtest | Unknown,
    earlier: value.Rolling | Unknown | None = None,
    track: value.Track | Unknown | None = None,
) -> dict[str, Any]:
    """Return a backtest, or why there is none, as JSON-ready data.

    ``tracking`` follows it week by week, ``rolling`` is the same test at earlier days.
    """
    found = unknown_json(result) if isinstance(result, Unknown) else result.to_json()
    if earlier is not None:
        found["rolling"] = unknown_json(earlier) if isinstance(earlier, Unknown) else earlier.to_json()
    if track is not None and not isinstance(result, Unknown):
        found["tracking"] = unknown_json(track) if isinstance(track, Unknown) else track.to_json()
    return found


def drifted(worth: value.Value) -> dict[str, Any]:
    """Return how the model's parameters moved between the earlier days and today, ready for JSON."""
    return {
        "parameters": [asdict(shift) for shift in drift.shifts(worth.fits)],
        "levels": [{"as_of": on.isoformat(), **drift.levels(found)} for on, found in worth.fits],
        "alerts": [str(alert) for alert in drift.alerts(worth.fits)],
    }


def since_json(found: drift.Since | Unknown | None) -> dict[str, Any] | None:
    """Return the comparison with an earlier run, or why there is none, ready for JSON."""
    return unknown_json(found) if isinstance(found, Unknown) else None if found is None else found.to_json()
